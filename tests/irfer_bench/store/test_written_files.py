"""Rights, names and errors of files that are written, and of locks."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.errors import DamagedError, UnreadableError
from irfer_bench.store import files, locks
from irfer_bench.store.files import atomic_file, atomic_folder, clear_write_errors, write_text

KEY = "a" * 64


@pytest.fixture(autouse=True)
def plain_rights(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As another process begins, of a user who takes the usual rights away."""
    monkeypatch.setattr(files, "_swept", set())
    before = os.umask(0o022)
    yield
    os.umask(before)


def rights(path: Path) -> str:
    return f"{path.stat().st_mode & 0o777:o}"


def test_results_may_be_read_by_all_and_folders_of_the_store_by_their_user(tmp_path: Path) -> None:
    write_text(tmp_path / "page.md", "x")
    with atomic_folder(tmp_path / "own") as draft:
        (draft / "x").touch()
    with atomic_folder(tmp_path / "open", mode=0o755) as draft:
        (draft / "x").touch()
    with atomic_file(tmp_path / "secret", mode=0o600) as draft:
        draft.touch()
    (tmp_path / "draft").write_text("x")
    files.commit_file(tmp_path / "draft", tmp_path / "taken")
    with locks.lock(tmp_path, KEY):
        pass
    found = {path.name: rights(path) for path in tmp_path.iterdir()}
    assert found == {
        "page.md": "644", "own": "700", "open": "755", "secret": "600", "taken": "644",
        f"{KEY}.lock": "644",
    }  # fmt: skip


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_what_a_full_disk_leaves_is_said(number: int, tmp_path: Path) -> None:
    with (
        pytest.raises(DamagedError, match="no space left while writing there"),
        clear_write_errors(tmp_path),
    ):
        raise OSError(number, os.strerror(number), "there")
    with (
        pytest.raises(DamagedError, match=f"no space left while writing {tmp_path}"),
        clear_write_errors(tmp_path),
    ):
        raise OSError(number, os.strerror(number))


@pytest.mark.parametrize("number", files.REFUSALS)
def test_a_place_that_may_not_be_written_to_is_named(number: int, tmp_path: Path) -> None:
    with (
        pytest.raises(DamagedError, match=f"no access to {tmp_path}: {os.strerror(number)}"),
        clear_write_errors(tmp_path),
    ):
        raise OSError(number, os.strerror(number))


def test_the_longest_names_of_files_can_be_written(tmp_path: Path) -> None:
    write_text(tmp_path / ("n" * 255), "x")
    assert [path.name for path in tmp_path.iterdir()] == ["n" * 255]


def test_drafts_of_one_name_are_swept_alone(tmp_path: Path) -> None:
    for name in (".a.1.irfer.tmp", ".ab.1.irfer.tmp", ".a.1.tmp", "a.1.irfer.tmp"):
        (tmp_path / name).touch()
    (tmp_path / ".a.2.irfer.tmp").mkdir()
    files.sweep_drafts(tmp_path, "a")
    left = [".a.1.tmp", ".ab.1.irfer.tmp", "a.1.irfer.tmp"]
    assert sorted(path.name for path in tmp_path.iterdir()) == left
    files.sweep_drafts(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [left[0], left[2]]
    files.sweep_drafts(tmp_path / "none")


def test_a_draft_elsewhere_has_no_dot_and_nothing_beside_the_folder_is_swept(
    tmp_path: Path,
) -> None:
    (tmp_path / ".out.1.irfer.tmp").touch()
    (tmp_path / "drafts").mkdir()
    with atomic_folder(tmp_path / "deep" / "out", drafts=tmp_path / "drafts") as draft:
        assert draft.parent.name == "drafts"
        assert draft.name.startswith("out.") and draft.name.endswith(".irfer.tmp")
    assert (tmp_path / "deep" / "out").is_dir() and (tmp_path / ".out.1.irfer.tmp").exists()


def test_a_folder_that_holds_something_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(OSError, match="not empty"), atomic_folder(tmp_path / "out") as draft:
        (draft / "x").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "mine"]


@pytest.mark.parametrize("how", ["locked", "removed"])
def test_a_draft_that_another_process_is_sweeping_is_left_to_it(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, swept = fcntl.flock, []

    def flock(handle: int, asked: int) -> None:
        if not swept:
            (draft,) = tmp_path.glob(".page.md.*")
            swept.append(draft.name)
            draft.unlink()
            if how == "locked":
                raise BlockingIOError
        whole(handle, asked)

    monkeypatch.setattr(fcntl, "flock", flock)
    with atomic_file(tmp_path / "page.md") as draft:
        assert draft.name != swept[0]
        draft.write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


def test_json_is_text_for_people_and_holds_numbers_alone(tmp_path: Path) -> None:
    files.write_json(tmp_path / "x.json", {"name": "Zoë", "list": [1.5]})
    text = '{\n "name": "Zoë",\n "list": [\n  1.5\n ]\n}\n'
    assert (tmp_path / "x.json").read_text("utf-8") == text
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "x.json", [float("nan")])
    assert files.read_json(tmp_path / "x.json") == {"name": "Zoë", "list": [1.5]}
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "half.json").write_text('{"a"')
    for name in ("deep", "half", "none"):
        with pytest.raises(UnreadableError, match=rf"{name}\.json cannot be read"):
            files.read_json(tmp_path / f"{name}.json")


MOUNTS = """sysfs /sys sysfs rw 0 0
/dev/a / ext4 rw 0 0
server:/b /data nfs4 rw 0 0
server:/c /data/own lustre rw 0 0
/dev/d /database xfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/data", "nfs4"), ("/data/x/y", "nfs4"), ("/data/own/x", "lustre"), ("/home/x", "ext4"),
     ("/database/x", "xfs")],
)  # fmt: skip
def test_a_file_system_is_that_of_the_nearest_mount(
    path: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda self, **how: MOUNTS)
    assert locks.file_system(Path(path)) == kind


def test_a_file_system_that_nobody_tells_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, **how: Any) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", refuse)
    assert locks.file_system(Path("/x")) == "unknown"
