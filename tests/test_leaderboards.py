"""What stands in leaderboards/ is what its records say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from irfer_bench.cli import main
from irfer_bench.errors import DamagedError
from irfer_bench.experiment.request import read_suite
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


def test_the_suite_behind_them_can_be_read() -> None:
    requests = read_suite(BOARDS / "synth.toml")
    asked = {setting for request in requests for setting in request.settings}
    there = {path.name for path in (BOARDS / "records").iterdir()}
    assert there <= asked
