"""What people say about NVIE's folders: rating tables, manifests, list files."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from irfer_bench.api import DamagedError, Item, MissingError, Problem, UsageError
from irfer_bench.cli import main
from irfer_bench.data.manifest import scan
from irfer_bench.params import resolve
from irfer_bench.splits import belongs
from irfer_datasets.nvie.dataset import Nvie
from irfer_datasets.nvie.params import NvieParams
from irfer_datasets.nvie.rows import COLUMNS
from tests.irfer_datasets.nvie_tree import (
    POSED,
    SPONTANEOUS,
    clips_of,
    face,
    spontaneous_tree,
    write_nvie,
    write_ratings,
)
from tests.irfer_datasets.test_nvie import SMALL, items

BLOCK = "{n},happy,disgust,fear,surprise,anger,sadness"
HEADER = BLOCK.format(n=1) + "," + BLOCK.format(n=2)
DIGITS = "anger,disgust,fear,happiness,sadness,surprise"


def told(root: Path, dataset: Nvie | None = None) -> list[Problem]:
    """Problems that are not about the tree being small."""
    return [p for p in (dataset or Nvie()).problems(root) if p.kind not in SMALL]


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
    assert {p.kind for p in told(tmp_path)} <= {"missing_partner", "encoding"}


def test_ties_and_unrated_clips_are_left_out_and_listed(tmp_path: Path) -> None:
    rated(tmp_path, f"{HEADER}\n1,1,0,1,0,0,0,1,0,0,0,0,0,0\n2,,,,,2,,,,,,,,\n")
    assert labels(tmp_path) == {"002_1": "anger"}
    actions = {p.path.split("front/")[-1]: p.action for p in told(tmp_path)}
    assert "happiness and fear were rated equally" in actions["1/visible/apex/1.bmp"]
    assert "no expression was rated above" in actions["1/visible/2"]
    assert "no rating of subject 002, clip 2" in actions["2/visible/2"]
    rows = {row["path"]: row["expression"] for row in Nvie().census(tmp_path)}
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
        ("1,1.6,0,0.4,0,0,0", "duplicate_row"),
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


def write_manifest(root: Path, rows: list[Mapping[str, str]], **form: str) -> Path:
    """The user's own `manifest.csv`."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, delimiter=form.get("delimiter", ","))
    writer.writeheader()
    writer.writerows(rows)
    text = stream.getvalue()
    if form.get("slashes"):
        text = text.replace("/", "\\")
    (root / "manifest.csv").write_text(text, form.get("encoding", "utf-8"), newline="")
    return root


@pytest.mark.parametrize(
    "form",
    [{}, {"encoding": "utf-8-sig"}, {"delimiter": ";"}, {"slashes": "yes"}, {"encoding": "gbk"}],
)
def test_the_census_reads_back_to_the_same_items(tmp_path: Path, form: dict[str, str]) -> None:
    write_nvie(tmp_path)
    face(tmp_path / "NVIE" / SPONTANEOUS / "front/001/visible/apex/odd.bmp", 1, "fear", "visible")
    scanned, print_ = list(Nvie().index(tmp_path)), Nvie().fingerprint(tmp_path)
    rows = list(Nvie().census(tmp_path))
    assert all(tuple(row) == COLUMNS for row in rows)
    write_manifest(tmp_path, rows, **form)
    assert Nvie().recognise(tmp_path).reason.startswith("manifest.csv")
    assert list(Nvie().index(tmp_path)) == scanned and Nvie().fingerprint(tmp_path) == print_
    assert list(Nvie().census(tmp_path)) == rows, "a new census is of the folders"


def test_the_command_line_writes_a_census_that_reads_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    root = spontaneous_tree(tmp_path / "data", (1, 2))
    where = ["nvie", "--data-root", f"nvie={root}"]
    assert main(["data", "items", *where]) == 0
    before = capsys.readouterr().out
    assert main(["data", "scan", *where, "--out", str(root / "manifest.csv")]) == 0
    assert (root / "manifest.csv").read_text().splitlines()[0] == ",".join(COLUMNS)
    assert main(["data", "items", *where]) == 0
    assert capsys.readouterr().out == before


def test_a_row_corrected_by_hand_is_an_item(tmp_path: Path) -> None:
    clips_of(tmp_path, 1)
    odd = tmp_path / SPONTANEOUS / "front/001/visible/apex/odd.bmp"
    face(odd, 1, "fear", "visible")
    write_ratings(tmp_path / "r.csv", (1,))
    rows = [dict(row) for row in Nvie().census(tmp_path)]
    (row,) = [row for row in rows if row["path"].endswith("odd.bmp")]
    row |= {"clip": "9", "expression": "Surprised"}
    write_manifest(tmp_path, rows)
    item = next(i for i in items(tmp_path) if i.files[0].endswith("odd.bmp"))
    assert (item.id, item.label) == ("vis_spontaneous_apex_front_001_9", "surprise")


def test_a_manifest_describes_a_tree_of_any_form(tmp_path: Path) -> None:
    for camera in ("visible", "infrared"):
        face(tmp_path / f"x/{camera[0]}_a.bmp", 3, "fear", camera)
        face(tmp_path / f"y {camera}/1.bmp", 3, "fear", camera)
    common = {"subject": "3", "light": "front", "expression": "fear", "phase": "apex"}
    rows = [
        {"path": "x/v_a.bmp", "modality": "visible", "clip": "1", **common},
        {"path": "x/i_a.bmp", "modality": "infrared", "clip": "1", **common},
        {"path": "y visible", "modality": "visible", "clip": "Film Two", **common},
        {"path": "y infrared", "modality": "thermal", "clip": "Film Two", **common},
    ]
    write_manifest(tmp_path, rows)
    found = items(tmp_path, "spontaneous_apex")
    assert len({i.pair for i in found}) == 2 and len(found) == 4
    assert all(i.weak_pair and i.subject == "003" and i.id.isascii() for i in found)
    assert all(c.isalnum() or c == "_" for i in found for c in i.id)


ROW = {"path": "a", "subject": "1", "modality": "visible", "part": "posed", "light": "",
       "clip": "", "expression": "fear", "phase": ""}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "kind", "kept"),
    [
        ({"modality": "radar"}, "bad_row", 1),
        ({"part": "other"}, "bad_row", 1),
        ({"light": "above"}, "bad_row", 1),
        ({"phase": "middle"}, "bad_row", 1),
        ({"expression": "bored"}, "unknown_label", 1),
        ({"expression": "contempt"}, "unknown_label", 1),
        ({"expression": ""}, "unlabelled_file", 1),
        ({"subject": ""}, "unresolved", 1),
        ({"path": "../b"}, "outside_root", 1),
        ({"path": "/etc"}, "outside_root", 1),
        ({"path": ""}, "bad_row", 1),
        ({"path": "gone"}, "missing_item", 1),
        ({"path": "note.txt"}, "bad_row", 1),
        ({"path": "a", "subject": "1"}, "duplicate_row", 1),
        ({"path": "a", "expression": "anger"}, "duplicate_id", 1),
        ({"subject": "01"}, "duplicate_id", 1),
        ({"subject": "1", "modality": "infrared"}, "", 2),
        ({"modality": "infrared", "part": "spontaneous"}, "unresolved", 1),
    ],
)
def test_odd_rows_of_a_manifest(
    tmp_path: Path, change: dict[str, str], kind: str, kept: int
) -> None:
    for name in ("a", "b"):
        face(tmp_path / name / "1.bmp", 1, "fear", "visible")
    (tmp_path / "note.txt").touch()
    write_manifest(tmp_path, [ROW, ROW | {"path": "b", "subject": "2"} | change])
    assert len(items(tmp_path)) == kept
    found = [p.kind for p in told(tmp_path) if p.kind != "missing_partner"]
    assert found == ([kind] if kind else [])


def test_partners_of_two_expressions_block(tmp_path: Path) -> None:
    for name in ("a", "b"):
        face(tmp_path / name / "1.bmp", 1, "fear", "visible")
    row = ROW | {"part": "spontaneous", "light": "front", "clip": "1", "phase": "apex"}
    other = row | {"path": "b", "modality": "infrared", "expression": "anger"}
    write_manifest(tmp_path, [row, other])
    assert {p.kind for p in told(tmp_path)} >= {"ambiguous_pair"}
    assert all(item.pair is None for item in items(tmp_path))


def test_a_manifest_without_its_columns_is_damaged(tmp_path: Path) -> None:
    spontaneous_tree(tmp_path, (1,))
    (tmp_path / "manifest.csv").write_text("path,label\na,fear\n")
    with pytest.raises(DamagedError, match="subject, modality, expression"):
        list(Nvie().index(tmp_path))
    (tmp_path / "manifest.csv").write_text("")
    assert items(tmp_path), "an empty one (a shell's, before the census is written) says nothing"


def write_lists(root: Path, lines: Mapping[str, list[str]]) -> Path:
    """The three lists in the spontaneous part."""
    for name, own in lines.items():
        (root / SPONTANEOUS / f"{name}.txt").write_text("\n".join(own), encoding="utf-8")
    return root


def listed(root: Path, digits: str = DIGITS) -> Nvie:
    """The dataset as `-p nvie.lists=pdf -p nvie.digits=...` makes it."""
    return Nvie(NvieParams(lists="pdf", digits=digits))


LINES = {
    "source": [
        f"{SPONTANEOUS}/front/001/visible/1/1.bmp 3",
        f"{SPONTANEOUS}\\front\\002\\visible\\2\\1.bmp 1",
    ],
    "target_train": ["SpontaneousDatabase/front/001/infrared/1/1.bmp 3"],
    "target_test": [
        "USTC_NVIE/SpontaneousDatabase/front/002/infrared/apex/2_0002.bmp 1",
        "front/002/infrared/1/2.BMP 3",
    ],
}


def test_list_files_choose_the_pictures(tmp_path: Path) -> None:
    spontaneous_tree(tmp_path / "NVIE", (1, 2))
    write_lists(tmp_path / "NVIE", LINES)
    dataset = listed(tmp_path)
    found = list(dataset.index(tmp_path))
    facts = [(i.part, i.split, i.spectrum, i.subject, i.label) for i in found]
    assert facts == [
        ("list_source", "", "vis", "001", "happiness"),
        ("list_source", "", "vis", "002", "disgust"),
        ("list_target", "train", "lwir", "001", "happiness"),
        ("list_target", "test", "lwir", "002", "disgust"),
        ("list_target", "test", "lwir", "002", "happiness"),
    ]
    assert told(tmp_path, dataset) == []
    assert found[3].files[0].endswith("apex/2_0002.BMP"), "found in another case"
    (fold,) = dataset.folds(found)
    trained = [i for i in found if not belongs(fold, i.subject, i.id)]
    assert {i.subject for i in trained} == {"001"}, "visible pictures of tested people are not used"


def test_a_path_with_a_space_is_a_path(tmp_path: Path) -> None:
    face(tmp_path / SPONTANEOUS / "AAM Points/infrared/1.bmp", 1, "fear", "infrared")
    write_lists(tmp_path, {"target_test": [f"{SPONTANEOUS}/AAM Points/infrared/1.bmp 2"]})
    dataset = listed(tmp_path)
    (item,) = dataset.index(tmp_path)
    assert (item.label, item.subject) == ("fear", None)
    assert dataset.folds([item]) == [{item.id}]
    assert [p.kind for p in told(tmp_path, dataset)] == ["missing_list", "missing_list"]


@pytest.mark.parametrize(
    ("name", "line", "kind"),
    [
        ("target_test", "front/001/infrared/9/1.bmp 1", "missing_item"),
        ("target_test", "front/001/infrared/1/1.bmp 6", "unknown_label"),
        ("target_test", "front/001/infrared/1/1.bmp", "bad_row"),
        ("target_test", "front/001/visible/1/1.bmp 1", "bad_row"),
        ("source", "front/001/infrared/1/1.bmp 1", "bad_row"),
        ("target_test", "../x/1.bmp 1", "outside_root"),
        ("target_test", "front/002/infrared/1/2.bmp 3", "duplicate_row"),
        ("target_test", "front/002/infrared/1/2.bmp 0", "duplicate_id"),
        ("target_train", "front/002/infrared/1/2.bmp 3", "subject_overlap"),
    ],
)
def test_odd_lines_of_a_list(tmp_path: Path, name: str, line: str, kind: str) -> None:
    spontaneous_tree(tmp_path, (1, 2))
    write_lists(tmp_path, {**LINES, name: [*LINES[name], line]})
    assert [p.kind for p in told(tmp_path, listed(tmp_path))] == [kind]


def test_a_subject_in_both_target_lists_is_an_overlap(tmp_path: Path) -> None:
    spontaneous_tree(tmp_path, (1, 2))
    more = [*LINES["target_train"], "front/002/infrared/4/1.bmp 0"]
    write_lists(tmp_path, {**LINES, "target_train": more})
    manifest = scan(listed(tmp_path), tmp_path)
    assert [p.path for p in manifest.problems if p.kind == "subject_overlap"] == ["002"]


@pytest.mark.parametrize("digits", ["", "anger,fear", "anger,anger,fear,happiness,sadness,bored"])
def test_what_the_digits_mean_must_be_said(digits: str) -> None:
    with pytest.raises(UsageError, match="what digits 0 to 5 mean"):
        resolve(NvieParams, component="nvie", given={"lists": "pdf", "digits": digits})
    given = {"lists": "pdf", "digits": "Happy, disgust,fear,surprised,angry,sad"}
    made = resolve(NvieParams, component="nvie", given=given)
    assert made.names[:2] == ("happiness", "disgust")


def test_lists_that_are_not_there_are_asked_for(tmp_path: Path) -> None:
    spontaneous_tree(tmp_path, (1,))
    with pytest.raises(MissingError, match=r"source\.txt, target_train\.txt"):
        list(listed(tmp_path).index(tmp_path))


def test_an_unknown_expression_folder_is_named_with_the_nearest(tmp_path: Path) -> None:
    face(tmp_path / POSED / "1/visible/angre/a.bmp", 1, "anger", "visible")
    (problem,) = told(tmp_path)
    assert problem.kind == "misnamed_folder" and "did you mean anger?" in problem.action
    found: list[Item] = items(tmp_path)
    assert found == []
