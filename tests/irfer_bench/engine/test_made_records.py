"""A record is made of the finished steps of its cell, and an old one is held against them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from irfer_bench.contracts.record import Record, Value
from irfer_bench.engine.results import make_failure, make_record, write_results
from irfer_bench.engine.stages import METRICS, PREDICTIONS
from irfer_bench.experiment.graph import Cell, Step
from irfer_bench.experiment.graph_maker import GraphMaker
from irfer_bench.store import keys, records
from irfer_bench.store.artefacts import Artefact
from tests.irfer_bench.experiment.test_graph import VERSIONS, cell, of

PREDICTED = '{"classes": [], "items": []}'
FACTS: dict[str, dict[str, Any]] = {
    "prepare synth nir normal stills": {
        "items": 8, "clips": 8, "crops": "n1", "folds": "n2", "incomplete": False},
    "prepare synth vis normal stills": {
        "items": 8, "clips": 8, "crops": "v1", "folds": "v2", "incomplete": False},
    "fit resnet18": {
        "source": 12, "target": 30, "subjects": "checked", "absent": [], "threads": 2,
        "reports": {"final_loss": 0.5}},
    "predict by resnet18": {"clips": 6, "reports": {}},
    "score": {"confusion": [[6]], "test": 6, "pairs": 4, "warnings": ["w"]},
}  # fmt: skip


class Store:
    """Finished artefacts; what a record is made of and nothing else."""

    def __init__(self, folder: Path, score: Step, facts: dict[str, dict[str, Any]]) -> None:
        self.found: dict[str, Artefact] = {}
        for number, step in enumerate(score.walk()):
            self.found[step.key] = Artefact(
                step.key, folder, facts.get(step.title, {}), float(number), 10.0 + number, "")

    def get(self, key: str) -> Artefact | None:
        return self.found.get(key)


class Made:
    """A cell whose steps are all there."""

    def __init__(self, folder: Path, made: Cell | None = None, **facts: dict[str, Any]) -> None:
        self.cell = of(made or cell(), classes=("fear",))
        self.score = GraphMaker(VERSIONS).score_step(self.cell)
        changed = {title: known | facts.get(title.split(" ", 1)[0], {})
                   for title, known in FACTS.items()}  # fmt: skip
        self.folder, self.out, self.said = folder / "score", folder / "out", []  # type: ignore[var-annotated]
        self.folder.mkdir(exist_ok=True)
        (self.folder / PREDICTIONS).write_text(PREDICTED)
        (self.folder / METRICS).write_text(json.dumps({"accuracy": {"value": 0.5, "low": 0.25}}))
        self.store = Store(self.folder, self.score, changed)
        self.planned: Any = SimpleNamespace(cell=self.cell, score=self.score)
        self.runner: Any = SimpleNamespace(
            store=self.store, artefact=lambda step: self.store.found[step.key], device="cpu",
            precision="fp32", reporter=SimpleNamespace(line=self.said.append))  # fmt: skip

    def record(self) -> Record:
        return make_record(self.runner, self.planned)

    def write(self) -> tuple[Record, Path]:
        return write_results(self.runner, self.planned, self.out)


def test_a_record_holds_every_step_and_what_it_reported(tmp_path: Path) -> None:
    made = Made(tmp_path)
    record = made.record()
    assert record.key == made.score.key and record.outcome == "ok"
    assert [(step.key, step.seconds, step.peak_mb) for step in record.steps] == [
        (step.key, float(k), 10.0 + k) for k, step in enumerate(made.score.walk())]  # fmt: skip
    by_title = {step.title: step for step in record.steps}
    fitted = by_title["fit resnet18"]
    assert (fitted.kind, fitted.threads) == ("fit_recognizer", 2)
    assert by_title["score"].threads is None
    assert record.facts == {"fit resnet18": {"final_loss": 0.5}}
    assert (record.classes, record.confusion) == (["fear"], [[6]])
    assert record.metrics == {"accuracy": Value(value=0.5, low=0.25)}
    assert record.warnings == ["w"]
    assert record.recognizer is not None and record.recognizer.name == "resnet18"
    assert record.translator.name == "histmatch" and "irfer-bench" in record.packages
    assert record.digest and len(record.created) == len("2025-01-01T00:00:00Z")
    gone = next(iter(made.store.found))
    del made.store.found[gone]
    assert [step.key for step in made.record().steps] == [step.key for step in record.steps][1:]


def test_a_record_says_what_its_data_were(tmp_path: Path) -> None:
    made = Made(tmp_path)
    data = made.record().data
    nir, vis = "prepare synth nir normal stills", "prepare synth vis normal stills"
    assert data.crops == {nir: "n1", vis: "v1"} and data.folds == {nir: "n2", vis: "v2"}
    assert (data.train_source, data.train_target, data.test, data.pairs) == (12, 30, 6, 4)
    assert (data.subjects, data.incomplete, data.unlabelled_target) == ("checked", False, True)
    assert data.fingerprint == made.cell.source.fingerprint != ""
    assert data.predictions == keys.digest_file(made.folder / PREDICTIONS)
    assert data.other_fingerprints == {}
    missing = Made(tmp_path, prepare={"incomplete": True}).record()
    assert missing.data.incomplete
    assert missing.warnings[1:] == [
        "the dataset is incomplete: irfer-bench data check lists what is missing"]  # fmt: skip


def test_a_record_without_a_recognizer_trained_on_nothing(tmp_path: Path) -> None:
    record = Made(tmp_path, replace(cell("synth_nir_quality"), recognizer=None)).record()
    assert record.recognizer is None
    assert (record.data.train_source, record.data.train_target) == (0, 0)
    assert record.data.subjects == "unchecked"


def test_other_datasets_are_named_by_their_fingerprints(tmp_path: Path) -> None:
    start = cell()
    component = replace(start.source.component, name="elsewhere")
    other = replace(start.source, component=component, fingerprint="abc")
    fitted = replace(start, fit_on=other, fit_on_setting=start.setting)
    assert Made(tmp_path, fitted).record().data.other_fingerprints == {"elsewhere": "abc"}


def test_results_are_written_once_and_kept(tmp_path: Path) -> None:
    made = Made(tmp_path)
    record, path = made.write()
    assert records.read_record(path) == record
    assert records.predictions_path(made.out, record).read_text() == PREDICTED
    again, where = made.write()
    assert (again, where) == (record, path) and made.said == []
    predictions = records.predictions_path(made.out, record)
    predictions.write_text("edited")
    assert made.write() == (record, path)
    assert predictions.read_text() == PREDICTED
    assert predictions.with_name(f"{predictions.name}.damaged").read_text() == "edited"


def metrics(**values: float | None) -> Callable[[Record], Record]:
    return lambda record: msgspec.structs.replace(record, metrics={
        "accuracy": Value(**{"value": 0.5, "low": 0.25, **values})})  # type: ignore[arg-type]


def facts(**changes: Any) -> Callable[[Record], Record]:
    return lambda record: msgspec.structs.replace(record, **changes)


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (facts(classes=["anger"]), "another classes than this store"),
        (facts(confusion=None), "another confusion than this store"),
        (facts(metrics={}), "accuracy value None, this store 0.5"),
        (metrics(value=0.6), "accuracy value 0.6, this store 0.5"),
        (metrics(value=0.500001), "accuracy value 0.500001, this store 0.5"),
        (metrics(low=0.1), "accuracy low 0.1, this store 0.25"),
        (metrics(low=None), "accuracy low None, this store 0.25"),
        (metrics(high=0.9), "accuracy high 0.9, this store None"),
    ],
)
def test_a_record_that_differs_from_the_store_is_set_aside(
    alter: Callable[[Record], Record], said: str, tmp_path: Path
) -> None:
    made = Made(tmp_path)
    record, path = made.write()
    records.write_record(made.out, alter(record))
    after, _ = made.write()
    assert after.metrics == record.metrics and after.classes == ["fear"]
    (line,) = made.said
    assert line == f"{path.name} has {said}: set aside as {path.name}.damaged, written anew"
    assert path.with_name(f"{path.name}.damaged").is_file()


def test_counts_of_test_items_and_pairs_are_compared_and_rounding_is_not(tmp_path: Path) -> None:
    made = Made(tmp_path)
    record, _ = made.write()
    for name in ("test", "pairs"):
        data = msgspec.structs.replace(record.data, **{name: 99})
        records.write_record(made.out, msgspec.structs.replace(record, data=data))
        made.write()
        assert f"another {name} than this store" in made.said.pop()
    records.write_record(made.out, metrics(value=0.5 + 1e-8)(record))
    made.write()
    assert made.said == []


def test_a_failure_has_no_number_and_says_why(tmp_path: Path) -> None:
    made = Made(tmp_path)
    record = make_failure(made.planned, "timeout", "stopped after 3 s", made.runner)
    assert (record.outcome, record.warnings) == ("timeout", ["stopped after 3 s"])
    assert (record.metrics, record.steps, record.facts, record.confusion) == ({}, [], {}, None)
    assert record.key == made.score.key and record.classes == ["fear"]
    assert record.data.fingerprint == made.cell.source.fingerprint
    assert record.machine.precision == "fp32"
    assert make_failure(made.planned, "oom", "x").machine != record.machine
    for outcome in ("ok", "fine"):
        with pytest.raises(ValueError, match=f"'{outcome}' is no outcome of a failure"):
            make_failure(made.planned, outcome, "")  # type: ignore[arg-type]
