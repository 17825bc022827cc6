"""One walk of a folder: order, system files, links and loops, names that cannot be shown."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.api import is_archive, list_folder, natural, walk
from irfer_bench.data.trees.walk import shared_walks

names = st.text(alphabet="ab0129. _", max_size=8)


def kinds(root: Path) -> list[tuple[str, str]]:
    return sorted((problem.kind, problem.path) for problem in walk(root).problems)


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_unpadded_numbers_sort_by_value(numbers: list[int]) -> None:
    files = sorted((f"{n}.jpg" for n in numbers), key=natural)
    assert files == [f"{n}.jpg" for n in sorted(numbers)]


@given(names, names)
def test_only_equal_names_share_a_place(one: str, other: str) -> None:
    assert (natural(one) == natural(other)) == (one == other)


def test_every_file_is_listed_by_its_folder_and_system_files_are_not(tmp_path: Path) -> None:
    for name in ("9/b.jpg", "9/a.jpg", "10/c.jpg", "d.txt", "Thumbs.db", ".DS_Store", "._d.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / ".git").mkdir()
    tree = walk(tmp_path)
    assert list(tree.files.items()) == [
        ("", ["d.txt"]), ("9", ["a.jpg", "b.jpg"]), ("10", ["c.jpg"]),
    ]  # fmt: skip
    assert list(tree.paths()) == ["d.txt", "9/a.jpg", "9/b.jpg", "10/c.jpg"]
    assert tree.problems == []


def test_links_are_followed_wherever_they_point(tmp_path: Path) -> None:
    root, disk = tmp_path / "root", tmp_path / "disk"
    (disk / "deep").mkdir(parents=True)
    (disk / "deep/a.png").touch()
    root.mkdir()
    (root / "folder").symlink_to(disk)
    (root / "file.png").symlink_to(disk / "deep/a.png")
    (root / "twice").symlink_to(root / "folder")
    assert list(walk(root).paths()) == ["file.png", "folder/deep/a.png", "twice/deep/a.png"]
    assert walk(root).problems == []


def test_a_loop_of_links_ends_in_one_line(tmp_path: Path) -> None:
    root, disk = tmp_path / "root", tmp_path / "disk"
    (root / "a").mkdir(parents=True)
    disk.mkdir()
    (root / "a/up").symlink_to(root)
    (root / "a/self").symlink_to("self")
    (root / "disk").symlink_to(disk)
    (disk / "back").symlink_to(root)
    (disk / "gone").symlink_to(tmp_path / "nothing")
    (root / "a/x.png").touch()
    assert kinds(root) == [
        ("link_loop", "a/self"),
        ("link_loop", "a/up"),
        ("link_loop", "disk/back"),
        ("unreadable", "disk/gone"),
    ]
    assert list(walk(root).paths()) == ["a/x.png"]


def test_folders_that_link_to_one_another_end(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / "disk" / name).mkdir(parents=True)
        (tmp_path / "disk" / name / "f").touch()
        for other in "abc":
            (tmp_path / "disk" / name / other).symlink_to(tmp_path / "disk" / other)
    (tmp_path / "root").symlink_to(tmp_path / "disk/a")
    tree = walk(tmp_path / "root")
    assert set(tree.files) == {"", "b", "b/c", "c", "c/b"}
    assert {kind for kind, _ in kinds(tmp_path / "root")} == {"link_loop"}


def test_names_that_would_spoil_a_terminal_or_a_list_are_refused(tmp_path: Path) -> None:
    for name in ("a\x1b[2J.png", "b\n.png", "c;d.png", "good ä.png"):
        (tmp_path / name).touch()
    (tmp_path / "x;y").mkdir()
    (tmp_path / "x;y/e.png").touch()
    assert list(walk(tmp_path).paths()) == ["good ä.png"]
    assert [kind for kind, _ in kinds(tmp_path)] == ["bad_name"] * 4


def test_a_closed_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "shut").mkdir()
    scan = os.scandir

    def refuse(path: Any) -> Any:
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    (problem,) = walk(tmp_path).problems
    assert (problem.kind, problem.path) == ("unreadable", "shut")
    assert problem.action == "not read (Permission denied); correct its permissions"


def test_one_folder_alone_is_listed_by_the_same_rules(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    for name in ("10.png", "9.png", ".hidden", "x;y"):
        (tmp_path / "a" / name).touch()
    (tmp_path / "a/up").symlink_to(tmp_path)
    listing = list_folder(tmp_path / "a", tmp_path)
    assert [path.name for path in listing.files] == ["9.png", "10.png"]
    assert listing.folders == [tmp_path / "a/b"]
    assert sorted(p.kind for p in listing.problems) == ["bad_name", "link_loop"]


@pytest.mark.parametrize(
    "name", ["a.zip", "A.ZIP", "a.rar", "a.7z", "a.tar.gz", "a.tgz", "a.zip.001", "a.z03", "a.r00"]
)
def test_archives_are_known_by_their_names(name: str) -> None:
    assert is_archive(name)


@pytest.mark.parametrize("name", ["a.jpg", "001", "zip", "a.gz.txt", "00001.mp4", ".zip"])
def test_other_files_are_no_archives(name: str) -> None:
    assert not is_archive(name)


def test_datasets_that_are_compared_share_a_walk(tmp_path: Path) -> None:
    with shared_walks():
        first = walk(tmp_path)
        (tmp_path / "new").touch()
        assert walk(tmp_path) is first
    assert list(walk(tmp_path).paths()) == ["new"]
