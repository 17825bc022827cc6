"""Values that a paper prints, as a suite names them to be shown beside measured ones."""

from __future__ import annotations

import msgspec


class PublishedValue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One printed number.

    Args:
        method, metric, dataset: as the file names them. value: as printed.
        source: paper and table. split: in the source's words. origin: who measured it.
        comparable: whether it may be read beside a number of the same protocol.
        note: why not, or what else a reader should know.
    """

    method: str
    dataset: str
    metric: str
    value: float
    source: str
    comparable: bool
    split: str = ""
    origin: str = ""
    note: str = ""


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """A paper's table.

    Args:
        source: paper and table. dataset: of the values.
        rows: a board's translator to the method's name in the file, where they differ.
        metrics: metric to its name in the file, in the order of the columns.
    """

    source: str
    dataset: str
    rows: dict[str, str]
    metrics: dict[str, str]
    values: tuple[PublishedValue, ...]

    def find(self, translator: str, metric: str) -> PublishedValue | None:
        """What is printed for a board's translator and metric, None where nothing is."""
        method, named = self.rows.get(translator, translator), self.metrics[metric]
        return next((v for v in self.values if (v.method, v.metric) == (method, named)), None)
