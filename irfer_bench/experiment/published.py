"""The table `[published]` of a suite.toml: which printed values are shown beside its results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from irfer_bench.contracts.published import Published
from irfer_bench.errors import UsageError
from irfer_bench.experiment.request import PUBLISHED, read_toml
from irfer_bench.store.published import read_values


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    file: str
    source: str | list[str]
    dataset: str
    metrics: dict[str, str]
    rows: dict[str, str] = {}
    datasets: dict[str, str] = {}


def read_published(suite: str | Path | None) -> Published | None:
    """The values that a suite names, None where it names none or there is no suite.

    Its `file` is JSON or CSV beside the suite; values are taken of its `source`, one or several,
    and of `dataset` and the `datasets` that it names by setting.

    Raises:
        UsageError: a wrong key or value, or no such row. MissingError: no such file.
        DamagedError: the file is not in the form.
    """
    if not suite:
        return None
    path = Path(suite)
    found: Any = read_toml(path).get(PUBLISHED)
    if found is None:
        return None
    try:
        table = msgspec.convert(found, _Table)
    except msgspec.ValidationError as error:
        keys = ", ".join(_Table.__struct_fields__)
        raise UsageError(f"suite {path}: {PUBLISHED}: {error}", f"keys are {keys}") from None
    sources = [table.source] if isinstance(table.source, str) else table.source
    datasets = dict.fromkeys([table.dataset, *table.datasets.values()])
    values = tuple(
        value
        for value in read_values(path.parent / table.file)
        if value.source in sources and value.dataset in datasets
    )
    known = {value.metric for value in values} | {value.method for value in values}
    absent = [name for name in datasets if name not in {value.dataset for value in values}]
    unknown = sorted({*table.metrics.values(), *table.rows.values()} - known) or absent
    if unknown:
        raise UsageError(
            f"suite {path}: {PUBLISHED}: {table.file} has no {', '.join(unknown)} "
            f"of {', '.join(map(repr, sources))} on {', '.join(map(repr, datasets))}"
        )
    return Published(
        source="; ".join(sources), dataset=table.dataset, datasets=table.datasets, rows=table.rows,
        metrics=table.metrics, values=values,
    )  # fmt: skip
