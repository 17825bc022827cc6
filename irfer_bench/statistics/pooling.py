"""A row's predictions and kept summands, folds and seeds pooled: what intervals are made of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np

from irfer_bench.contracts.record import Kept, Record
from irfer_bench.contracts.values import ScoreInputs
from irfer_bench.errors import ContractError, UnavailableError
from irfer_bench.statistics.bootstrap import Sums, interval
from irfer_bench.statistics.kept import KeptItems, Reader, Tested, TestItems, inputs_of
from irfer_bench.statistics.measurement import (
    Installed,
    from_sums_of,
    mean_of_sums,
    summands_of,
    value_of,
)
from irfer_bench.statistics.resampling import DRAWS, Floats, Ints, name_clusters, resample_fits

PREDICTED = frozenset({"scores", "labels", "classes"})
"""What a predictions file keeps of every test item."""


@dataclass(frozen=True, eq=False)
class Roster:
    """Who was tested, sorted: equal rosters can be compared item by item."""

    names: tuple[str, ...]
    identity: str


@dataclass(frozen=True, eq=False)
class Items:
    """Items of one row: which fit predicted each, and its cluster.

    Args:
        fits, groups: (N,) numbers. roster: of one fit, the same for each.
        order, starts: positions sorted by fit and cluster, and where each cluster starts there.
    """

    fits: Ints
    groups: Ints
    roster: Roster
    order: Ints
    starts: Ints


@dataclass(eq=False)
class Pool:
    """What a row's records kept of their items; empty where any of them kept nothing."""

    items: Items | None = None
    inputs: ScoreInputs | None = None
    pairs: Items | None = None
    summands: dict[str, Floats] = field(default_factory=dict)
    means: frozenset[str] = frozenset()
    """Metrics whose summands are those of a mean, whatever the installed metric says."""
    _tables: dict[int, tuple[Floats, Floats]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether nothing was kept, or a predictions file is not there."""
        return self.items is None and self.pairs is None

    def from_summands(self, name: str, known: Installed | None) -> bool:
        """Whether a metric follows from kept summands or gives them; else it is resampled."""
        return name in self.summands or known is None or known.summable

    def sums(self, name: str, known: Installed | None) -> Sums:
        """The row's sums of one metric.

        Raises:
            UnavailableError: the metric is not installed, or keeps nothing from which it follows.
            ContractError: its code does not keep its contract.
        """
        if name in self.summands and self.pairs is not None:
            if name in self.means:
                return self._sums(self.summands[name], self.pairs, mean_of_sums)
            if known is None:
                raise UnavailableError(f"metric {name} is not installed here")
            return self._sums(self.summands[name], self.pairs, from_sums_of(_metric(known)))
        if known is None:
            raise UnavailableError(f"metric {name} is not installed here")
        if not known.metric.consumes <= PREDICTED:
            raise UnavailableError(f"metric {name} keeps no per-item values")
        if self.inputs is None or self.items is None:
            raise UnavailableError("predictions were not kept")
        if known.resamples == 0:
            raise UnavailableError(f"metric {name} is not resampled")
        if not known.summable:
            return self._jackknife(known)
        metric = _metric(known)
        summands = summands_of(metric, self.inputs, len(self.items.fits))
        return self._sums(summands, self.items, from_sums_of(metric))

    def interval(self, known: Installed) -> tuple[float, float]:
        """Percentile interval of a metric without summands, by `compute` on resampled items."""
        if not known.metric.consumes <= PREDICTED or self.inputs is None or self.items is None:
            return np.nan, np.nan
        if len(self.items.roster.names) < 2 or known.resamples == 0:
            return np.nan, np.nan
        draws = DRAWS if known.resamples is None else min(DRAWS, known.resamples)
        chosen = resample_fits(self.items.fits, self.items.groups, draws)
        found = [value_of(known.metric, self.inputs, index) for index in chosen]
        return interval(np.where(np.isinf(found), np.nan, found))

    def _sums(
        self, summands: Floats, items: Items, from_sums: Callable[[Floats], Floats]
    ) -> Sums:
        known = self._tables.get(id(summands))
        if known is None:  # metrics of the confusion matrix give the same summands
            shape = -1, len(items.roster.names), summands.shape[1]
            known = summands, np.add.reduceat(summands[items.order], items.starts).reshape(shape)
            self._tables[id(summands)] = known
        return Sums(known[1], from_sums, items.roster.identity)

    def _jackknife(self, known: Installed) -> Sums:
        """A contribution per fit and subject whose mean is what `compute` gives.

        It is how much the value falls when the subject is left out (the jackknife), so that any
        metric can be compared subject by subject.
        """
        assert self.items is not None and self.inputs is not None
        fits, groups = self.items.fits, self.items.groups
        count = len(self.items.roster.names)
        table = np.ones((int(fits.max()) + 1, count, 2))
        for fit in range(len(table)):
            own = np.flatnonzero(fits == fit)
            whole = value_of(known.metric, self.inputs, own)
            without = np.array([
                value_of(known.metric, self.inputs, own[groups[own] != group])
                for group in range(count)
            ]) if count > 1 else np.array([whole])  # fmt: skip
            table[fit, :, 0] = whole + (count - 1) * (without.mean() - without)
        if not np.isfinite(table).all():
            raise UnavailableError("the metric has no value without one of the subjects")
        return Sums(table, mean_of_sums, self.items.roster.identity)


def pool(records: Sequence[Record], reader: Reader) -> Pool:
    """Read and join the predictions of some records of one row.

    Raises:
        DamagedError: a file is not what was written beside its record.
        ValueError: an item comes more often in one seed than in another.
    """
    read = [reader.read(record) for record in records]
    whole = [each for each in read if each is not None]
    made = Pool()
    if len(whole) < len(read):
        return made
    seeds = sorted({record.cell.seed for record in records})
    fits = [seeds.index(record.cell.seed) for record in records]
    if any(record.classes != records[0].classes for record in records):
        raise ValueError("records of one row have different classes")
    items = [each.items for each in whole if each.items is not None]
    if len(items) == len(whole):
        _join_items(made, items, fits)
    _join_pairs(made, whole, fits)
    return made


def _join_items(made: Pool, kept: list[TestItems], fits: list[int]) -> None:
    made.items = _join(tuple(each.tested for each in kept), tuple(fits))
    made.inputs = inputs_of(
        kept[0].tested.classes,
        np.concatenate([each.tested.labels for each in kept]),
        np.concatenate([each.scores for each in kept]),
    )


def _join_pairs(made: Pool, whole: list[KeptItems], fits: list[int]) -> None:
    kept = [each.file for each in whole]
    if not any(each.pairs for each in kept):
        return
    made.pairs = _join(tuple(each.pairs for each in whole), tuple(fits))
    means = set()
    for name in {name for each in kept for name in (*each.values, *each.summands)}:
        rows = [_rows(each, name) for each in kept]
        if any(row is None for row in rows):
            continue
        joined = np.concatenate([row for row in rows if row is not None])
        if len(joined) != len(made.pairs.fits) or not np.isfinite(joined).all():
            raise ValueError(f"{name}: kept summands are not one row of numbers for each pair")
        if any(name in each.values for each in kept):
            if joined.shape[1] != 2 or (joined[:, 1] != 1).any():
                continue  # old values of a mean beside summands of something else
            means.add(name)
        made.summands[name] = joined
    made.means = frozenset(means)


def _rows(kept: Kept, name: str) -> Floats | None:
    if name in kept.summands:
        return np.array(kept.summands[name], np.float64)
    if name in kept.values:
        values = np.array(kept.values[name], np.float64)
        return np.stack([values, np.ones(len(values))], axis=1)
    return None


@lru_cache(maxsize=64)
def _join(tested: tuple[Tested, ...], fits: tuple[int, ...]) -> Items:
    """Most rows of a board were tested on the same items, in the same order.

    Args:
        tested: of each record. fits: the number of each record's fit.
    """
    names = [*chain.from_iterable(each.ids for each in tested)]
    people = [*chain.from_iterable(each.subjects for each in tested)]
    truth = [*chain.from_iterable(each.names or [""] * len(each.ids) for each in tested)]
    groups, clusters = name_clusters(people, names)
    numbers = np.repeat(fits, [len(each.ids) for each in tested]).astype(np.int64)
    facts: list[list[tuple[str, str | None, str]]] = [[] for _ in range(max(fits) + 1)]
    for fit, name, person, true in zip(numbers, names, people, truth, strict=True):
        facts[fit].append((name, person, true))
    rosters = [sorted(own, key=repr) for own in facts]
    first = rosters[0]
    if any(own != first for own in rosters[1:]) or len(set(first)) != len(first):
        raise ValueError("some items of a row were predicted by more seeds than others")
    codes = numbers * len(clusters) + groups
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    # A digest, because rows are compared by it again and again.
    identity = hashlib.sha256(repr((tested[0].classes, first)).encode()).hexdigest()
    return Items(numbers, groups, Roster(clusters, identity), order, starts)


def _metric(known: Installed) -> Any:
    if not known.summable:
        raise ContractError("the installed metric has no from_sums for the summands that were kept")
    return known.metric
