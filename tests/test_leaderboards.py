"""The pages in leaderboards/ agree with their records."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from irfer_bench.cli import main
from irfer_bench.errors import DamagedError, UnavailableError
from irfer_bench.experiment.request import read_suite
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
