"""The pages in leaderboards/ agree with their records."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import irfer_bench as ib
from irfer_bench.cli import main
from irfer_bench.engine.results import describe_cell
from irfer_bench.errors import DamagedError, UnavailableError
from irfer_bench.experiment.published import read_published
from irfer_bench.experiment.request import read_suite
from irfer_bench.registry import load
from irfer_bench.statistics.bootstrap import intervals
from irfer_bench.statistics.kept import Reader
from irfer_bench.statistics.measurement import lookup_in
from irfer_bench.statistics.pooling import pool
from irfer_bench.store.records import read_records

BOARDS = Path(__file__).parents[1] / "leaderboards"
SUITES = sorted((BOARDS / "suites").glob("nfer_sde_table*.toml"))


def test_every_record_is_whole_and_names_no_folder() -> None:
    records = list(read_records(BOARDS))
    assert records
    assert not [str(record) for record in records if isinstance(record, DamagedError)]
    for path in (BOARDS / "records").rglob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/(home|root|tmp|Users)/", text)


def test_pages_follow_their_records(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaderboard", "--out", str(BOARDS), "--check"]) == 0, capsys.readouterr().err


def test_every_metric_that_follows_from_the_predictions_is_recomputed() -> None:
    """Each cell's own items alone: scores, values of pairs, and the intervals over subjects."""
    lookup, reader = lookup_in(load()), Reader(BOARDS)
    checked = Counter[str]()
    for record in read_records(BOARDS):
        assert not isinstance(record, DamagedError)
        kept = pool([record], reader)
        for name, value in record.metrics.items():
            known = lookup(name)
            assert known is not None, name
            if known.version != value.version and name not in kept.means:
                continue
            try:
                sums = kept.sums(name, known)
            except UnavailableError:
                continue
            assert value.value is not None
            assert sums.value == pytest.approx(value.value, abs=1e-6), (record.row, name)
            assert intervals([sums])[0] == pytest.approx((value.low, value.high), abs=1e-6)
            checked[name] += 1
    cells = len(list((BOARDS / "records").rglob("*.json")))
    pairs = sum("psnr" in pool([r], reader).summands for r in read_records(BOARDS)
                if not isinstance(r, DamagedError))  # fmt: skip
    assert checked["accuracy"] == cells
    assert checked["uar"] == checked["war"] == checked["macro_f1"] > 100
    assert checked["psnr"] == checked["ssim"] == checked["psnr_as255"] == pairs > 100


def test_the_suite_behind_them_can_be_read() -> None:
    requests = read_suite(BOARDS / "synth.toml")
    asked = {setting for request in requests for setting in request.settings}
    there = {path.name for path in (BOARDS / "records").iterdir()}
    assert there <= asked


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.stem)
@pytest.mark.parametrize("setting", ["synth_nir_augmented", "synth_lwir_augmented"])
def test_a_papers_table_plans_on_the_embedded_benchmark(
    suite: Path, setting: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every translator, all five folds, the quick preset, and no weights that are not shipped."""
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path))
    monkeypatch.setenv("IRFER_BENCH_WEIGHTS", str(tmp_path))
    plan = ib.plan(suite=suite, settings=setting).plan
    cells = [describe_cell(planned.cell) for planned in plan.cells]
    (request,) = read_suite(suite)
    asked = {(name, fold) for name in request.translators for fold in range(1, 6)}
    assert {(cell.translator, cell.fold) for cell in cells} == asked
    assert {(cell.setting, cell.preset) for cell in cells} == {(setting, "quick")}
    assert not plan.refusals


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.stem)
def test_a_papers_table_has_every_printed_value_in_a_row_of_its_suite(suite: Path) -> None:
    published = read_published(suite)
    assert published is not None
    (request,) = read_suite(suite)
    shown = [
        found
        for translator in request.translators
        for metric in published.metrics
        if (found := published.find(translator, metric)) is not None
    ]
    assert len(shown) == len(published.values), "each value once"
    assert set(shown) == set(published.values)
