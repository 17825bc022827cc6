"""Rows of a board: all records that are equal but for fold and seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from irfer_bench.contracts.record import MethodFacts, Record, Value
from irfer_bench.statistics.comparison import Rank
from irfer_bench.statistics.predicted import only_class
from irfer_bench.store.keys import canonical

_IDENTITY = msgspec.json.Encoder(order="deterministic")


@dataclass
class Row:
    """All records equal but for fold and seed.

    Args:
        ranks: by family: among the translators of its recognizer, and the other way round.
        rank: the best rank it may have in the family that orders the board.
        provisional: of a partial row, ranks among rows of the same folds and seeds.
        number: by which `p` names the row. p: by family, Holm-adjusted p against the compared
            rows by their numbers.
        kept: whether its predictions are there, so that its values could be checked.
    """

    translator: str
    recognizer: str
    records: list[Record]
    rank: int | None = None
    ranks: dict[str, Rank] = field(default_factory=dict)
    provisional: dict[str, Rank] = field(default_factory=dict)
    number: int = 0
    p: dict[str, dict[int, float]] = field(default_factory=dict)
    marks: list[str] = field(default_factory=list)
    metrics: dict[str, Value] = field(default_factory=dict)
    seconds: float = 0.0
    complete: bool = False
    kept: bool = True

    @property
    def fits(self) -> int:
        """Number of seeds."""
        return len({record.cell.seed for record in self.records})

    @property
    def cells(self) -> tuple[tuple[int, int], ...]:
        """Fold and seed of each record, in order."""
        return tuple(sorted((record.cell.fold, record.cell.seed) for record in self.records))


def make_rows(records: Sequence[Record]) -> Iterator[Row]:
    """The rows of one board: records that differ in fold and seed alone are one row."""
    named: dict[tuple[str, str], dict[bytes, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in sorted(records, key=lambda r: (r.cell.fold, r.cell.seed, r.created, r.key)):
        _, translator, recognizer = record.row
        named[translator, recognizer][_group(record)].append(record)
    for (translator, recognizer), kinds in named.items():
        differing = _differences([members[0] for members in kinds.values()])
        for members, marks in zip(kinds.values(), differing, strict=True):
            yield _row(translator, recognizer, _latest(members), marks)


def _group(record: Record) -> bytes:
    """One value per row: equal for records that are equal but for fold and seed."""
    facts = _identity(record)
    try:
        return _IDENTITY.encode(facts)
    except UnicodeEncodeError:  # half of a surrogate pair, as in a file name that is no UTF-8
        return canonical(facts).encode()


def _identity(record: Record) -> dict[str, Any]:
    """What two records of one row have in common besides their names."""
    facts = {name: getattr(record.cell, name) for name in ("precision", "fit_translator_on")}
    for role in ("translator", "recognizer"):
        method: MethodFacts | None = getattr(record, role)
        for name in ("version", "distribution", "inputs", "params"):
            facts[f"{role} {name}"] = getattr(method, name, None)
    return facts


def _differences(records: Sequence[Record]) -> list[list[str]]:
    """In what each of several rows of one name differs from the others."""
    known = [_identity(record) for record in records]
    odd = [name for name in known[0] if len({canonical(facts[name]) for facts in known}) > 1]
    return [[f"{name} {canonical(facts[name])[:60]}" for name in odd] for facts in known]


def _latest(records: Sequence[Record]) -> list[Record]:
    """One record per fold and seed: the newest."""
    newest = {(record.cell.fold, record.cell.seed): record for record in records}
    return [newest[key] for key in sorted(newest)]


def _row(translator: str, recognizer: str, records: list[Record], marks: list[str]) -> Row:
    cell = records[0].cell
    folds: dict[int, set[int]] = defaultdict(set)
    for record in records:
        folds[record.cell.seed].add(record.cell.fold)
    whole = {seed for seed, own in folds.items() if len(own) >= cell.folds}
    row = Row(translator, recognizer, records, complete=len(whole) >= cell.seeds)
    if row.complete:  # a further seed counts when all its folds are there
        row.records = records = [r for r in records if r.cell.seed in whole]
    else:
        there = len(set.union(*folds.values()))
        row.marks.append(
            f"partial: {there} of {cell.folds} folds, {len(folds)} of {cell.seeds} seeds"
        )
    if cell.fit_translator_on:
        row.marks.append(f"translator fitted on {cell.fit_translator_on}")
    if any(record.data.unlabelled_target for record in records):
        row.marks.append("unlabelled target")
    if any(record.data.incomplete for record in records):
        row.marks.append("incomplete data")
    if any(r.data.subjects == "unchecked" for r in records if r.recognizer):
        row.marks.append("subjects unchecked")
    if any(r.recognizer and r.recognizer.drawn_faces for r in records):
        row.marks.append("backbone trained on drawn faces")
    if all(only_class(record) for record in records):
        row.marks.append("one class predicted for all items of each fold")
    row.marks += [*_attention(records), *marks]
    row.seconds = sum(step.seconds for record in records for step in record.steps)
    for name in records[0].metrics:
        row.metrics[name] = _mean([r.metrics[name] for r in records if name in r.metrics])
    return row


def _attention(records: Sequence[Record]) -> list[str]:
    """The range of the entropies that recognizers with attention reported, as shares of log C."""
    found = [
        float(value)
        for record in records
        for facts in record.facts.values()
        if isinstance(facts, dict)
        for name, value in facts.items()
        if name.startswith("attention_entropy") and isinstance(value, int | float)
    ]
    if not found:
        return []
    return [f"entropy of its attention {min(found):.3f} to {max(found):.3f} of a uniform one"]


def _mean(values: Sequence[Value]) -> Value:
    """Mean over folds and seeds; the interval is kept only where there is one record."""
    if len(values) == 1:
        return values[0]
    known = [value.value for value in values if value.value is not None]
    first = values[0]
    if len(known) < len(values):
        reason = next((value.reason for value in values if value.reason), "")
        return Value(value=None, reason=reason, direction=first.direction, unit=first.unit)
    return Value(value=sum(known) / len(known), direction=first.direction, unit=first.unit)
