"""Sessions on a store, discarded and nested artefacts, manifests and states."""

from __future__ import annotations

import errno
import os
import threading
import time
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from irfer_bench.contracts.values import State
from irfer_bench.errors import ContractError, DamagedError, RefusedError, UnreadableError
from irfer_bench.store import files, locks, manifests
from irfer_bench.store.artefacts import SESSION, Store
from irfer_bench.store.cleanup import sweep
from irfer_bench.store.state import SCALARS, TENSORS, read_checkpoint, read_state, write_state

KEY, OTHER = "a" * 64, "b" * 64


def build(folder: Path) -> dict[str, Any]:
    (folder / "x").write_text("x")
    return {}


def test_every_session_after_another_keeps_others_from_deleting(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for _ in range(2):
        with store.session():
            with pytest.raises(RefusedError):
                sweep(tmp_path, ())
            with store.session():
                pass
            with pytest.raises(RefusedError):
                sweep(tmp_path, ())
        assert sweep(tmp_path, ()) == (0, 0)


def test_an_artefact_is_discarded_on_request_and_what_is_not_there_is_not(tmp_path: Path) -> None:
    said: list[str] = []
    store = Store(tmp_path, said.append)
    store.discard(KEY, "nothing there")
    assert not (tmp_path / "damaged").exists() and said == []
    store.get_or_build(KEY, build, describe={})
    store.discard(KEY, "asked for")
    assert not store.has(KEY)
    assert len(list((tmp_path / "damaged").glob(f"{KEY}.*"))) == 1
    (line,) = said
    assert line.startswith("asked for; set aside in ") and line.endswith("it will be built again")


def test_a_store_that_may_only_be_read_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path).get_or_build(KEY, build, describe={})

    def refuse(*given: Any, **how: Any) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("irfer_bench.store.artefacts.take", refuse)
    with pytest.raises(DamagedError, match="Read-only"), Store(tmp_path).session():
        pass
    monkeypatch.setattr(os, "access", lambda path, how: False)
    with Store(tmp_path).session():
        assert Store(tmp_path).get(KEY) is not None
    with pytest.raises(DamagedError), Store(tmp_path / "none").session():
        pass


def test_runs_that_waited_for_gc_work_side_by_side(tmp_path: Path) -> None:
    both, said = threading.Barrier(2), threading.Barrier(3)

    def work() -> None:
        with Store(tmp_path, lambda line: bool(said.wait(30))).session():
            met.append(both.wait(5))

    met: list[int] = []
    runs = [threading.Thread(target=work) for _ in range(2)]
    with locks.try_lock(tmp_path / "locks", SESSION):
        for run in runs:
            run.start()
        said.wait(30)
    for run in runs:
        run.join(30)
    assert sorted(met) == [0, 1]


def test_checkpoints_of_a_build_go_when_it_is_finished(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for key in (KEY, OTHER):
        store.unfinished(key).mkdir(parents=True)
        (store.unfinished(key) / "net.checkpoint").touch()
    store.get_or_build(KEY, build, describe={})
    assert not store.unfinished(KEY).exists() and store.unfinished(OTHER).exists()


def test_a_build_inside_another_is_noted_as_its_part(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def outer(folder: Path) -> dict[str, Any]:
        store.get_or_build(OTHER, build, describe={})
        return build(folder)

    made, _ = store.get_or_build(KEY, outer, describe={"dataset": "toy"}, source="s")
    assert store.stored_keys() == [KEY, OTHER]
    manifest = files.read_json(made.folder / "manifest.json")
    assert (manifest["parts"], manifest["source"], made.source) == ([OTHER], "s", "s")
    assert manifest["describe"] == {"dataset": "toy"}
    assert files.read_json(store.folder(OTHER) / "manifest.json")["parts"] == []
    assert 0 <= made.seconds < 60 and store.folder(KEY) == tmp_path / "artefacts" / "aa" / KEY
    assert not store.has("c" * 64)


def test_memory_is_in_megabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    given = SimpleNamespace(ru_maxrss=1_536_123)
    monkeypatch.setattr(manifests.resource, "getrusage", lambda who: given)
    assert manifests.peak_mb() == 1500.1


def test_a_manifest_says_when_and_how_long(tmp_path: Path) -> None:
    manifests.write_manifest(tmp_path, KEY, {"n": 1}, {}, "s", [], 1.23456)
    digest, found, artefact = manifests.read_manifest(tmp_path, KEY)
    assert (artefact.seconds, artefact.facts, found, len(digest)) == (1.235, {"n": 1}, {}, 64)
    created = files.read_json(tmp_path / "manifest.json")["created"]
    assert abs(datetime.fromisoformat(created).timestamp() - time.time()) < 60


def test_a_manifest_of_another_key_is_refused(tmp_path: Path) -> None:
    manifests.write_manifest(tmp_path, KEY, {}, {}, "", [], 1.0)
    with pytest.raises(DamagedError, match="artefact bbbbbbbb: its manifest names another key"):
        manifests.read_manifest(tmp_path, OTHER)
    (tmp_path / "manifest.json").write_text('{"digest": 3}')
    with pytest.raises(DamagedError, match="artefact aaaaaaaa: its manifest is not what was"):
        manifests.read_manifest(tmp_path, KEY)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(DamagedError, match=r"artefact aaaaaaaa: manifest is incomplete \('digest'"):
        manifests.read_manifest(tmp_path, KEY)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State({"ok": np.zeros(1), "a": np.array(["x"])}, {}), "array 'a' is of <U1"),
        (State({"a": np.array([{}])}, {}), "array 'a' is of object"),
        (State({"a": np.array([b"x"])}, {}), "array 'a' is of |S1"),
        (State({"a": np.array(["2020-01-01"], "M8[D]")}, {}), "array 'a' is of datetime64"),
        (State({"a": np.array([1], "m8[s]")}, {}), "array 'a' is of timedelta64"),
        (State({}, {"a": {1, 2}}), "scalars are no JSON: Object of type set"),  # type: ignore[dict-item]
        (State({}, {"a": float("nan")}), "scalars are no JSON: Out of range"),
        ({"a": 1}, "a dict was given where a State was due"),
    ],
)  # fmt: skip
def test_what_is_no_state_is_refused_in_words(state: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=said.replace("|", r"\|")):
        write_state(tmp_path, state)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [TENSORS, SCALARS])
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_state_that_cannot_be_read_is_said(name: str, damage: str, tmp_path: Path) -> None:
    write_state(tmp_path, State({"a": np.arange(9.0)}, {"n": 1}))
    if damage == "cut":
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:5])
    else:
        (tmp_path / name).unlink()
    with pytest.raises(UnreadableError, match="cannot be read"):
        read_state(tmp_path)


def test_a_file_of_weights_is_no_checkpoint(tmp_path: Path) -> None:
    write_state(tmp_path, State({"a": np.arange(9.0)}, {"n": 1}))
    assert read_checkpoint(tmp_path / TENSORS) is None
    assert read_checkpoint(tmp_path / "none") is None
