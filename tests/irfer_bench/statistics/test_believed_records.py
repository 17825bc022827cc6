"""Records are checked against their predictions and the registered setting."""

from __future__ import annotations

import json

import msgspec
import pytest

from irfer_bench.contracts.record import Record, Value
from irfer_bench.store import records

FOLDS = ("--fold", "1", "--fold", "2")


def change(record, **changes):
    return msgspec.structs.replace(record, **changes)


def forge(bench, alter, which=0):
    """Change one of the records, sealed anew at the place that its cell and key say."""
    path = sorted(bench.out.glob("records/toy_weak/*.json"))[which]
    record = records.read_record(path)
    path.unlink()
    return records.write_record(bench.out, alter(record))


def all_metrics(value):
    def alter(record):
        forged = dict.fromkeys(record.metrics, value)
        return change(record, metrics=record.metrics | forged)

    return alter


def shown(bench):
    """The board's rows as JSON, and the page that was written."""
    code, out, _ = bench.call("leaderboard", "toy_weak", "--json")
    assert code == 0
    assert bench.call("leaderboard", "toy_weak")[0] == 0
    return json.loads(out)["toy_weak"], (bench.out / "toy_weak.md").read_text()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("accuracy", 0.5, "accuracy contradicts its predictions: 0.5, recomputed 1"),
        ("uar", 0.25, "uar contradicts its predictions: 0.25, recomputed 1"),
        ("uar", None, "uar contradicts its predictions: no value, recomputed 1"),
        ("accuracy", 5.0, "accuracy 5 is outside 0 to 1"),
        ("accuracy", -0.1, "accuracy -0.1 is outside 0 to 1"),
    ],
)
def test_a_metric_that_does_not_follow_from_the_predictions_is_not_shown(bench, name, value, said):
    bench.run(*FOLDS)
    whole, _ = shown(bench)
    assert whole[0]["rank"]
    forged = {name: Value(value=value, unit="fraction")}
    forge(bench, lambda r: change(r, metrics=r.metrics | forged))
    (row,), page = shown(bench)
    assert not row["rank"]
    assert said in page.replace("\\", "")
    assert row["metrics"]["accuracy"]["value"] == 1.0, "what the other record says, and no mean"


def test_a_forged_confusion_matrix_and_interval_are_seen(bench):
    bench.run(*FOLDS)
    forge(bench, lambda r: change(r, confusion=[[5, 0, 0], [1, 4, 0], [0, 0, 5]]))
    _, page = shown(bench)
    assert "the confusion matrix contradicts its predictions" in page
    forge(bench, lambda r: change(r, confusion=None, metrics=r.metrics | {
        "accuracy": change(r.metrics["accuracy"], low=0.9, high=0.2)}))  # fmt: skip
    _, page = shown(bench)
    assert "the interval of accuracy ends before it begins" in page


def test_folds_seeds_and_primary_are_the_settings_own(bench):
    """One fold that says it were all, and the newest record's wish for another metric."""
    bench.run("--fold", "1")
    before, page = shown(bench)

    def alter(record):
        cell = change(record.cell, folds=1, seeds=1, primary="toy_error")
        metrics = {
            name: change(value, direction="lower") for name, value in record.metrics.items()
        }
        return change(record, cell=cell, metrics=metrics)

    forge(bench, alter)
    after, forged = shown(bench)
    assert after == before
    assert forged == page
    assert not after[0]["rank"]
    assert any("partial: 1 of 2 folds" in note for note in after[0]["notes"])


def test_a_setting_that_is_not_installed_is_said(bench, monkeypatch):
    bench.run(*FOLDS)
    monkeypatch.setenv("IRFER_BENCH_PLUGINS", "builtin")
    (row,), page = shown(bench)
    assert row["rank"]
    assert "is not installed here" in page
    forge(bench, lambda r: change(r, cell=change(r.cell, folds=1)))
    forge(bench, lambda r: change(r, cell=change(r.cell, primary="uar")))
    (row,), _ = shown(bench)
    assert row["rank"], "the most folds that any record names"


def test_a_record_without_predictions_is_held_to_its_range(bench):
    bench.run(*FOLDS)
    for path in bench.out.glob("predictions/toy_weak/*.json"):
        path.unlink()
    forge(bench, all_metrics(Value(value=1.5, unit="fraction")))
    _, page = shown(bench)
    assert "is outside 0 to 1" in page.replace("\\", "")


def test_run_compares_a_record_with_its_own_store(bench):
    bench.run()
    (path,) = bench.out.glob("records/toy_weak/*.json")
    before = records.read_record(path)
    accuracy = Value(value=0.99, low=0.98, high=1.0, unit="fraction")
    forge(bench, lambda r: change(r, metrics=r.metrics | {"accuracy": accuracy}))
    code, out, err = bench.run("--json")
    assert code == 0
    assert json.loads(out)["metrics"]["accuracy"]["value"] == 1.0
    (line,) = [line for line in err.splitlines() if "set aside" in line]
    assert "accuracy value 0.99, this store 1" in line
    assert path.with_name(f"{path.name}.damaged").is_file()
    after = records.read_record(path)
    assert after.metrics == before.metrics
    code, _, err = bench.run("--json")
    assert "set aside" not in err


def test_a_failure_stands_below_the_board_and_ranks_nothing(bench):
    bench.run(*FOLDS)
    _, page = shown(bench)

    def alter(record):
        return change(record, outcome="oom", metrics={}, confusion=None,
                      cell=change(record.cell, translator="toy_big"), key="a" * 64,
                      warnings=["killed for memory at 2 GiB"])  # fmt: skip

    path = records.write_record(bench.out, alter(_first(bench)))
    rows, page = shown(bench)
    assert [row["translator"] for row in rows] == ["toy_shift"]
    assert rows[0]["rank"]
    text = page.replace("\\", "")
    assert "Not shown: toy_big × toy_means, fold 1, seed 0: oom: killed for memory at 2 GiB" in text
    code, out, _ = bench.call("show", str(path))
    assert code == 0
    assert "oom" in out
    assert "killed for memory at 2 GiB" in out


def _first(bench) -> Record:
    return records.read_record(min(bench.out.glob("records/toy_weak/*.json")))


def test_one_bad_record_hides_no_board(bench):
    bench.run(*FOLDS)
    folder = bench.out / "records" / "toy_weak"
    deep = "[" * 990 + "]" * 990
    (folder / "deep.json").write_text(f'{{"schema": 2, "facts": {deep}}}')
    (folder / "half.json").write_text(min(folder.glob("*+*.json")).read_text()[:99])
    (folder / "big.json").write_text('{"schema": 1e999}')
    rows, page = shown(bench)
    assert rows[0]["rank"]
    text = page.replace("\\", "")
    assert all(f"Not shown: {name}.json" in text for name in ("deep", "half", "big"))


def test_a_folder_of_records_overwrites_no_other_file(bench):
    bench.run(*FOLDS)
    (bench.out / "README.md").write_text("mine")
    for name in ("README", "\x1b[31mred"):
        place = bench.out / "records" / name
        place.mkdir()
        source = min((bench.out / "records" / "toy_weak").glob("*.json"))
        (place / source.name).write_bytes(source.read_bytes())
    code, out, err = bench.call("leaderboard")
    assert code == 4
    assert (bench.out / "README.md").read_text() == "mine"
    assert "records/README is no name of a setting" in err
    assert "\x1b" not in out + err
    assert "toy_shift × toy_means" in out, "the other boards are written"
    assert "| rank" in (bench.out / "toy_weak.md").read_text()
    assert bench.call("leaderboard", "README")[0] == 4
    code, _, err = bench.call("leaderboard", "\x1b[31mred")
    assert (code, "\x1b" in err) == (4, False)


def test_show_reads_records_from_regular_files_only(bench):
    import os

    os.mkfifo(bench.folder / "pipe.json")
    (bench.folder / "zero.json").symlink_to("/dev/zero")
    for name in ("pipe", "zero"):
        code, _, err = bench.call("show", f"{name}.json")
        assert code == 4
        assert "is no regular file" in err
    code, _, err = bench.call("show", "\x1b[31m.json")
    assert (code, "\x1b" in err) == (3, False)


@pytest.mark.parametrize("outcome", ["failed", "timeout", "oom", "refused"])
def test_a_failure_is_a_record_of_its_cell(bench, outcome):
    from irfer_bench.engine.results import make_failure
    from irfer_bench.experiment.planner import Planner
    from irfer_bench.experiment.request import Request
    from irfer_bench.registry import load

    asked = {"settings": ("toy_weak",), "translators": ("toy_shift",)}
    request = Request(recognizers=("toy_means",), **asked)
    (planned, *_) = Planner(load(), bench.home, bench.home / "weights").plan([request]).cells
    record = make_failure(planned, outcome, f"it ended in {bench.home}/store/x")
    path = records.write_record(bench.out, record)
    again = records.read_record(path)
    assert (again.outcome, again.metrics, again.steps) == (outcome, {}, [])
    assert again.key == planned.score.key
    assert str(bench.home) not in path.read_text(), "no folder of this machine"
    assert again.warnings == ["it ended in $IRFER_BENCH_HOME/store/x"]
    bench.run("--fold", "1", "--seed", "0")
    assert records.read_record(path).outcome == "ok", "the same cell, carried out at last"
    assert records.write_record(bench.out, record) == path
    assert records.read_record(path).outcome == "ok"


def test_ok_is_no_outcome_of_a_failure(bench):
    from irfer_bench.engine.results import make_failure

    with pytest.raises(ValueError, match="no outcome of a failure"):
        make_failure(None, "ok", "")
