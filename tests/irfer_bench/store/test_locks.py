"""Locks: independent of a lock file's content and age, with an error where unsupported."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.errors import DamagedError, RefusedError
from irfer_bench.store.artefacts import SESSION, Store
from irfer_bench.store.cleanup import sweep
from irfer_bench.store.locks import lock, try_lock

KEY = "a" * 64


def build(folder: Path) -> dict[str, Any]:
    (folder / "x").write_text("x")
    return {}


@pytest.mark.parametrize("content", ["", "4711\nanother-host\n"])
def test_a_lock_file_that_lies_there_keeps_nobody_waiting(content: str, tmp_path: Path) -> None:
    (tmp_path / f"{KEY}.lock").write_text(content)
    with try_lock(tmp_path, KEY) as held:
        assert held
    with lock(tmp_path, KEY, lambda: pytest.fail("waited for nobody")):
        pass


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_named(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int, how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(DamagedError) as caught:
        Store(tmp_path / "store").get_or_build(KEY, build, describe={})
    assert caught.value.exit_code == 4
    place = tmp_path / "store" / "locks" / f"{SESSION}.lock"
    assert f"{place} cannot be locked" in str(caught.value)
    assert "file system " in str(caught.value) and "file system unknown" not in str(caught.value)


def test_a_lock_file_deleted_meanwhile_guards_nothing(tmp_path: Path) -> None:
    with lock(tmp_path, KEY):
        (tmp_path / f"{KEY}.lock").unlink()
        with try_lock(tmp_path, KEY) as held:
            assert held, "the name is free"
            with try_lock(tmp_path, KEY) as twice:
                assert not twice


HOLDER = """
import sys, time
from pathlib import Path
from irfer_bench.store.artefacts import Store
with Store(Path(sys.argv[1])).session():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path: Path) -> Any:
    """Another process in a session on the store."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "store")]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "held\n"
    yield child
    child.kill()
    child.communicate()


def test_gc_waits_for_no_run_and_breaks_none(other: Any, tmp_path: Path) -> None:
    """Between two steps a run holds no key, and `gc` must not take its first step's artefact."""
    store = Store(tmp_path / "store")
    store.get_or_build(KEY, build, describe={})
    with pytest.raises(RefusedError, match="another run is at work"):
        sweep(store.root, ())
    assert sweep(store.root, (), really=False)[0] == 1, "looking is free"
    assert store.has(KEY)
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert sweep(store.root, ())[0] == 1 and not store.has(KEY)


def test_a_run_waits_for_gc_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    root = tmp_path / "store"
    with try_lock(root / "locks", SESSION):
        go = threading.Event()
        store = Store(root, lambda line: (said.append(line), go.set()))  # type: ignore[arg-type]
        run = threading.Thread(target=lambda: store.get_or_build(KEY, build, describe={}))
        run.start()
        assert go.wait(30) and not store.has(KEY)
    run.join(30)
    assert store.has(KEY) and "another process deletes artefacts" in said[0]


def test_sessions_are_shared_and_nested(tmp_path: Path) -> None:
    one, two = Store(tmp_path), Store(tmp_path)
    with one.session(), two.session():
        with one.session():
            pass
        with pytest.raises(RefusedError):
            sweep(tmp_path, ())
    sweep(tmp_path, ())


def test_two_gcs_at_once_end_well(tmp_path: Path) -> None:
    """Each either deletes or is refused; nobody meets a file that just went."""
    store = Store(tmp_path / "store")
    for number in range(40):
        store.get_or_build(f"{number:064x}", build, describe={})
    program = (
        "import sys; from pathlib import Path; from irfer_bench.store.cleanup import sweep\n"
        "from irfer_bench.errors import RefusedError\n"
        "for _ in range(20):\n"
        "    try: sweep(Path(sys.argv[1]), ())\n"
        "    except RefusedError: pass\n"
    )
    command = [sys.executable, "-c", program, str(store.root)]
    children = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    errors = [child.communicate(timeout=60)[1] for child in children]
    assert errors == ["", "", ""] and store.stored_keys() == []
