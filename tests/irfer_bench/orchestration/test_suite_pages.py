"""Pages of suites: values that a paper prints, and rows compared with the full method."""

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


CSV = """\
method,dataset,split,protocol,metric,value,modality,resolution,source,provenance,comparable
Raw,faces,80/20,,error_pct,12.5,V,112,"A paper, Table 1",quoted,true
Other,faces,80/20,2 clips,error_pct,3.5,AV,224,"A paper, Table 1",secondary-1-source,false
Raw,films,80/20,,error_pct,44.5,V,112,"B, Table 2",paper,true
"""


def test_a_table_of_several_sources_and_datasets_shows_unmeasured_methods_too(bench, suite):
    (bench.folder / "values.csv").write_text(CSV)
    text = SUITE.replace("values.json", "values.csv").replace('"toy_shift", ', "")
    text = text.replace('"A paper, Table 1"', '["A paper, Table 1", "B, Table 2"]')
    suite.write_text(text)
    assert bench.call("run", str(suite))[0] == 0
    page = (bench.out / "published/table.md").read_text("utf-8")
    measured, further = [line for line in page.splitlines() if line.startswith("| ")][1:]
    assert measured.startswith("| toy\\_raw ") and ">12.50<sup>a</sup>" in measured
    assert ">Other</span>" in further and ">3.50<sup>b</sup>" in further
    assert "AV 224, 2 clips" in further
    assert "a: printed in the source for another group" in page
    assert "b: not seen in the paper, only in one text about it" in page
    assert "44.50" not in page, "of the other dataset"
    suite.write_text(text + 'datasets = {toy_weak = "films"}\n')
    assert bench.call("run", str(suite))[0] == 0
    page = (bench.out / "published/table.md").read_text("utf-8")
    assert ">44.50</span>" in page and "12.50" not in page and "Other" not in page


def test_a_csv_with_an_unknown_provenance_is_refused(bench, suite):
    (bench.folder / "values.csv").write_text(CSV.replace("quoted", "hearsay"))
    suite.write_text(SUITE.replace("values.json", "values.csv"))
    with pytest.raises(DamagedError, match="'hearsay' is none of paper"):
        ib.run(suite=suite, out=bench.out, progress=False)


ABLATED = """
dataset = "toy"
translators = ["toy_raw"]
recognizers = ["toy_means"]
folds = [1, 2]
metrics = ["psnr"]
[ablation]
full = "toy_means"
[[run]]
[[run]]
params = {toy_means = {sharpness = 2}}
[[run]]
translators = ["toy_shift"]
"""


def test_an_ablations_page_compares_each_row_with_the_full_method(bench):
    path = bench.folder / "parts.toml"
    path.write_text(ABLATED.replace('full = "toy_means"', 'full = "toy_raw"\nmetric = "psnr"'))
    found = ib.run(suite=path, out=bench.out, progress=False)
    lines = (bench.out / "ablations/parts.md").read_text("utf-8").replace("\\", "").splitlines()
    full, *others = [line for line in lines if line.startswith("| toy")]
    assert full.split()[1] == "toy_raw" and "the full method" in full
    shift = next(line for line in others if "toy_shift" in line)
    compared = found.compare(("toy_shift", "toy_means"), ("toy_raw", "toy_means"), "psnr")
    assert f"{compared.difference:+.2f} [{compared.low:+.2f}, {compared.high:+.2f}]" in shift
    verdict = shift.rstrip(" |").rpartition("| ")[2]
    assert (verdict == "no significant difference") == (compared.p > 0.025)
    assert any("sharpness=2" in line and "no significant difference" in line for line in others)
    assert any("row minus the full method" in line for line in lines)


def test_an_ablation_without_its_full_row_says_so(bench):
    path = bench.folder / "parts.toml"
    path.write_text(ABLATED.replace('full = "toy_means"', 'full = "whole"'))
    ib.run(suite=path, out=bench.out, progress=False)
    page = (bench.out / "ablations/parts.md").read_text("utf-8")
    assert "The full method has no result here." in page
    path.write_text(ABLATED.replace('full = "toy_means"', 'full = "toy_means"\nmetric = "lpips"'))
    ib.run(suite=path, out=bench.out, progress=False)
    page = (bench.out / "ablations/parts.md").read_text("utf-8")
    assert "The full method has no value of lpips here." in page
    path.write_text(ABLATED.replace('full = "toy_means"', 'whole = "toy_means"'))
    with pytest.raises(UsageError, match=r"ablation: .*full"):
        ib.run(suite=path, out=bench.out, progress=False)
