"""Atomic files and folders: never partial after a kill, and leftovers are removed."""

from __future__ import annotations

import errno
import fcntl
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from irfer_bench.store import files
from irfer_bench.store.files import atomic_file, atomic_folder, sweep_drafts, write_text

WRITER = """
import sys
from pathlib import Path
from irfer_bench.store.files import atomic_file, atomic_folder
make = {"file": atomic_file, "folder": atomic_folder}[sys.argv[2]]
with make(Path(sys.argv[1])) as draft:
    (draft / "part" if draft.is_dir() else draft).write_text("half")
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test writes as a process that has swept nothing yet."""
    monkeypatch.setattr(files, "_swept", set())


def writer(path: Path, kind: str) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None and child.stdout.readline() == "writing\n"
    return child


def write(path: Path, kind: str) -> None:
    if kind == "file":
        write_text(path, "whole")
    else:
        with atomic_folder(path) as draft:
            (draft / "part").write_text("whole")


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_writer_left_goes_and_what_a_living_one_writes_stays(
    kind: str, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    dead, alive = writer(path, kind), writer(path, kind)
    try:
        dead.send_signal(signal.SIGKILL)
        dead.wait()
        assert len(list(tmp_path.glob(".out.*"))) == 2 and not path.exists()
        sweep_drafts(tmp_path)
        (draft,) = tmp_path.glob(".out.*")
        write(path, kind)
        assert list(tmp_path.glob(".out.*")) == [draft]
        if kind == "folder":  # two cannot become one
            (path / "part").unlink()
        assert alive.communicate("", timeout=30)[0] == "" and alive.returncode == 0
        assert not list(tmp_path.glob(".out.*"))
        found = path if kind == "file" else path / "part"
        assert found.read_text() == "half", "the last one to end has written it"
    finally:
        alive.kill()
        alive.wait()


def test_the_first_write_of_a_process_into_a_folder_sweeps_it(tmp_path: Path) -> None:
    child = writer(tmp_path / "record.json", "file")
    child.kill()
    child.communicate()
    (tmp_path / ".hidden").write_text("somebody's")
    (tmp_path / ".tmp").mkdir()
    write_text(tmp_path / "other.json", "{}")
    assert sorted(p.name for p in tmp_path.iterdir()) == [".hidden", ".tmp", "other.json"]


DAY = 24 * 60 * 60.0


@pytest.mark.parametrize("age", [0.0, DAY - 60, DAY + 60])
def test_without_locks_a_draft_is_left_over_after_a_day(
    age: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    draft = tmp_path / ".record.json.abc.irfer.tmp"
    draft.write_text("half")
    os.utime(draft, (time.time() - age,) * 2)
    monkeypatch.setattr(fcntl, "flock", refuse)
    write_text(tmp_path / "record.json", "whole")
    assert draft.exists() == (age < DAY) and (tmp_path / "record.json").read_text() == "whole"


def test_a_link_among_the_drafts_is_not_followed(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "x").touch()
    (tmp_path / ".out.1.irfer.tmp").symlink_to(mine)
    sweep_drafts(tmp_path)
    assert (mine / "x").exists()


LOOP = """
import sys
from pathlib import Path
from irfer_bench.store.files import write_text
for number in range(10**9):
    write_text(Path(sys.argv[1]), str(number % 10) * 5000)
"""


def test_killed_at_random_a_file_is_whole_and_no_draft_stays(tmp_path: Path) -> None:
    path, rng = tmp_path / "record.json", random.Random(3)
    for _ in range(8):
        child = subprocess.Popen([sys.executable, "-c", LOOP, str(path)])
        before = path.stat().st_mtime_ns if path.exists() else 0
        while not (path.exists() and path.stat().st_mtime_ns != before):
            assert child.poll() is None
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.05))
        child.kill()
        child.wait()
        text = path.read_text()
        assert len(text) == 5000 and len(set(text)) == 1
    with atomic_file(path) as draft:
        draft.write_text("end")
    assert [p.name for p in tmp_path.iterdir()] == ["record.json"]


def test_a_folder_that_cannot_be_filled_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), atomic_folder(tmp_path / "out") as draft:
        (draft / "x").touch()
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
