"""Files of a finished cell in the results folder: record, predictions, confusion image."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import isclose
from pathlib import Path
from typing import Any, get_args

import msgspec

from irfer_bench.contracts.record import (
    CellFacts,
    DataFacts,
    MethodFacts,
    Outcome,
    Record,
    StepFacts,
    Value,
)
from irfer_bench.data.coverage import counted
from irfer_bench.engine import provenance
from irfer_bench.engine.runner import Runner
from irfer_bench.engine.stages import METRICS, PREDICTIONS
from irfer_bench.experiment.graph import Cell, Step
from irfer_bench.experiment.methods import Method
from irfer_bench.experiment.plan import PlannedCell
from irfer_bench.experiment.steps import Prepare
from irfer_bench.store import keys, records
from irfer_bench.store.artefacts import Artefact
from irfer_bench.store.files import read_json, write_text


def make_record(runner: Runner, planned: PlannedCell) -> Record:
    """The record of a cell whose steps are all in the store."""
    cell, last = planned.cell, planned.score
    steps = [(step, runner.store.get(step.key)) for step in last.walk()]
    score = runner.artefact(last)
    data = _data(cell, steps, keys.digest_file(score.folder / PREDICTIONS))
    return records.sealed(
        Record(
            schema=records.SCHEMA,
            key=last.key,
            cell=describe_cell(cell),
            translator=_method(cell.translator),
            recognizer=_method(cell.recognizer) if cell.recognizer else None,
            data=data,
            metrics=_stored_metrics(score),
            confusion=score.facts["confusion"],
            classes=list(cell.setting.classes),
            steps=[_step(step, artefact) for step, artefact in steps if artefact is not None],
            facts={
                step.title: artefact.facts["reports"]
                for step, artefact in steps
                if artefact is not None and artefact.facts.get("reports")
            },
            machine=provenance.machine(runner.device, runner.precision),
            packages=provenance.packages(_distributions(cell)),
            created=_now(),
            warnings=_warnings(score, data, steps, audio=cell.setting.audio),
        )
    )


def make_failure(
    planned: PlannedCell, outcome: Outcome, message: str, runner: Runner | None = None
) -> Record:
    """The record of a cell that has no result: no metrics, and the reason among the warnings.

    `records.write_record` never writes it over a result.

    Args:
        outcome: `failed`, `timeout`, `oom` or `refused`.
        runner: gives device and precision; None where the cell was not started.

    Raises:
        ValueError: `ok`, or an unknown outcome.
    """
    if outcome == "ok" or outcome not in get_args(Outcome):
        raise ValueError(f"{outcome!r} is no outcome of a failure")
    cell = planned.cell
    return records.sealed(
        Record(
            schema=records.SCHEMA,
            key=planned.score.key,
            cell=describe_cell(cell),
            translator=_method(cell.translator),
            recognizer=_method(cell.recognizer) if cell.recognizer else None,
            data=DataFacts(fingerprint=cell.source.fingerprint or ""),
            metrics={},
            confusion=None,
            classes=list(cell.setting.classes),
            steps=[],
            facts={},
            machine=provenance.machine(*((runner.device, runner.precision) if runner else ())),
            packages=provenance.packages(_distributions(cell)),
            created=_now(),
            outcome=outcome,
            warnings=[provenance.without_folders(message)],
        )
    )


def describe_cell(cell: Cell) -> CellFacts:
    """The cell's part of a record."""
    setting, translator, recognizer = cell.row
    return CellFacts(
        setting=setting,
        setting_version=cell.setting.version,
        dataset=cell.setting.dataset,
        translator=translator,
        recognizer=recognizer,
        preset=cell.translator.preset,
        fold=cell.fold,
        seed=cell.seed,
        folds=cell.setting.folds,
        seeds=cell.setting.seeds,
        primary=cell.setting.primary,
        precision=cell.precision,
        fit_translator_on=cell.fit_on.name if cell.fit_on else "",
        further_metrics=list(cell.metrics),
    )


def write_results(runner: Runner, planned: PlannedCell, out: Path) -> tuple[Record, Path]:
    """Write record and predictions; an existing record that agrees with the store is kept.

    A record that disagrees with this store is set aside as `.damaged`, with a message.
    """
    found = records.find(out, describe_cell(planned.cell), planned.score.key)
    score = runner.artefact(planned.score)
    if found is not None and (wrong := _disagreement(found[0], planned, score)):
        records.set_aside(found[1])
        runner.reporter.line(
            f"{found[1].name} has {wrong}: set aside as {found[1].name}.damaged, written anew"
        )
        found = None
    if found is not None and records.predictions_are_whole(out, found[0]):
        return found
    record = make_record(runner, planned)
    if not records.predictions_are_whole(out, record):
        predictions = records.predictions_path(out, record)
        if predictions.is_file():
            records.set_aside(predictions)
        write_text(predictions, (score.folder / PREDICTIONS).read_text(encoding="utf-8"))
    if found is not None and found[0].data.predictions == record.data.predictions:
        return found
    return record, records.write_record(out, record)


def _disagreement(record: Record, planned: PlannedCell, score: Artefact) -> str:
    """The first count, metric or interval of a record that is not the store's; or empty."""
    counts = {
        "classes": (record.classes, list(planned.cell.setting.classes)),
        "confusion": (record.confusion, score.facts["confusion"]),
        "test": (record.data.test, score.facts["test"]),
        "pairs": (record.data.pairs, score.facts["pairs"]),
    }
    for name, (recorded, expected) in counts.items():
        if recorded != expected:
            return f"another {name} than this store"
    return _differing_metric(record.metrics, _stored_metrics(score))


def _differing_metric(written: Mapping[str, Value], stored: Mapping[str, Value]) -> str:
    """The first metric that differs from the store in its value or interval; or empty."""
    for name in sorted(written.keys() | stored.keys()):
        expected, recorded = stored.get(name), written.get(name)
        for end in ("value", "low", "high"):
            in_record, in_store = getattr(recorded, end, None), getattr(expected, end, None)
            if (in_record is None) != (in_store is None) or (
                in_record is not None
                and in_store is not None
                and not isclose(in_record, in_store, rel_tol=1e-6, abs_tol=1e-9)
            ):
                return f"{name} {end} {in_record}, this store {in_store}"
    return ""


def _stored_metrics(score: Artefact) -> dict[str, Value]:
    return msgspec.convert(read_json(score.folder / METRICS), dict[str, Value])


def _method(method: Method) -> MethodFacts:
    return msgspec.convert(msgspec.to_builtins(method.describe()), MethodFacts)


def _distributions(cell: Cell) -> set[str]:
    methods = (cell.translator, cell.recognizer)
    return {method.distribution for method in methods if method is not None}


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _warnings(
    score: Artefact, data: DataFacts, steps: Sequence[tuple[Step, Artefact | None]], audio: bool
) -> list[str]:
    warnings = [*score.facts["warnings"]]
    if data.incomplete:
        warnings.append("the dataset is incomplete: irfer-bench data check lists what is missing")
    for step, facts in _prepared(steps):
        if facts.get("no_face"):
            dropped = isinstance(step.spec, Prepare) and step.spec.no_face == "drop"
            what = "dropped" if dropped else "taken whole"
            warnings.append(
                f"{step.title}: no face found in {facts['no_face']} frames, which were {what}"
            )
        if audio and facts.get("without_audio"):
            warnings.append(
                f"{step.title}: {facts['without_audio']} of {facts['clips']} clips have no audio"
            )
        if facts.get("every", 1) > 1:
            warnings.append(
                f"{step.title}: the detector looked at every frame number {facts['every']} and the "
                "last, faces between are interpolated"
            )
        if outside := Counter(facts.get("outside", {})):
            total = outside.total() + facts["items"]
            warnings.append(
                f"{step.title}: {outside.total()} of {total} items ({counted(outside)}) are "
                "outside the setting's classes"
            )
    for step, artefact in steps:
        if artefact is not None and artefact.facts.get("absent"):
            names = ", ".join(artefact.facts["absent"])
            warnings.append(f"{step.title}: no training clip of {names}")
    return warnings


def _data(cell: Cell, steps: Sequence[tuple[Step, Artefact | None]], predictions: str) -> DataFacts:
    facts = {step.kind: artefact.facts for step, artefact in steps if artefact is not None}
    prepared = {step.title: facts for step, facts in _prepared(steps)}
    others = (*cell.foreign.values(), cell.fit_on)
    fit = facts.get("fit_recognizer", {})
    return DataFacts(
        fingerprint=cell.source.fingerprint or "",
        other_fingerprints={s.name: s.fingerprint or "" for s in others if s is not None},
        crops={title: facts.get("crops", "") for title, facts in prepared.items()},
        folds={title: facts.get("folds", "") for title, facts in prepared.items()},
        incomplete=any(facts.get("incomplete") for facts in prepared.values()),
        subjects=fit.get("subjects", "unchecked"),
        train_source=fit.get("source", 0),
        train_target=fit.get("target", 0),
        test=facts["score"]["test"],
        pairs=facts["score"]["pairs"],
        unlabelled_target=cell.reads_unlabelled,
        predictions=predictions,
    )


def _prepared(
    steps: Sequence[tuple[Step, Artefact | None]],
) -> Iterator[tuple[Step, Mapping[str, Any]]]:
    for step, artefact in steps:
        if artefact is not None and step.kind == "prepare":
            yield step, artefact.facts


def _step(step: Step, artefact: Artefact) -> StepFacts:
    return StepFacts(
        kind=step.kind,
        title=step.title,
        key=step.key,
        seconds=artefact.seconds,
        peak_mb=artefact.peak_mb,
        threads=artefact.facts.get("threads"),
    )
