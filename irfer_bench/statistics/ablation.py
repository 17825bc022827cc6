"""Every row of a board compared with one of them, over the same items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from irfer_bench.errors import UnavailableError
from irfer_bench.statistics.board import compare_rows
from irfer_bench.statistics.comparison import ALPHA, Comparison, holm
from irfer_bench.statistics.measurement import Lookup
from irfer_bench.statistics.rows import Row


@dataclass(frozen=True)
class Compared:
    """A row against the full one.

    Args:
        found: row minus full; None where they cannot be compared. reason: why not.
        adjusted: the p of `found`, Holm-adjusted within the table.
    """

    row: Row
    found: Comparison | None = None
    adjusted: float = 1.0
    reason: str = ""

    def verdict(self, higher_is_better: bool) -> str:
        """`worse`, `better` or `no significant difference`, read from the row."""
        if self.found is None:
            return self.reason
        if self.adjusted > ALPHA:
            return "no significant difference"
        return "better" if (self.found.difference > 0) == higher_is_better else "worse"


def compare_with(
    full: Row, rows: Sequence[Row], metric: str, folder: Path, lookup: Lookup
) -> list[Compared]:
    """Compare rows with the full one; Holm's correction is over these comparisons.

    A row of other folds, seeds or items than the full one's is not compared.
    """
    made = [_compare(row, full, metric, folder, lookup) for row in rows if row is not full]
    p = [each.found.p for each in made if each.found is not None]
    adjusted = iter(holm(np.array(p)).tolist() if p else [])
    return [
        each if each.found is None
        else Compared(each.row, each.found, next(adjusted))
        for each in made
    ]  # fmt: skip


def _compare(row: Row, full: Row, metric: str, folder: Path, lookup: Lookup) -> Compared:
    try:
        return Compared(row, compare_rows(row, full, metric, folder, lookup))
    except (UnavailableError, ValueError) as error:
        return Compared(row, reason=f"not compared: {error}")
