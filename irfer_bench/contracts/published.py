"""Values that papers print, to be shown beside measured ones and never ranked with them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class PublishedValue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One printed number.

    Args:
        method, metric, dataset: as the file names them. value: as printed.
        source: paper and table. split, protocol: in the source's words.
        modality: A, V or AV. resolution: side of the input in pixels.
        origin: who measured it, or where the number was seen.
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
    protocol: str = ""
    modality: str = ""
    resolution: str = ""
    origin: str = ""
    note: str = ""

    @property
    def remark(self) -> str:
        """The note, or that the value is not comparable."""
        return self.note or ("" if self.comparable else "not comparable")


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """A paper's table, as a suite names it.

    Args:
        source: papers and tables. dataset: of the values, where `datasets` names no other.
        datasets: setting to the dataset whose values stand beside it.
        rows: a board's translator or recognizer to the method's name in the file, where they
            differ.
        metrics: metric to its name in the file, in the order of the columns.
    """

    source: str
    dataset: str
    datasets: dict[str, str] = {}
    rows: dict[str, str]
    metrics: dict[str, str]
    values: tuple[PublishedValue, ...]

    def values_for(self, setting: str) -> tuple[PublishedValue, ...]:
        """The values of the dataset that stands beside a setting."""
        dataset = self.dataset_for(setting)
        return tuple(value for value in self.values if value.dataset == dataset)

    def dataset_for(self, setting: str) -> str:
        """The dataset whose values stand beside a setting."""
        return self.datasets.get(setting, self.dataset)

    def find(
        self, translator: str, metric: str, recognizer: str = "", setting: str = ""
    ) -> PublishedValue | None:
        """What is printed for a row of a board and a metric, None where nothing is."""
        names = {self.rows.get(row, row) for row in (translator, recognizer) if row}
        return next(
            (
                value
                for value in self.values_for(setting)
                if value.method in names and value.metric == self.metrics[metric]
            ),
            None,
        )


class PublishedBoard(msgspec.Struct, frozen=True, kw_only=True):
    """Printed values of the protocol of one setting.

    Args:
        metrics: metric to its name in the file, in the order of the columns.
        values: in the order of their tables.
    """

    setting: str
    metrics: dict[str, str]
    values: tuple[PublishedValue, ...]

    @property
    def rows(self) -> list[Mapping[str, PublishedValue]]:
        """Per method, protocol and source: its values by metric."""
        found: dict[tuple[str, ...], dict[str, PublishedValue]] = {}
        named = {printed: metric for metric, printed in self.metrics.items()}
        for value in self.values:
            key = value.method, value.protocol, value.source, value.modality, value.resolution
            found.setdefault(key, {})[named[value.metric]] = value
        return list(found.values())
