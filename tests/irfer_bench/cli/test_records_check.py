"""`irfer-bench records check`: what records one was sent say against what follows from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.contracts.record import Record, Value
from irfer_bench.store import records
from tests.irfer_bench.cli.sent import (
    SETTING,
    Alter,
    change,
    check,
    forge,
    forge_predictions,
    of_cell,
    of_data,
    predictions_of,
    send,
    sent,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return send(tmp_path / "sent")


def of_step(**changes: object) -> Alter:
    return lambda r: change(r, steps=[change(r.steps[0], **changes), *r.steps[1:]])


def of_metric(name: str, value: Value) -> Alter:
    return lambda record: change(record, metrics=record.metrics | {name: value})


def without_metric(record: Record) -> Record:
    return change(record, metrics={k: v for k, v in record.metrics.items() if k != "uar"})


FORGED: dict[str, tuple[Alter, str]] = {
    "metric": (
        of_metric("accuracy", Value(value=0.999, unit="fraction")),
        "accuracy contradicts its predictions: 0.999, recomputed 0.513889",
    ),
    "metric left out": (without_metric, "uar of the setting's metrics missing"),
    "direction": (
        of_metric("uar", Value(value=0.3541666, unit="fraction", direction="lower")),
        "direction of uar 'lower': the metric has 'higher'",
    ),
    "metric added": (
        of_metric("psnr", Value(value=90.0, unit="dB")),
        "metric 'psnr' is neither the setting's nor among further_metrics",
    ),
    "folds": (of_cell(folds=1), "folds 1: the setting has 5"),
    "fold": (of_cell(fold=9), "fold 9: the setting has 5"),
    "seeds": (of_cell(seeds=0), "seeds 0: the setting has 1"),
    "primary": (of_cell(primary="uar"), "primary uar: the setting has accuracy"),
    "dataset": (of_cell(dataset="dfew"), "dataset 'dfew': the setting's is synth"),
    "row": (
        of_cell(recognizer="pca"),
        "the row's recognizer 'pca' is not the recognizer described: 'clip_zero_shot'",
    ),
    "preset": (of_cell(preset="paper"), "preset 'paper', and translator none with 'quick'"),
    "key": (lambda r: change(r, key="0" * 64), "the last step is not the score"),
    "no key": (lambda r: change(r, key="zz"), "'zz' is no key of 64 hexadecimal digits"),
    "classes": (lambda r: change(r, classes=r.classes[::-1]), "classes are not the setting's"),
    "confusion": (lambda r: change(r, confusion=[[1]]), "no table of 6 by 6 classes"),
    "tested": (of_data(test=9999), "9999 items tested, and 144 predictions"),
    "no digest": (of_data(predictions=""), "names no digest of its predictions"),
    "future": (lambda r: change(r, created="9999-01-01T00:00:00Z"), "in the future"),
    "past": (lambda r: change(r, created="1999-01-01T00:00:00Z"), "before irfer-bench existed"),
    "no date": (lambda r: change(r, created="Tuesday"), "created 'Tuesday' is no time such as"),
    "negative time": (of_step(seconds=-3.0), "took -3 seconds"),
    "endless time": (of_step(seconds=1e15), "took 1e+15 seconds, more than passed"),
    "memory": (of_step(peak_mb=-1.0), "took -1 MB of memory"),
    "step": (of_step(kind="magic"), "there is no step of kind 'magic'"),
    "steps": (lambda r: change(r, steps=r.steps * 20), "names 80 steps"),
    "failed with metrics": (lambda r: change(r, outcome="failed"), "failed, and there are metrics"),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_sealed_forgery_is_told_and_exits_4(bench: Any, folder: Path, name: str) -> None:
    alter, said = FORGED[name]
    forge(folder, alter)
    code, out = check(bench, folder)
    assert code == 4
    assert said in out


def test_honest_records_pass_and_the_screen_is_this(
    bench: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = bench.call("records", "check", str(folder))
    assert (code, err) == (0, "")
    assert out == """\
setting                 records    predictions    signed    faults
--------------------  ---------  -------------  --------  --------
synth_nir_supervised          5              5         0         0

5 records checked without fault
"""


def test_the_screen_of_faults_has_each_file_once_and_a_line_per_fault(
    bench: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    forge(folder, of_cell(folds=1, seeds=2))
    predictions_of(sent(folder)[1]).unlink()
    code, out, _ = bench.call("records", "check", str(folder))
    assert code == 4
    one, two = (path.name for path in sent(folder)[:2])
    assert out == f"""\
setting                 records    predictions    signed    faults
--------------------  ---------  -------------  --------  --------
synth_nir_supervised          5              4         0         2

records/{SETTING}/{one}
  fault: folds 1: the setting has 5
  fault: seeds 2: the setting has 1

records/{SETTING}/{two}
  note: has no predictions: nobody can check its metrics

2 faults in 1 file, 5 records checked
"""


ITEMS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "another item": (
        lambda kept: kept["items"][0].__setitem__(0, "s999-anger-nir.0"),
        "1 item is not tested in this fold: 's999-anger-nir.0'",
    ),
    "item of another fold": (
        lambda kept: kept["items"][0].__setitem__(0, "s002-anger-nir.0"),
        "1 item is not tested in this fold",
    ),
    "left out": (lambda kept: kept["items"].pop(), "1 item is of this fold missing"),
    "label": (
        lambda kept: kept["items"][0].__setitem__(2, "fear"),
        "1 item is of another subject or label in the dataset: 's001-anger-nir.0'",
    ),
    "no class": (
        lambda kept: kept["items"][0].__setitem__(2, "joy"),
        "an item's label 'joy' is none of the classes",
    ),
    "twice": (
        lambda kept: kept["items"].__setitem__(1, kept["items"][0]),
        "item 's001-anger-nir.0' stands twice",
    ),
    "logits": (
        lambda kept: kept["items"][0].__setitem__(3, [9.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        "probabilities of an item sum to",
    ),
    "no array": (lambda kept: kept.__setitem__("items", 3), "Expected `array | null`, got `int`"),
}


@pytest.mark.parametrize("name", ITEMS)
def test_predictions_of_items_that_the_fold_has_not_are_told(
    bench: Any, folder: Path, name: str
) -> None:
    alter, said = ITEMS[name]
    forge_predictions(folder, alter)
    code, out = check(bench, folder)
    assert code == 4
    assert said in out


def test_items_of_an_unknown_copy_are_compared_among_the_records(bench: Any, folder: Path) -> None:
    for path in sent(folder):
        record = records.read_record(path)
        records.write_record(folder, of_data(fingerprint="f" * 64)(record))
    code, out = check(bench, folder)
    assert code == 0, out
    forge_predictions(
        folder, lambda kept: kept["items"][0].__setitem__(0, "s002-anger-nir.0")
    )
    code, out = check(bench, folder)
    assert (code, "items that fold 1 tests too" in out) == (4, True)
