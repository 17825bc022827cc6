"""Folders of many files: names, what is refused, and findings that stay few."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from irfer_datasets.large_folders import LISTED, LargeSurvey, child


def kinds(seen: LargeSurvey) -> list[tuple[str, str]]:
    return [(problem.kind, problem.path) for problem in seen.problems]


def test_names_are_of_files_and_leave_out_what_systems_write(tmp_path: Path) -> None:
    for name in ("1.jpg", "2.JPG", ".DS_Store", "._1.jpg", "Thumbs.db", "desktop.ini"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    seen = LargeSurvey(tmp_path)
    assert sorted(seen.names(tmp_path)) == ["1.jpg", "2.JPG"] and seen.problems == []


def test_odd_names_and_links_that_leave_are_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for name in ("a;b.jpg", "a\nb.jpg", "fine.jpg"):
        (root / name).touch()
    (root / "inside.jpg").symlink_to(root / "fine.jpg")
    (root / "outside.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    (root / "folder").symlink_to(tmp_path)
    seen = LargeSurvey(root)
    assert sorted(seen.names(root)) == ["fine.jpg", "inside.jpg"]
    assert sorted(kinds(seen)) == [
        ("bad_name", "a\nb.jpg"),
        ("bad_name", "a;b.jpg"),
        ("outside_root", "folder"),
        ("outside_root", "outside.jpg"),
    ]


def test_a_folder_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def refuse(folder: Path) -> Iterator[None]:
        raise PermissionError(13, "Permission denied")
        yield

    monkeypatch.setattr(os, "scandir", refuse)
    seen = LargeSurvey(tmp_path)
    assert seen.names(tmp_path / "closed") == [] and kinds(seen) == [("unreadable", "closed")]
    assert "Permission denied" in seen.problems[0].action


def test_much_of_one_kind_is_counted_not_listed(tmp_path: Path) -> None:
    seen = LargeSurvey(tmp_path)
    for number in range(LISTED + 1007):
        seen.note("missing_item", tmp_path / str(number), "gone")
    seen.note("bad_row", tmp_path / "list", "odd")
    seen.close()
    assert len(seen.problems) == LISTED + 2
    assert seen.problems[-1].action == "and 1,007 more of this kind"
    assert seen.problems[-1].kind == "missing_item"


def test_a_folder_is_found_in_any_case_its_own_first(tmp_path: Path) -> None:
    (tmp_path / "IMAGE").mkdir()
    assert child(tmp_path, "Image") == tmp_path / "IMAGE"
    (tmp_path / "Image").mkdir()
    assert child(tmp_path, "Image") == tmp_path / "Image" and child(tmp_path, "other") is None
