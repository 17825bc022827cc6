"""Files of a finished cell in the results folder: record, predictions, confusion image."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from irfer_bench.contracts.job import Outcome
from irfer_bench.engine import provenance
from irfer_bench.engine.runner import Runner
from irfer_bench.engine.stages.score import METRICS, PREDICTIONS
from irfer_bench.errors import BenchError
from irfer_bench.experiment.graph import Cell, Step
from irfer_bench.experiment.planner import PlannedCell
from irfer_bench.experiment.steps import Prepare
from irfer_bench.store import keys, records
from irfer_bench.store.artefacts import Artefact
from irfer_bench.store.files import read_json, write_text
from irfer_bench.store.records import Record, Value


def make_record(runner: Runner, planned: PlannedCell) -> Record:
    """The record of a cell whose steps are all in the store."""
    cell, last = planned.cell, planned.score
    steps = [(step, runner.store.get(step.key)) for step in last.walk()]
    score = runner.artefact(last)
    metrics = msgspec.convert(read_json(score.folder / METRICS), dict[str, Value])
    warnings = [*score.facts["warnings"]]
    data = _data(cell, steps) | {"predictions": keys.digest_file(score.folder / PREDICTIONS)}
    if data["incomplete"]:
        warnings.append("the dataset is incomplete: irfer-bench data check lists what is missing")
    for step, facts in _prepared(steps):
        if facts.get("no_face"):
            what = _what(step)
            warnings.append(
                f"{step.title}: no face found in {facts['no_face']} frames, which were {what}"
            )
    for step, artefact in steps:
        if artefact is not None and artefact.facts.get("absent"):
            names = ", ".join(artefact.facts["absent"])
            warnings.append(f"{step.title}: no training clip of {names}")
    plugins = {cell.translator.distribution}
    if cell.recognizer is not None:
        plugins.add(cell.recognizer.distribution)
    return records.sealed(
        Record(
            schema=records.SCHEMA,
            key=last.key,
            cell=describe_cell(cell),
            translator=cell.translator.describe(),
            recognizer=cell.recognizer.describe() if cell.recognizer else None,
            data=data,
            metrics=metrics,
            confusion=score.facts["confusion"],
            classes=list(cell.setting.classes),
            steps=[_step(step, artefact) for step, artefact in steps if artefact is not None],
            facts={
                step.title: artefact.facts["reports"]
                for step, artefact in steps
                if artefact is not None and artefact.facts.get("reports")
            },
            machine=provenance.machine() | {"device": runner.device, "precision": runner.precision},
            packages=provenance.packages(plugins),
            created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            warnings=warnings,
        )
    )


def make_failure(
    planned: PlannedCell, outcome: Outcome, message: str, runner: Runner | None = None
) -> Record:
    """The record of a cell that has no result: no metrics, and the reason among the warnings."""
    cell = planned.cell
    machine = {} if runner is None else {"device": runner.device, "precision": runner.precision}
    return records.sealed(
        Record(
            schema=records.SCHEMA,
            key=planned.score.key,
            cell=describe_cell(cell),
            translator=cell.translator.describe(),
            recognizer=cell.recognizer.describe() if cell.recognizer else None,
            data={"fingerprint": cell.source.fingerprint},
            metrics={},
            confusion=None,
            classes=list(cell.setting.classes),
            steps=[],
            facts={},
            machine=provenance.machine() | machine,
            packages=provenance.packages({cell.translator.distribution}),
            created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            outcome=outcome,
            warnings=[message],
        )
    )


def describe_cell(cell: Cell) -> dict[str, Any]:
    """What a record says of its cell."""
    setting, translator, recognizer = cell.row
    return {
        "setting": setting,
        "setting_version": cell.setting.version,
        "dataset": cell.setting.dataset,
        "translator": translator,
        "recognizer": recognizer,
        "preset": cell.translator.preset,
        "fold": cell.fold,
        "seed": cell.seed,
        "folds": cell.setting.folds,
        "seeds": cell.setting.seeds,
        "primary": cell.setting.primary,
        "precision": cell.precision,
        "fit_translator_on": cell.fit_on.name if cell.fit_on else "",
        **({"further_metrics": list(cell.metrics)} if cell.metrics else {}),
    }


def write_results(runner: Runner, planned: PlannedCell, out: Path) -> tuple[Record, Path]:
    """Write record and predictions; what is there already and whole stays."""
    found = records.find(out, describe_cell(planned.cell), planned.score.key)
    if found is not None and records.predictions_are_whole(out, found[0]):
        return found
    record = make_record(runner, planned)
    predictions = records.predictions_path(out, record)
    if predictions.is_file() and not records.predictions_are_whole(out, record):
        records.set_aside(predictions)
    source = runner.artefact(planned.score).folder / PREDICTIONS
    write_text(predictions, source.read_text(encoding="utf-8"))
    if found is not None and found[0].data.get("predictions") == record.data["predictions"]:
        return found
    return record, records.write_record(out, record)


def _data(cell: Cell, steps: list[tuple[Step, Artefact | None]]) -> dict[str, Any]:
    facts = {step.kind: artefact.facts for step, artefact in steps if artefact is not None}
    prepared = {step.title: facts for step, facts in _prepared(steps)}
    others = {s.name: s.fingerprint for s in (*cell.foreign.values(), cell.fit_on) if s is not None}
    return {
        "fingerprint": cell.source.fingerprint,
        **({"other_fingerprints": others} if others else {}),
        "crops": {title: facts.get("crops", "") for title, facts in prepared.items()},
        "folds": {title: facts.get("folds", "") for title, facts in prepared.items()},
        "incomplete": any(facts.get("incomplete") for facts in prepared.values()),
        "subjects": facts.get("fit_recognizer", {}).get("subjects", "unchecked"),
        "train_source": facts.get("fit_recognizer", {}).get("source", 0),
        "train_target": facts.get("fit_recognizer", {}).get("target", 0),
        "test": facts["score"]["test"],
        "pairs": facts["score"]["pairs"],
        "unlabelled_target": cell.reads_unlabelled,
    }


def _prepared(
    steps: list[tuple[Step, Artefact | None]],
) -> Iterator[tuple[Step, Mapping[str, Any]]]:
    for step, artefact in steps:
        if artefact is not None and step.kind == "prepare":
            yield step, artefact.facts


def _what(step: Step) -> str:
    dropped = isinstance(step.spec, Prepare) and step.spec.no_face == "drop"
    return "dropped" if dropped else "taken whole"


def _step(step: Step, artefact: Artefact) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "title": step.title,
        "key": step.key,
        "seconds": artefact.seconds,
        "peak_mb": artefact.peak_mb,
    }


def summarise(record: Record, path: Path) -> Mapping[str, Any]:
    """What `--json` prints of a cell."""
    return {
        "cell": record.cell,
        "setting": record.cell["setting"],
        "outcome": record.outcome,
        "metrics": {
            name: {"value": v.value, "low": v.low, "high": v.high}
            | ({"reason": v.reason} if v.reason else {})
            for name, v in record.metrics.items()
        },
        "timings": {step["title"]: step["seconds"] for step in record.steps},
        "record": str(path),
        "warnings": record.warnings,
    }


def summarise_failure(cell: Cell, error: BenchError | None) -> Mapping[str, Any]:
    """What `--json` prints of a cell that has no record."""
    return _empty("failed", str(error)) | {
        "cell": describe_cell(cell),
        "setting": cell.setting.name,
    }


def summarise_refusal(reason: str) -> Mapping[str, Any]:
    """What `--json` prints of a combination that was refused."""
    return _empty("refused", reason)


def _empty(outcome: str, warning: str) -> dict[str, Any]:
    return {
        "cell": None,
        "setting": None,
        "outcome": outcome,
        "metrics": {},
        "timings": {},
        "record": None,
        "warnings": [warning],
    }


def dump(value: Any) -> str:
    """One JSON object as text."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
