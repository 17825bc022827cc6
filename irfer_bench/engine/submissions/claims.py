"""What a record says of itself against the registered setting, its own parts and the clock."""

from __future__ import annotations

import re
import time
from calendar import timegm
from collections.abc import Iterator
from itertools import chain
from typing import get_args

from irfer_bench.contracts.record import MethodFacts, Record
from irfer_bench.experiment.graph import StepKind
from irfer_bench.settings.setting import Setting
from irfer_bench.statistics.measurement import Lookup

BEGINNING = "2026-11-20T00:00:00Z"
"""Nobody made a record before."""
DAY = 86400.0
TIME = "%Y-%m-%dT%H:%M:%SZ"
MEMORY_LIMIT = 64 * 2**20
"""MB of a process: 64 TB."""
_KEY = re.compile("[0-9a-f]{64}")
_BRACKETS = str.maketrans("", "", "()[], ")


def find_claims(record: Record, setting: Setting | None, lookup: Lookup) -> Iterator[str]:
    """Contradictions inside one record, one sentence each.

    Args:
        setting: as registered here; None where it is not installed or of another version.
        lookup: installed metrics by name.
    """
    yield from _of_parts(record)
    yield from _of_times(record)
    if setting is not None:
        yield from _of_setting(record, setting)
    yield from _of_metrics(record, setting, lookup)


def _of_parts(record: Record) -> Iterator[str]:
    cell, ok = record.cell, record.outcome == "ok"
    if not _KEY.fullmatch(record.key):
        yield f"{record.key[:80]!r} is no key of 64 hexadecimal digits"
    for role, facts in (("translator", record.translator), ("recognizer", record.recognizer)):
        row = getattr(cell, role)
        if not _names(row, facts):
            yield f"the row's {role} {row!r} is not the {role} described: {_row_name(facts)!r}"
        if facts is not None and facts.preset != cell.preset:
            yield f"preset {cell.preset!r}, and {role} {facts.name} with {facts.preset!r}"
    if cell.fold < 1:
        yield f"fold {cell.fold}: folds count from 1"
    if cell.seed < 0:
        yield f"seed {cell.seed} is negative"
    if len(set(record.classes)) < len(record.classes):
        yield "a class is named twice"
    if ok and not record.metrics:
        yield "no metric, and the outcome is ok"
    if not ok and record.metrics:
        yield f"the outcome is {record.outcome}, and there are metrics"
    yield from _of_confusion(record)


def _of_confusion(record: Record) -> Iterator[str]:
    if record.confusion is None:
        return
    if any(count < 0 for count in chain.from_iterable(record.confusion)):
        yield "the confusion matrix has negative counts"
    elif (total := sum(chain.from_iterable(record.confusion))) != record.data.test:
        yield f"the confusion matrix counts {total} items, {record.data.test} were tested"


def _row_name(facts: MethodFacts | None) -> str:
    """As `Method.row_name` makes it."""
    if facts is None:
        return "-"
    name = f"{facts.name}@{facts.variant}" if facts.variant else facts.name
    changes = ", ".join(f"{key}={value}" for key, value in sorted(facts.given.items()))
    return f"{name} ({changes})" if changes else name


def _names(row: str, facts: MethodFacts | None) -> bool:
    """Whether a row's name is that of the method; brackets of lists are not compared."""
    name = _row_name(facts)
    asked = {name, f"{facts.distribution}:{name}"} if facts is not None else {name}
    return row.translate(_BRACKETS) in {text.translate(_BRACKETS) for text in asked}


def _of_times(record: Record) -> Iterator[str]:
    try:
        created = timegm(time.strptime(record.created, TIME))
    except ValueError:
        yield f"created {record.created[:40]!r} is no time such as {BEGINNING}"
        return
    longest = created - timegm(time.strptime(BEGINNING, TIME)) + DAY
    if longest < 0:
        yield f"created {record.created}, before irfer-bench existed"
        return
    for step in record.steps:
        if step.kind not in get_args(StepKind):
            yield f"there is no step of kind {step.kind[:40]!r}"
        if not _KEY.fullmatch(step.key):
            yield f"step {step.title[:80]!r} has no key of 64 hexadecimal digits"
        if step.seconds < 0:
            yield f"step {step.title[:80]!r} took {step.seconds:g} seconds"
        elif step.seconds > longest:
            yield (
                f"step {step.title[:80]!r} took {step.seconds:g} seconds, "
                "more than passed from the first irfer-bench to the record"
            )
        if step.peak_mb is not None and not 0 < step.peak_mb <= MEMORY_LIMIT:
            yield f"step {step.title[:80]!r} took {step.peak_mb:g} MB of memory"
        if step.threads is not None and step.threads < 1:
            yield f"step {step.title[:80]!r} had {step.threads} threads"
    if len({step.key for step in record.steps}) < len(record.steps):
        yield "two steps have one key"
    for name in ("cores", "threads"):
        count = getattr(record.machine, name)
        if count is not None and count < 1:
            yield f"the machine had {count} {name}"


def _of_setting(record: Record, setting: Setting) -> Iterator[str]:
    cell = record.cell
    for name in ("folds", "seeds", "primary"):
        claimed, registered = getattr(cell, name), getattr(setting, name)
        if claimed != registered:
            yield f"{name} {claimed}: the setting has {registered}"
    if cell.fold > setting.folds:
        yield f"fold {cell.fold}: the setting has {setting.folds}"
    if cell.dataset not in ("", setting.dataset):
        yield f"dataset {cell.dataset!r}: the setting's is {setting.dataset}"
    if setting.classes and tuple(record.classes) != setting.classes:
        yield "the classes are not the setting's"
    if record.outcome == "ok":
        missing = [name for name in setting.metrics if name not in record.metrics]
        if missing:
            yield f"{', '.join(missing)} of the setting's metrics missing"


def _of_metrics(record: Record, setting: Setting | None, lookup: Lookup) -> Iterator[str]:
    asked = {*setting.metrics, *record.cell.further_metrics} if setting is not None else None
    for name, value in record.metrics.items():
        if asked is not None and name not in asked:
            yield f"metric {name!r} is neither the setting's nor among further_metrics"
        known = lookup(name)
        if known is None or known.version != value.version:
            continue
        for fact in ("direction", "unit"):
            claimed, registered = getattr(value, fact), getattr(known.metric, fact)
            if claimed != registered:
                yield f"{fact} of {name} {claimed!r}: the metric has {registered!r}"
