"""The sums of every metric over every row's items, and the intervals that follow from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isnan
from typing import TypeAlias, cast

import msgspec
import numpy as np

from irfer_bench.contracts.interfaces import SummableMetric
from irfer_bench.errors import ContractError, UnavailableError
from irfer_bench.statistics.bootstrap import FromSums, Sums, intervals_by
from irfer_bench.statistics.kept import inputs_of
from irfer_bench.statistics.measurement import Installed, from_sums_of
from irfer_bench.statistics.pooling import PREDICTED, Items, Pool
from irfer_bench.statistics.resampling import Floats
from irfer_bench.statistics.rows import Row
from irfer_bench.statistics.summation import batches, sums_of

Alike: TypeAlias = list[tuple[int, Sums]]
"""Numbers of rows and their sums."""


class Tables:
    """Sums by metric and row of one board, each computed once.

    Args:
        pools: what each row kept of its items. known: installed metrics.
        versions: the version of each metric's values on this board.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        pools: Sequence[Pool],
        known: Mapping[str, Installed | None],
        versions: Mapping[str, str],
    ) -> None:
        self.rows, self.pools, self.known, self.versions = rows, pools, known, versions
        self.problems: list[str] = []
        self._found: dict[tuple[str, int], Sums | str] = {}
        self._add_up()

    def sums(self, name: str, row: int) -> Sums | str:
        """The sums of a metric over a row's items, or why there are none."""
        if (name, row) not in self._found:
            self._found[name, row] = self._build(name, self.pools[row])
        return self._found[name, row]

    def _add_up(self) -> None:
        """The sums of rows over the same items, many rows at a time."""
        metrics = {
            name: known
            for name, known in self.known.items()
            if known is not None and known.version == self.versions[name]
        }
        alike: dict[Items, list[int]] = defaultdict(list)
        for k, own in enumerate(self.pools):
            if own.items is not None:
                alike[own.items].append(k)
        for items, members in alike.items():
            count = len(items.fits)
            for rows in batches(members, [count] * len(members)):
                for (name, place), found in _sums_of([self.pools[k] for k in rows], metrics):
                    self._found[name, rows[place]] = found

    def _build(self, name: str, own: Pool) -> Sums | str:
        known, version = self.known[name], self.versions[name]
        if own.empty:
            return "predictions are not there"
        if known is not None and known.version != version and name not in own.means:
            return f"values are of version {version} of {name}, installed is {known.version}"
        try:
            return own.sums(name, known)
        except UnavailableError as error:
            return str(error)
        except (ContractError, ValueError) as error:
            self._report(f"{name}: {error}")
            return f"metric {name}: {error}"

    def add_intervals(self) -> None:
        """Set the intervals of rows of several records; a single record has its own.

        Metrics of the same sums, such as UAR and F1, share the resampled ones.
        """
        shared: dict[tuple[tuple[int, int], ...], tuple[Alike, dict[str, FromSums]]] = {}
        for name in self.known:
            for alike in self._alike(name):
                tables = tuple((row, id(sums.table)) for row, sums in alike)
                _, formulas = shared.setdefault(tables, (alike, {}))
                formulas[name] = alike[0][1].from_sums
        for alike, formulas in shared.values():
            self._set_intervals(alike, formulas)

    def _alike(self, name: str) -> Iterable[Alike]:
        """Rows whose intervals follow from sums of one shape over the same items."""
        groups: dict[tuple[object, ...], Alike] = defaultdict(list)
        for k, row in enumerate(self.rows):
            value = row.metrics.get(name)
            if len(row.records) < 2 or value is None or value.value is None:
                continue
            if not self.pools[k].from_summands(name, self.known[name]):
                self._resample(name, k)
                continue
            found = self.sums(name, k)
            if isinstance(found, Sums):
                groups[found.items, found.table.shape].append((k, found))
        return groups.values()

    def _set_intervals(self, alike: Alike, formulas: Mapping[str, FromSums]) -> None:
        try:
            ends = intervals_by([*formulas.values()], [sums for _, sums in alike])
        except ContractError as error:
            if len(formulas) == 1:
                self._report(f"{next(iter(formulas))}: {error}")
                return
            for name, formula in formulas.items():  # one metric's fault is no other's
                self._set_intervals(alike, {name: formula})
            return
        for name, own in zip(formulas, ends, strict=True):
            for (row, _), (low, high) in zip(alike, own, strict=True):
                _set(self.rows[row], name, low, high)

    def _resample(self, name: str, row: int) -> None:
        """The interval of a metric without summands."""
        known = self.known[name]
        if known is None or known.version != self.versions[name]:
            return
        try:
            _set(self.rows[row], name, *self.pools[row].interval(known))
        except ContractError as error:
            self._report(f"{name}: {error}")

    def _report(self, problem: str) -> None:
        if f"intervals of {problem}" not in self.problems:
            self.problems.append(f"intervals of {problem}")


def _sums_of(
    pools: Sequence[Pool], metrics: Mapping[str, Installed]
) -> Iterator[tuple[tuple[str, int], Sums]]:
    """Sums of rows over the same items by metric and row, of each metric whose code gives them.

    What is left out is for `Pool.sums`, which also says why there are none.
    """
    items, inputs = pools[0].items, [own.inputs for own in pools if own.inputs is not None]
    if items is None or len(inputs) < len(pools):
        return
    joined = inputs_of(
        inputs[0].classes,
        np.concatenate([own.labels for own in inputs]),
        np.concatenate([own.scores for own in inputs if own.scores is not None]),
    )
    wanted = {
        name: known
        for name, known in metrics.items()
        if known.summable and known.resamples != 0 and known.metric.consumes <= PREDICTED
    }

    def add(summands: Floats) -> list[Floats]:
        each = summands.reshape(len(pools), len(items.fits), -1)[:, items.order]
        shape = len(pools), -1, len(items.roster.names), each.shape[-1]
        return list(np.add.reduceat(each, items.starts, axis=1).reshape(shape))

    for name, tables in sums_of(joined, wanted, add).items():
        from_sums = from_sums_of(cast("SummableMetric", wanted[name].metric))
        for row, table in enumerate(tables):
            if name not in pools[row].summands:
                yield (name, row), Sums(table, from_sums, items.roster.identity)


def _set(row: Row, name: str, low: float, high: float) -> None:
    if not isnan(low):  # one subject has no interval
        row.metrics[name] = msgspec.structs.replace(row.metrics[name], low=low, high=high)
