"""The pages in leaderboards/ agree with their records."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from irfer_bench.cli import main
from irfer_bench.engine.checked_boards import read_boards
from irfer_bench.errors import DamagedError, UnavailableError
from irfer_bench.experiment.ablation import read_ablation
from irfer_bench.experiment.request import read_suite
from irfer_bench.orchestration.suite_pages import draw_ablation
from irfer_bench.registry import load
from irfer_bench.statistics.bootstrap import intervals
from irfer_bench.statistics.kept import Reader
from irfer_bench.statistics.measurement import lookup_in
from irfer_bench.statistics.pooling import pool
from irfer_bench.store.records import read_records

BOARDS = Path(__file__).parents[1] / "leaderboards"


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
    checked, named = Counter[str](), Counter[str]()
    for record in read_records(BOARDS):
        assert not isinstance(record, DamagedError)
        assert {"accuracy", "war"} & set(record.metrics), record.row
        named.update(name for name, value in record.metrics.items() if value.value is not None)
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
    for name in ("accuracy", "macro_f1", "uar", "war", "psnr", "ssim", "psnr_as255"):
        assert checked[name] == named[name] > 100, name


MEASURED = sorted((BOARDS / "suite_results").iterdir())


@pytest.mark.parametrize("folder", MEASURED, ids=lambda path: path.name)
def test_pages_of_a_measured_suite_follow_its_records(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The board, and the ablation; the records are those that the suite asks for."""
    assert main(["records", "check", str(folder)]) == 0, capsys.readouterr().err
    assert main(["leaderboard", "--out", str(folder), "--check"]) == 0, capsys.readouterr().err
    suite, registry = BOARDS / f"suites/{folder.name}.toml", load()
    ablation = read_ablation(suite)
    assert ablation is not None
    (setting,) = [path.name for path in (folder / "records").iterdir()]
    boards = read_boards(folder, setting, registry)
    rows = {(row.translator, row.recognizer) for board in boards for row in board.rows}
    asked = [len(run.translators or [1]) * len(run.recognizers) for run in read_suite(suite)]
    assert len(rows) == sum(asked)
    page = draw_ablation(ablation, folder.name, boards, rows, folder, lookup_in(registry))
    assert page == (folder / f"ablations/{folder.name}.md").read_text("utf-8")


def test_the_suites_behind_them_can_be_read() -> None:
    requests = [request for path in BOARDS.glob("*.toml") for request in read_suite(path)]
    asked = {setting for request in requests for setting in request.settings}
    there = {path.name for path in (BOARDS / "records").iterdir()}
    assert there <= asked
