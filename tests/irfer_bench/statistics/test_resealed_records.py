"""Records that were edited and sealed again, beside honest ones of the same board."""

from __future__ import annotations

import pytest

from irfer_bench.store import records
from tests.irfer_bench.statistics.test_believed_records import FOLDS, change, forge, shown

BOTH = ("-d", "toy", "-s", "toy_weak", "-t", "toy_raw", "-t", "toy_shift", "-r", "toy_means")


@pytest.mark.parametrize(
    "alter",
    [
        lambda r: change(r, created="9999-01-01T00:00:00Z"),
        lambda r: change(r, classes=r.classes[::-1]),
        lambda r: change(r, confusion=[row[::-1] for row in r.confusion]),
        lambda r: change(r, data=change(r.data, test=9999)),
        lambda r: change(r, data=change(r.data, pairs=9999)),
    ],
    ids=["created", "classes", "confusion", "test", "pairs"],
)
def test_run_writes_anew_what_was_made_of_its_record(bench, alter):
    bench.run()
    (path,) = bench.out.glob("records/toy_weak/*.json")
    before = records.read_record(path)
    forge(bench, alter)
    assert bench.run()[0] == 0
    after = records.read_record(path)
    assert change(after, created="", digest="") == change(before, created="", digest="")
    assert path.with_name(f"{path.name}.damaged").is_file()


def test_a_version_nobody_has_takes_no_column(bench):
    bench.run(*BOTH, *FOLDS)

    def alter(record):
        odd = change(record.metrics["accuracy"], version="99")
        newest = f"{record.created}+"
        return change(record, created=newest, metrics=record.metrics | {"accuracy": odd})

    forge(bench, alter)
    found = {row["translator"]: row["metrics"]["accuracy"]["value"] for row in shown(bench)[0]}
    assert found == {"toy_raw": None, "toy_shift": 1.0}


def test_a_row_without_predictions_is_never_the_best(bench):
    bench.run(*BOTH, *FOLDS)
    for which in (0, 1):
        forge(
            bench,
            lambda r: change(
                r, metrics=r.metrics | {"toy_error": change(r.metrics["toy_error"], value=0.0,
                                                            low=0.0, high=0.0)}
            ),
            which,
        )  # fmt: skip
    for path in bench.out.glob("predictions/toy_weak/toy_raw*"):
        path.unlink()
    rows, page = shown(bench)
    assert {row["translator"]: row["rank"] for row in rows} == {"toy_raw": None, "toy_shift": 1}
    assert "predictions are not there" in page
    assert "**0.0000**" not in page
