"""The sums of every metric over every row's items, and the intervals that follow from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import isnan

import msgspec

from irfer_bench.errors import ContractError, UnavailableError
from irfer_bench.statistics.bootstrap import Sums, intervals
from irfer_bench.statistics.measurement import Installed
from irfer_bench.statistics.pooling import Items, Pool, sums_of_pools
from irfer_bench.statistics.rows import Row
from irfer_bench.statistics.summation import batches


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
                for (name, place), found in sums_of_pools([self.pools[k] for k in rows], metrics):
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

    def add_intervals(self, name: str) -> None:
        """Set the intervals of rows of several records; a single record has its own."""
        groups: dict[tuple[object, ...], list[tuple[Row, Sums]]] = defaultdict(list)
        for k, row in enumerate(self.rows):
            value = row.metrics.get(name)
            if len(row.records) < 2 or value is None or value.value is None:
                continue
            if not self.pools[k].from_summands(name, self.known[name]):
                self._resample(name, k)
                continue
            found = self.sums(name, k)
            if isinstance(found, Sums):
                groups[found.items, found.table.shape].append((row, found))
        for members in groups.values():
            try:
                ends = intervals([found for _, found in members])
            except ContractError as error:
                self._report(f"{name}: {error}")
                continue
            for (row, _), (low, high) in zip(members, ends, strict=True):
                _set(row, name, low, high)

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


def _set(row: Row, name: str, low: float, high: float) -> None:
    if not isnan(low):  # one subject has no interval
        row.metrics[name] = msgspec.structs.replace(row.metrics[name], low=low, high=high)
