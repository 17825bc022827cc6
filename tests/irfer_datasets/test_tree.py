"""Listing folders: natural order, junk, links, names that cannot be shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irfer_datasets.tree import (
    archives,
    find_bases,
    list_folder,
    natural,
    obstacles,
    odd_folders,
    subfolders,
)

names = st.text(alphabet="ab0129. _", max_size=8)


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_unpadded_numbers_sort_by_value(numbers: list[int]) -> None:
    files = sorted((f"{n}.jpg" for n in numbers), key=natural)
    assert files == [f"{n}.jpg" for n in sorted(numbers)]


@given(st.lists(names), st.randoms())
def test_the_order_does_not_depend_on_the_listing(listed: list[str], random: object) -> None:
    shuffled = list(listed)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sorted(shuffled, key=natural) == sorted(listed, key=natural)


@given(names, names)
def test_only_equal_names_share_a_place(one: str, other: str) -> None:
    assert (natural(one) == natural(other)) == (one == other)


def test_system_files_are_left_out_without_a_word(tmp_path: Path) -> None:
    for name in ("Thumbs.db", ".DS_Store", "desktop.ini", "._10.jpg", "10.jpg", "9.jpg"):
        (tmp_path / name).touch()
    (tmp_path / "__MACOSX").mkdir()
    listing = list_folder(tmp_path, tmp_path)
    assert [path.name for path in listing.files] == ["9.jpg", "10.jpg"]
    assert listing.folders == [] and listing.problems == []


def test_links_that_leave_the_root_and_linked_folders_are_refused(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "inner").mkdir(parents=True)
    outside.mkdir()
    (outside / "a.png").touch()
    (root / "inner" / "b.png").touch()
    (root / "leaves.png").symlink_to(outside / "a.png")
    (root / "stays.png").symlink_to(root / "inner" / "b.png")
    (root / "folder").symlink_to(outside)
    listing = list_folder(root, root)
    assert [path.name for path in listing.files] == ["stays.png"]
    assert [path.name for path in listing.folders] == ["inner"]
    assert [(p.kind, p.path) for p in listing.problems] == [
        ("outside_root", "folder"),
        ("outside_root", "leaves.png"),
    ]


def test_names_that_would_spoil_a_terminal_or_a_list_are_refused(tmp_path: Path) -> None:
    for name in ("a\x1b[2J.png", "b\n.png", "c;d.png", "good ä.png"):
        (tmp_path / name).touch()
    listing = list_folder(tmp_path, tmp_path)
    assert [path.name for path in listing.files] == ["good ä.png"]
    assert [problem.kind for problem in listing.problems] == ["bad_name"] * 3


def test_sub_folders_are_the_listings_without_its_files(tmp_path: Path) -> None:
    for name in ("10", "9", ".git", "__MACOSX", "a;b"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "9")
    assert [path.name for path in subfolders(tmp_path)] == ["9", "10"]
    assert subfolders(tmp_path) == list_folder(tmp_path, tmp_path).folders
    assert subfolders(tmp_path / "nowhere") == []


def test_bases_are_found_four_levels_down_and_not_below_one_another(tmp_path: Path) -> None:
    for place in ("a/b/c/d/NI", "a/NI/NI", "x/NI", "a/b/c/d/e/f/NI"):
        (tmp_path / place).mkdir(parents=True)
    found = find_bases(tmp_path, lambda below: any(path.name == "NI" for path in below))
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["a", "x"]
    deep = find_bases(tmp_path / "a/b", lambda below: any(path.name == "NI" for path in below))
    assert deep == [tmp_path / "a/b/c/d"]


@pytest.mark.parametrize(
    "name", ["a.zip", "A.ZIP", "a.rar", "a.7z", "a.tar.gz", "a.tgz", "a.zip.001", "a.z03", "a.r00"]
)
def test_archives_are_known_by_their_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert archives([tmp_path / name]) == [tmp_path / name]
    (problem,) = odd_folders([tmp_path, tmp_path], tmp_path)
    assert (problem.kind, problem.path) == ("packed", name)
    assert list(obstacles(tmp_path)) == [f"it holds {name}: unpack it first"]


@pytest.mark.parametrize("name", ["a.jpg", "001", "zip", "a.gz.txt", "00001.mp4", ".zip"])
def test_other_files_are_no_archives(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert archives([tmp_path / name]) == [] and list(obstacles(tmp_path)) == []


def test_what_hinders_lies_below_the_root_too(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/part1.zip").touch()
    (tmp_path / "a/b/part2.zip").touch()
    (tmp_path / "a/link").symlink_to(tmp_path.parent)
    assert list(obstacles(tmp_path)) == [
        "a/link: links are not followed; copy what it points to",
        "it holds a/b/part1.zip: unpack it first",
    ]


def test_names_in_other_letter_cases_are_listed(tmp_path: Path) -> None:
    for name in ("IMAGE", "Label", "other"):
        (tmp_path / name).mkdir()
    (problem,) = odd_folders([tmp_path], tmp_path, ("Image", "Label"))
    assert (problem.kind, problem.path) == ("mis_cased", "IMAGE")
    assert problem.action == "read as Image; rename it"
