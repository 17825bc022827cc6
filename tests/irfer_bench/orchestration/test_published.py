"""Values that a suite names from a paper: shown on a page of their own, never on a board."""

from __future__ import annotations

import json
import re

import pytest

import irfer_bench as ib
from irfer_bench.errors import DamagedError, MissingError, UsageError

VALUE = {
    "method": "Raw", "dataset": "faces", "metric": "error_pct", "value": 12.5,
    "source": "A paper, Table 1", "split": "80/20 | by subject", "comparable": True,
}  # fmt: skip
SUITE = """
dataset = "toy"
translators = ["toy_shift", "toy_raw"]
recognizers = ["toy_means"]
[published]
file = "values.json"
source = "A paper, Table 1"
dataset = "faces"
rows = {toy_raw = "Raw"}
metrics = {toy_error = "error_pct"}
"""


@pytest.fixture
def suite(bench):
    other = VALUE | {"source": "A paper, Table 2", "value": 99.25}
    unlike = VALUE | {"method": "toy_shift", "value": 7, "comparable": False, "note": "other crop"}
    (bench.folder / "values.json").write_text(json.dumps([other, VALUE, unlike]))
    path = bench.folder / "table.toml"
    path.write_text(SUITE)
    return path


def test_printed_values_stand_beside_measured_ones_and_not_on_the_board(bench, suite):
    code, out, _ = bench.call("run", str(suite))
    assert code == 0
    page = bench.out / "published/table.md"
    assert "published/table.md" in re.sub(r"\s", "", out)
    text = page.read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| toy")]
    assert [row.split()[1] for row in rows] == ["toy\\_shift", "toy\\_raw"], "as asked, not ranked"
    assert ">12.50</span>" in rows[1] and ">7.00<sup>a</sup></span>" in rows[0]
    assert "a: other crop" in text and "99.25" not in text
    assert "A paper, Table 1" in text and "80/20 \\| by subject" in text
    board = (bench.out / "toy_weak.md").read_text("utf-8")
    assert "12.50" not in board and "A paper" not in board
    assert bench.call("leaderboard", "--out", str(bench.out), "--check")[0] == 0


def test_python_writes_the_same_page(bench, suite):
    bench.call("run", str(suite))
    page = bench.out / "published/table.md"
    before = page.read_text("utf-8")
    page.unlink()
    ib.run(suite=suite, out=bench.out, progress=False)
    assert page.read_text("utf-8") == before


@pytest.mark.parametrize(
    ("old", "new", "error", "said"),
    [
        ('file = "values.json"', 'file = "no.json"', MissingError, "no such file"),
        ('file = "values.json"', "", UsageError, "published: .*file"),
        ('"error_pct"', '"errors"', UsageError, "values.json has no errors of"),
        ('source = "A paper, Table 1"', 'source = "B"', UsageError, "no Raw, error_pct of 'B'"),
        ("rows =", "row =", UsageError, "unknown field `row`"),
        ('"values.json"', '"table.toml"', DamagedError, "malformed"),
    ],
)
def test_a_wrong_table_stops_before_anything_runs(bench, suite, old, new, error, said):
    suite.write_text(SUITE.replace(old, new))
    with pytest.raises(error, match=said):
        ib.run(suite=suite, out=bench.out, progress=False)
    assert not bench.out.exists()
