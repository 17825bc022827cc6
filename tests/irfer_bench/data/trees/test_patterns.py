"""A table of path patterns: what is found, in which copy, and what is told of the rest."""

from __future__ import annotations

from pathlib import Path

from irfer_bench.api import Matches, Patterns, walk

TABLE = Patterns(
    {
        "frame": r"Frames//(?P<clip>\d{3})/(?P<frame>\d+)\.jpg",
        "film": r"Films//(?P<clip>\d+)\.mp4",
        "list": r"(?P<side>train|test)_list\.txt",
    },
    names=("Frames", "Films"),
    holders=("Data",),
)


def match(root: Path, *paths: str) -> Matches:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return TABLE.match(walk(root))


def told(found: Matches) -> list[tuple[str, str]]:
    return [(problem.kind, problem.path) for problem in found.problems()]


def test_up_to_two_folders_may_lie_between(tmp_path: Path) -> None:
    found = match(
        tmp_path, "Frames/001/1.jpg", "Frames/a/002/1.jpg", "Frames/a/b/003/1.jpg",
        "Frames/a/b/c/004/1.jpg", "x/y/Films/p/7.mp4", "Films/8.mp4",
    )  # fmt: skip
    assert sorted(hit.facts["clip"] for hit in found.of("frame")) == ["001", "002", "003"]
    assert [facts["clip"] for _, facts in found.files("film")] == ["8", "7"]
    assert [hit.above for hit in found.of("frame")] == ["Frames", "Frames/a", "Frames/a/b"]


def test_the_end_of_the_path_decides_and_letter_case_does_not(tmp_path: Path) -> None:
    found = match(tmp_path, "disk/copy/FRAMES/001/2.JPG", "train_list.txt")
    (hit,) = found.of("frame")
    assert (hit.base, hit.folder, dict(hit.facts)) == (
        "disk/copy", "disk/copy/FRAMES/001", {"clip": "001"},
    )  # fmt: skip
    assert list(hit.files()) == [("disk/copy/FRAMES/001/2.JPG", {"clip": "001", "frame": "2"})]
    assert told(found) == [("mis_cased", "disk/copy/FRAMES")]


def test_copies_are_told_apart_and_upper_ones_come_first(tmp_path: Path) -> None:
    paths = ("z/Frames/001/1.jpg", "a/b/Data/Frames/001/1.jpg", "a/b/train_list.txt")
    found = match(tmp_path, *paths)
    assert [hit.base for hit in found.of("frame")] == ["z", "a/b"]
    assert [hit.base for hit in found.of("list")] == ["a/b"]


def test_a_doubled_folder_is_one_copy(tmp_path: Path) -> None:
    (hit,) = match(tmp_path, "d/Frames/Frames/001/1.jpg").of("frame")
    assert (hit.base, hit.above) == ("d", "d/Frames/Frames")


def test_what_is_not_read_is_one_line_per_folder_with_its_number(tmp_path: Path) -> None:
    found = match(
        tmp_path, "Frames/001/1.jpg", "Frames/001/notes.txt", "Frames/001/more.txt",
        "readme.txt", *(f"other/{k}/{n}.bmp" for k in range(40) for n in range(5)),
    )  # fmt: skip
    lines = {problem.path: problem.action for problem in found.problems()}
    assert lines.keys() == {"readme.txt", "other", "Frames/001"}
    assert lines["other"].startswith("200 files not read, such as 0/0.bmp")
    assert lines["Frames/001"].startswith("2 files not read")


def test_archives_are_told_as_packed_and_not_as_unread(tmp_path: Path) -> None:
    found = match(tmp_path, "Frames/001/1.jpg", "a.zip", *(f"Films/f.z{k:02d}" for k in range(11)))
    lines = {(problem.kind, problem.path): problem.action for problem in found.problems()}
    assert lines.keys() == {("packed", "a.zip"), ("packed", "Films")}
    assert lines["packed", "Films"].startswith("11 archives are still packed: f.z00, f.z01,")
    assert len(found.archives()) == 12


def test_numbers_of_a_group_are_read_without_padding(tmp_path: Path) -> None:
    (hit,) = match(tmp_path, *(f"Frames/001/{k}.jpg" for k in (1, 2, 10))).of("frame")
    assert sorted(hit.ordered("frame")) == [
        (1, "Frames/001/1.jpg"), (2, "Frames/001/2.jpg"), (10, "Frames/001/10.jpg"),
    ]  # fmt: skip
