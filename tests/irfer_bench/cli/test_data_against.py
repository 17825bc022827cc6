"""`data manifest` and `data check --against`: comparison of the copies of two sites."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest

from tests.irfer_bench.cli.conftest import Data
from tests.irfer_datasets.trees import folder_tree, image

SUBJECTS = [f"s{k}" for k in range(5)]
SETTING = "folder_nir_weak5"
TITLES = [f"{SETTING}: prepare folder {spectrum} main" for spectrum in ("nir", "vis")]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return folder_tree(tmp_path / "here", SUBJECTS)


@pytest.fixture
def theirs(data: Data, here: Path, tmp_path: Path) -> Path:
    """What another laboratory wrote of the same files."""
    shutil.copytree(here, there := tmp_path / "elsewhere" / "there")
    path = tmp_path / "theirs.json"
    assert data("manifest", "folder", "--data-root", there, "--out", path).code == 0
    return path


def test_a_manifest_is_one_document_that_names_no_place(data: Data, here: Path) -> None:
    words = ("manifest", "folder", "--data-root", here)
    said = data(*words, "--out", "m.json")
    assert said.code == 0 and said.out == ""
    text = Path("m.json").read_text()
    statement = json.loads(text)
    assert said.err == f"{statement['fingerprint']} m.json\n"
    assert data(*words).out == text and str(here.parent) not in text
    assert len(statement["items"]) == len(statement["digests"]) == 20
    assert sorted(chain(*statement["folds"])) == SUBJECTS and statement["crops"] == {}


def test_the_same_copy(data: Data, here: Path, theirs: Path) -> None:
    words = ("check", "folder", "--data-root", here, "--against", theirs)
    said = data(*words)
    assert said.code == 0 and said.err == ""
    assert said.out.splitlines()[-1] == f"  against      {theirs}: no differences"
    said = data(*words, "--json")
    assert said.code == 0 and said.json["differences"] == []


def change_a_byte(root: Path) -> None:
    image(root / "nir/s0/anger/0.png", value=77)


def lose_an_item(root: Path) -> None:
    (root / "nir/s0/anger/0.png").unlink()


def add_an_item(root: Path) -> None:
    image(root / "nir/s0/anger/1.png")


def move_to_another_label(root: Path) -> None:
    (root / "nir/s0/anger/0.png").rename(root / "nir/s0/happiness/1.png")


@pytest.mark.parametrize(
    ("change", "kinds", "says"),
    [
        (change_a_byte, {"content"}, "its files hold other bytes"),
        (lose_an_item, {"only_there", "facts"}, "this copy lacks it"),
        (add_an_item, {"only_here"}, "the other copy lacks it"),
        (move_to_another_label, {"only_here", "only_there", "facts"}, "the other copy lacks it"),
    ],
)
def test_what_differs_is_listed(
    data: Data,
    here: Path,
    theirs: Path,
    change: Callable[[Path], None],
    kinds: set[str],
    says: str,
) -> None:
    change(here)
    words = ("check", "folder", "--data-root", here, "--against", theirs)
    said = data(*words)
    assert said.code == 4 and says in said.out and said.err == ""
    count = len(kinds) + 1
    assert f"theirs.json: {count} differences" in said.out
    found = data(*words, "--json").json["differences"]
    assert {each["kind"] for each in found} == kinds | {"fingerprint"} and len(found) == count


def table(root: Path, **changes: dict[str, str]) -> Path:
    """The tree's own inventory with some cells changed, by path."""
    rows = [
        {"path": path, "subject": path.split("/")[1], "spectrum": path.split("/")[0],
         "label": path.split("/")[2], "split": ""} | changes.get(path, {})
        for path in sorted(p.relative_to(root).as_posix() for p in root.rglob("*.png"))
    ]  # fmt: skip
    with (root / "manifest.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return root


def test_another_label_subject_and_fold_of_the_same_file(
    data: Data, here: Path, tmp_path: Path
) -> None:
    words = ("manifest", "folder", "--data-root", table(here))
    assert data(*words, "--out", "theirs.json").code == 0
    name = "nir/s0/anger/0.png"
    table(here, **{name: {"label": "fear", "subject": "s9"}})
    check = ("check", "folder", "--data-root", here, "--against", "theirs.json")
    said = data(*check)
    assert said.code == 4
    assert "label 'fear' here, 'anger' there" in said.out
    assert "subject 's9' here, 's0' there" in said.out
    assert "folds: " in said.out and "members differ" in said.out


def test_other_crops_of_the_same_files(data: Data, here: Path) -> None:
    words = ("folder", "--data-root", here, "-s", SETTING)
    assert data("manifest", *words, "--out", "theirs.json").code == 0
    crops = json.loads(Path("theirs.json").read_text())["crops"]
    assert sorted(crops) == TITLES
    assert data("check", *words, "--against", "theirs.json").code == 0
    ids = [item["id"] for item in json.loads(Path("theirs.json").read_text())["items"]]
    Path("boxes.json").write_text(json.dumps({name: [0, 0, 12] for name in ids}))
    said = data("check", *words, "--boxes", "boxes.json", "--against", "theirs.json")
    assert said.code == 4 and "theirs.json: 2 differences" in said.out
    assert f"crops: {TITLES[0]}: faces were cut out elsewhere" in said.out
    said = data("check", *words[:3], "--against", "theirs.json")
    assert said.code == 0 and "no differences" in said.out
    assert f"crops not compared: {TITLES[0]}: only one side states them" in said.out


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (None, 3, "theirs.json: no such file"),
        (b"", 4, "is no manifest"),
        (b"{}", 4, "is no manifest"),
        (b"\x89PNG\r\n\x1a\n", 4, "is no manifest"),
        (b'{"dataset": "\xff"}', 4, "is no manifest"),
    ],
)
def test_a_file_that_is_no_manifest(
    data: Data, here: Path, content: bytes | None, code: int, says: str
) -> None:
    if content is not None:
        Path("theirs.json").write_bytes(content)
    said = data("check", "folder", "--data-root", here, "--against", "theirs.json")
    assert said.code == code and says in said.err and said.err.count("\n") == 1
    assert said.out == ""


def test_another_datasets_manifest(data: Data, here: Path) -> None:
    assert data("manifest", "synth", "--out", "theirs.json").code == 0
    said = data("check", "folder", "--data-root", here, "--against", "theirs.json")
    assert said.code == 2 and said.err == (
        "irfer-bench: this is 'folder', the other manifest is of 'synth'\n"
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("check", "-s", SETTING), "say --against FILE"),
        (("check", "--boxes", "b.json"), "say --against FILE"),
        (("manifest", "--no-face", "drop"), "name one: -s SETTING"),
    ],
)
def test_options_that_would_be_ignored_are_refused(
    data: Data, here: Path, words: tuple[str, ...], says: str
) -> None:
    said = data(words[0], "folder", "--data-root", here, *words[1:])
    assert said.code == 2 and says in said.err and said.err.count("\n") == 1
