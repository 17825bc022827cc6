"""No cell of a CSV that is written is a formula; what was written is read back."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from irfer_bench.data.sheets import plain_cell, sheet_row
from irfer_bench.orchestration.prediction.rows import Row, Table
from tests.irfer_bench.cli.conftest import Data, data, home
from tests.irfer_datasets.trees import image

__all__ = ["data", "home"]
FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(1+1)", "\t=1", "\r=1", "'=1+1")


@given(st.text())
@example("'")
@example("''=1")
def test_the_text_comes_back(text: str) -> None:
    assert plain_cell(sheet_row({"a": text})["a"]) == text


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert sheet_row({"a": text, "b": -3, "c": None}) == {"a": f"'{text}", "b": -3, "c": None}


def test_items_and_inventories_hold_no_formula_and_are_read_back(
    data: Data, tmp_path: Path
) -> None:
    for subject in ("+1+1", "@SUM(1+1)", "=x"):
        place = tmp_path / "tree" / "nir" / subject / "anger"
        place.mkdir(parents=True)
        image(place / "0.png")
    root = tmp_path / "tree"
    items = data("items", "folder", "--data-root", root).out
    inventory = data("scan", "folder", "--data-root", root).out
    for text in (items, inventory):
        cells = [cell for row in csv.reader(StringIO(text)) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
        assert {"'+1+1", "'@SUM(1+1)", "'=x"} <= set(cells)
    (root / "manifest.csv").write_text(inventory)
    again = data("items", "folder", "--data-root", root).out
    subjects = [{row["subject"] for row in csv.DictReader(StringIO(t))} for t in (items, again)]
    assert subjects[0] == subjects[1]


def test_labels_of_own_files_hold_no_formula(tmp_path: Path) -> None:
    table = Table(tmp_path / "labels.csv", ("anger",))
    table.add([Row("=HYPERLINK(1).png", note="@note")])
    table.write()
    (row,) = csv.DictReader(StringIO((tmp_path / "labels.csv").read_text()))
    assert (row["file"], row["note"]) == ("'=HYPERLINK(1).png", "'@note")
