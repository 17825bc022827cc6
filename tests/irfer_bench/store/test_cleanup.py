"""`gc` and `purge` delete artefacts and nothing else in the store."""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.errors import DamagedError
from irfer_bench.store.artefacts import MANIFEST, Store
from irfer_bench.store.cleanup import purge, sweep
from tests.irfer_bench.conftest import Preparer

ONE, TWO, THREE = "a" * 64, "b" * 64, "c" * 64


def build(folder: Path) -> dict[str, Any]:
    (folder / "x").write_text("x")
    return {}


def everything(describe: dict[str, Any]) -> bool:
    return True


def nothing(describe: dict[str, Any]) -> bool:
    return False


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store")
    made.get_or_build(ONE, build, describe={"dataset": {"name": "x"}})
    made.get_or_build(TWO, build, describe={"from": {"clips": ONE}})
    made.get_or_build(THREE, build, describe={})
    return made


def test_nothing_is_deleted_by_looking(store: Store) -> None:
    assert sweep(store.root, (), really=False)[0] == 3
    assert purge(store.root, everything, really=False)[0] == 3
    assert store.stored_keys() == [ONE, TWO, THREE]


def test_what_a_file_browser_leaves_stops_nobody(store: Store) -> None:
    for place in ("", "artefacts", f"artefacts/{ONE[:2]}"):
        (store.root / place / ".DS_Store").write_bytes(b"\0")
    assert purge(store.root, lambda describe: "dataset" in describe, really=True)[0] == 2
    assert store.stored_keys() == [THREE]
    assert sweep(store.root, ())[0] == 1


@pytest.mark.parametrize("value", [[], "text", None, 3, {"from": []}, {"from": {"a": [1]}}])
def test_a_description_that_says_nothing_keeps_no_faces(store: Store, value: Any) -> None:
    """What cannot be told apart goes with a purge; `gc` keeps what it was told to keep."""
    path = store.folder(ONE) / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"describe": value, "parts": 7}))
    assert sweep(store.root, [ONE, THREE], really=False)[0] == 1
    gone = purge(store.root, nothing, really=True)[0]
    assert gone == (0 if isinstance(value, dict) else 2)
    assert THREE in store.stored_keys()


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000])
def test_a_manifest_that_is_none_stops_nobody(store: Store, text: str) -> None:
    (store.folder(ONE) / MANIFEST).write_text(text)
    assert purge(store.root, nothing, really=True)[0] == 2
    assert sweep(store.root, ())[0] == 1


@pytest.mark.parametrize(
    "place", ["artefacts/zz", f"artefacts/zz/{'d' * 64}", "damaged", "building"]
)
def test_what_a_link_points_to_stays(store: Store, place: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine" / ("d" * 64)
    mine.mkdir(parents=True)
    (mine / "thesis.tex").write_text("years of work")
    link = store.root / place
    link.parent.mkdir(exist_ok=True)
    if link.is_dir():
        link.rmdir()
    link.symlink_to(mine if len(link.name) == 64 else mine.parent)
    purge(store.root, everything, really=True)
    sweep(store.root, ())
    assert (mine / "thesis.tex").read_text() == "years of work"


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("thread", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("effective", "permitted", "inherited"))


def _obey_modes(obeyed: bool) -> None:
    """Let the modes of files count for root as well, or no longer (Linux: capset(2), version 3).

    Root stays root: what else the commands read, such as a virtual environment that belongs to
    root alone, stays readable.
    """
    header, sets = _Header(0x20080522, 0), (_Capabilities * 2)()
    library = ctypes.CDLL(None, use_errno=True)
    assert library.capget(ctypes.byref(header), sets) == 0
    override = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    mine = sets[0].permitted & override
    sets[0].effective = sets[0].effective & ~override if obeyed else sets[0].effective | mine
    assert library.capset(ctypes.byref(header), sets) == 0


@contextmanager
def closed(folder: Path) -> Iterator[None]:
    """A folder that its user may not enter, be it root."""
    root = os.geteuid() == 0
    folder.chmod(0)
    if root:
        _obey_modes(True)
    try:
        yield
    finally:
        if root:
            _obey_modes(False)
        folder.chmod(0o700)


def test_a_store_one_may_not_enter_is_said(store: Store) -> None:
    calls: list[Any] = [
        lambda: Store(store.root).has(ONE),
        lambda: Store(store.root).get(ONE),
        lambda: Store(store.root).get_or_build(ONE, build, describe={}),
        lambda: sweep(store.root, ()),
        lambda: purge(store.root, everything, really=False),
        lambda: purge(store.root, everything, really=True),
    ]
    with closed(store.root):
        for call in calls:
            with pytest.raises(DamagedError, match=r"no access to .*Permission denied"):
                call()
    assert store.stored_keys() == [ONE, TWO, THREE]


def test_every_command_says_so_in_one_line(bench: Preparer) -> None:
    assert bench.run()[0] == 0
    bench.call("leaderboard")
    cell = ("-d", "toy", "-t", "toy_shift", "-r", "toy_means")
    commands = (
        ("plan", *cell), ("run", *cell), ("gc",), ("gc", "--all"), ("data", "purge", "toy"),
        ("data", "purge", "toy", "--yes"),
    )  # fmt: skip
    with closed(bench.home / "store"):
        for words in commands:
            code, _, err = bench.call(*words)
            assert code == 4, (words, err)
            assert "no access to" in err.splitlines()[-1] and "Traceback" not in err, err
    assert bench.run()[0] == 0


def test_gc_only_says_what_would_go(bench: Preparer) -> None:
    bench.run()
    before = bench.artefacts()
    code, out, _ = bench.call("gc", "--all", "--dry-run")
    assert code == 0 and out.startswith(f"would delete {len(before)} artefacts, ")
    assert bench.artefacts() == before
    code, out, _ = bench.call("gc", "--all")
    assert code == 0 and out.startswith(f"deleted {len(before)} artefacts, ")
    assert bench.artefacts() == []


def test_doctor_reads_everything_and_says_what_is_damaged(bench: Preparer) -> None:
    bench.run()
    count = len(bench.artefacts())
    code, out, _ = bench.call("doctor", "--verify", "--json")
    found = json.loads(out)
    assert code in (0, 3) and (found["artefacts"] >= count, found["damaged"]) == (True, [])
    folder = bench.artefacts("fit_recognizer")[0]
    (folder / "state.safetensors").write_bytes(b"half")
    code, out, _ = bench.call("doctor", "--verify")
    assert code == 4 and f"artefact {folder.name[:8]}: state.safetensors is not" in out
    assert bench.run()[0] == 0
