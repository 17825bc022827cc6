"""The user's own `manifest.csv` of NVIE, and the inventory that writes one."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from irfer_bench.api import DamagedError
from irfer_bench.cli import main
from irfer_datasets.nvie.dataset import Nvie
from irfer_datasets.nvie.rows import COLUMNS
from tests.irfer_datasets.nvie.findings import items, told
from tests.irfer_datasets.nvie_tree import (
    SPONTANEOUS,
    clips_of,
    face,
    spontaneous_tree,
    write_nvie,
    write_ratings,
)


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
    rows = list(Nvie().inventory(tmp_path))
    assert all(tuple(row) == COLUMNS for row in rows)
    write_manifest(tmp_path, rows, **form)
    assert Nvie().identify(tmp_path).reason.startswith("manifest.csv")
    assert list(Nvie().index(tmp_path)) == scanned and Nvie().fingerprint(tmp_path) == print_
    assert list(Nvie().inventory(tmp_path)) == rows, "a new inventory is of the folders"


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
    rows = [dict(row) for row in Nvie().inventory(tmp_path)]
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
        {"path": "y infrared", "modality": "infrared", "clip": "Film Two", **common},
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
        ({"path": "a", "subject": "1"}, "duplicate_id", 1),
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
    assert items(tmp_path), "an empty one (a shell's, before the inventory is written) says nothing"


def test_rows_with_paths_of_another_machine_are_one_line(tmp_path: Path) -> None:
    face(tmp_path / "a/1.bmp", 1, "fear", "visible")
    away = [ROW | {"path": f"/home/ann/NVIE/{number}"} for number in range(30)]
    write_manifest(tmp_path, [ROW, *away])
    (problem,) = [p for p in told(tmp_path) if p.kind == "outside_root"]
    assert problem.path == "/home/ann/NVIE/0" and "those of 29 more rows" in problem.action
