"""NVIE's rating tables, which give the spontaneous part its labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from irfer_datasets.nvie.dataset import Nvie
from tests.irfer_datasets.nvie.findings import items, told
from tests.irfer_datasets.nvie_tree import SPONTANEOUS, face

BLOCK = "{n},happy,disgust,fear,surprise,anger,sadness"
HEADER = BLOCK.format(n=1) + "," + BLOCK.format(n=2)


def labels(root: Path) -> dict[str, str | None]:
    """Label by last characters of the visible apex items' ids: subject and clip."""
    found = items(root, "spontaneous_apex")
    return {i.id[-5:]: i.label for i in found if i.spectrum == "vis"}


def rated(root: Path, text: str, *, name: str = "ratings.csv", code: str = "utf-8") -> Path:
    """Two clips of subjects 1 and 2, and a table of ratings."""
    for subject in (1, 2):
        for clip in (1, 2):
            place = root / SPONTANEOUS / f"front/{subject}/visible"
            face(place / str(clip) / "1.bmp", subject, "fear", "visible")
            face(place / f"apex/{clip}.bmp", subject, "fear", "visible")
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(text.encode(code))
    return root


GOOD = "1,1.6,0,0.4,0,0,0,1,0,1.6,0,0.4,0,0\n2,0,0,0,0,3,1,2,0,0,0,2,0,0\n"
WANTED = {"001_1": "happiness", "001_2": "disgust", "002_1": "anger", "002_2": "surprise"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{HEADER}\n{GOOD}", "utf-8"),
        (f"{HEADER}\r\n{GOOD.strip()}".replace("\n1", "\r\n1"), "utf-8-sig"),
        (HEADER.replace("2,happy", "2,happy.1").replace("2,happy.1,disgust", "2,happy.1,disgust.1")
         + f"\n{GOOD}", "utf-8"),
        (f"{HEADER}\n{GOOD.replace('2,0,0,0,0,3', '002.0,,,,,3')}", "utf-16"),
        (f"{HEADER},备注\n{GOOD}", "gb18030"),
        ("1,sadness,anger,surprise,fear,disgust,happy,2,happy,disgust,fear,surprise,anger,sadness"
         "\n1,0,0,0,0.4,0,1.6,1,0,1.6,0,0.4,0,0\n2,1,3,0,0,0,0,2,0,0,0,2,0,0", "utf-8"),
    ],
)  # fmt: skip
def test_a_clips_label_is_what_was_felt_most(tmp_path: Path, text: str, code: str) -> None:
    rated(tmp_path, text, code=code)
    assert labels(tmp_path) == WANTED
    kinds = {"missing_partner"} if code.startswith("utf-8") else {"missing_partner", "encoding"}
    assert {p.kind for p in told(tmp_path)} == kinds


def test_ties_and_unrated_clips_are_left_out_and_listed(tmp_path: Path) -> None:
    rated(tmp_path, f"{HEADER}\n1,1,0,1,0,0,0,1,0,0,0,0,0,0\n2,,,,,2,,,,,,,,\n")
    assert labels(tmp_path) == {"002_1": "anger"}
    actions = {p.path.split("front/")[-1]: p.action for p in told(tmp_path)}
    assert "happiness and fear were rated equally" in actions["1/visible/apex/1.bmp"]
    assert "no expression was rated above" in actions["1/visible/2"]
    assert "no rating of subject 002, clip 2" in actions["2/visible/2"]
    rows = {row["path"]: row["expression"] for row in Nvie().inventory(tmp_path)}
    assert rows[f"{SPONTANEOUS}/front/1/visible/1"] == ""


def test_without_a_table_the_spontaneous_part_has_no_label(tmp_path: Path) -> None:
    rated(tmp_path, "just,another,table\n1,2,3\n")
    assert items(tmp_path) == []
    assert [p.path for p in told(tmp_path) if p.kind == "missing_list"] == ["."]


def test_a_clip_folder_named_after_an_expression_needs_no_table(tmp_path: Path) -> None:
    face(tmp_path / SPONTANEOUS / "front/4/infrared/Happy/1.bmp", 4, "fear", "infrared")
    (item,) = items(tmp_path)
    assert (item.label, item.subject) == ("happiness", "004")


def test_a_table_named_after_a_light_is_of_that_light(tmp_path: Path) -> None:
    rated(tmp_path, f"{HEADER}\n{GOOD}", name="Labels/front.csv")
    (tmp_path / "Labels/left_labels.csv").write_text(f"{HEADER}\n1,0,9,0,0,0,0\n")
    left = tmp_path / SPONTANEOUS / "left/1/visible/1/1.bmp"
    face(left, 1, "fear", "visible")
    assert labels(tmp_path) == WANTED
    assert [i.label for i in items(tmp_path) if i.lighting == "left"] == ["disgust"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("1,0,0,5,0,0,0", "duplicate_id"),
        ("3,0,0,-1,0,0,0", "bad_row"),
        ("3,0,0,high,0,0,0", "bad_row"),
        ("3,0,0,nan,0,0,0", "bad_row"),
        ("3,1,0", "bad_row"),
        ("3,1,0,0,0,0,0", "missing_item"),
    ],
)
def test_odd_rows_of_the_table(tmp_path: Path, line: str, kind: str) -> None:
    rated(tmp_path, f"{HEADER}\n{GOOD}{line}\n")
    assert [p.kind for p in told(tmp_path) if p.kind != "missing_partner"] == [kind]
    assert labels(tmp_path) == WANTED
