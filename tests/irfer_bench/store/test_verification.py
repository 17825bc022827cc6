"""Artefacts are verified before use, large unchanged ones without reading them."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.store import keys, stamps
from irfer_bench.store.artefacts import MANIFEST, Store
from irfer_bench.store.stamps import SMALL, STAMPS

KEY = "a" * 64
SIZES = pytest.mark.parametrize("size", [10, 2 * SMALL])


class Made:
    """A store with one artefact of two files, as later processes see it."""

    def __init__(self, root: Path, size: int) -> None:
        self.said: list[str] = []
        self.root, self.size = root, size
        self.store().get_or_build(KEY, self.build, describe={})

    def store(self) -> Store:
        return Store(self.root, self.said.append)

    def build(self, folder: Path) -> dict[str, Any]:
        (folder / "clips-00000.arrow").write_bytes(b"x" * self.size)
        (folder / "folds.json").write_text("[]")
        return {}

    @property
    def folder(self) -> Path:
        return self.store().folder(KEY)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files whose bytes are read to be compared."""
    found: list[str] = []
    real = keys.digest_file

    def digest(path: Path) -> str:
        found.append(path.name)
        return real(path)

    monkeypatch.setattr(stamps.keys, "digest_file", digest)
    return found


@SIZES
def test_a_file_that_was_added_is_damage(size: int, tmp_path: Path) -> None:
    """A copied `clips-00009.arrow` would be trained on."""
    made = Made(tmp_path / "store", size)
    shutil.copy(made.folder / "clips-00000.arrow", made.folder / "clips-00009.arrow")
    assert made.store().get(KEY) is None
    assert "clips-00009.arrow is not of it" in made.said[0]
    assert made.store().get_or_build(KEY, made.build, describe={})[1]


@SIZES
def test_a_file_in_a_folder_that_was_added_is_damage(size: int, tmp_path: Path) -> None:
    made = Made(tmp_path / "store", size)
    (made.folder / "more").mkdir()
    (made.folder / "more" / "x").touch()
    assert made.store().get(KEY) is None


@SIZES
def test_what_a_file_browser_leaves_is_no_damage(size: int, tmp_path: Path) -> None:
    made = Made(tmp_path / "store", size)
    (made.folder / ".DS_Store").write_bytes(b"\0")
    assert made.store().get(KEY) is not None and made.said == []


@SIZES
def test_an_edit_that_keeps_size_and_date_is_seen(size: int, tmp_path: Path) -> None:
    made = Made(tmp_path / "store", size)
    path = made.folder / "clips-00000.arrow"
    dates = path.stat()
    with path.open("r+b") as stream:
        stream.write(b"y")
    os.utime(path, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    assert made.store().get(KEY) is None
    assert "clips-00000.arrow is not what was written" in made.said[0]


@SIZES
def test_an_edit_by_this_very_process_is_seen(size: int, tmp_path: Path) -> None:
    made = Made(tmp_path / "store", size)
    store = made.store()
    assert store.get(KEY) is not None
    (made.folder / "folds.json").write_text("{}")
    assert store.get(KEY) is None


@SIZES
def test_a_link_in_place_of_a_file_is_damage(size: int, tmp_path: Path) -> None:
    made = Made(tmp_path / "store", size)
    path = made.folder / "clips-00000.arrow"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert made.store().get(KEY) is None


def test_a_large_artefact_is_not_read_to_be_believed(tmp_path: Path, hashed: list[str]) -> None:
    made = Made(tmp_path / "store", 2 * SMALL)
    assert sorted(hashed) == ["clips-00000.arrow", "folds.json"], "once, when it was written"
    for _ in range(3):
        assert made.store().get(KEY) is not None
    assert len(hashed) == 2


def test_a_copied_store_is_read_once_and_keeps_its_digests(
    tmp_path: Path, hashed: list[str]
) -> None:
    made = Made(tmp_path / "store", 2 * SMALL)
    manifest = (made.folder / MANIFEST).read_bytes()
    shutil.copytree(made.root, tmp_path / "copy")
    copy = Store(tmp_path / "copy")
    hashed.clear()
    assert copy.get(KEY) is not None and len(hashed) == 2
    assert (copy.folder(KEY) / MANIFEST).read_bytes() == manifest
    assert Store(tmp_path / "copy").get(KEY) is not None and len(hashed) == 2


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"of": 1, "files": 2}', None])
def test_stamps_that_say_nothing_are_not_believed(
    text: str | None, tmp_path: Path, hashed: list[str]
) -> None:
    made = Made(tmp_path / "store", 2 * SMALL)
    path = made.folder / STAMPS
    path.unlink() if text is None else path.write_text(text)
    hashed.clear()
    assert made.store().get(KEY) is not None and len(hashed) == 2


def test_a_change_in_the_tick_of_the_stamps_is_not_believed(
    tmp_path: Path, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system gives two changes within milliseconds the same date."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    made = Made(tmp_path / "store", 2 * SMALL)
    hashed.clear()
    monkeypatch.setattr(stamps, "TICK", 10**12)
    assert made.store().get(KEY) is not None and len(hashed) == 2


def test_verify_reads_every_byte(tmp_path: Path, hashed: list[str]) -> None:
    made = Made(tmp_path / "store", 2 * SMALL)
    hashed.clear()
    assert made.store().verify(KEY) is not None and len(hashed) == 2
    # A disk that returns other bytes changes no date.
    path = made.folder / STAMPS
    with (made.folder / "clips-00000.arrow").open("r+b") as stream:
        stream.write(b"y")
    noted = json.loads(path.read_text())
    noted["files"] = {n: stamps.stamp_of(f) for n, f in stamps.list_files(made.folder).items()}
    time.sleep(0.1)
    path.write_text(json.dumps(noted))
    assert made.store().get(KEY) is not None
    assert made.store().verify(KEY) is None and made.store().get(KEY) is None
    assert made.store().verify("b" * 64) is None


def test_a_file_that_cannot_be_read_is_tried_twice_and_then_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(tmp_path / "store", 10)
    fails = [True, False]

    def digest(path: Path, real: Any = keys.digest_file) -> str:
        if fails and fails.pop(0):
            raise OSError(5, "Input/output error", str(path))
        return str(real(path))

    monkeypatch.setattr(stamps.keys, "digest_file", digest)
    assert made.store().get(KEY) is not None and made.said == []
    fails[:] = [True] * 9
    assert made.store().get(KEY) is None and "Input/output error" in made.said[0]


def test_an_artefact_that_is_set_aside_meanwhile_is_simply_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(tmp_path / "store", 10)

    def gone(path: Path, real: Any = keys.digest_file) -> str:
        if made.folder.exists():
            made.folder.rename(tmp_path / "aside")
        return str(real(path))

    monkeypatch.setattr(stamps.keys, "digest_file", gone)
    assert made.store().get(KEY) is None and made.said == []
