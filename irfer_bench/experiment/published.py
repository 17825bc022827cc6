"""The table `[published]` of a suite.toml: which printed values are shown beside its results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from irfer_bench.contracts.published import Published, PublishedValue
from irfer_bench.errors import DamagedError, MissingError, UsageError
from irfer_bench.experiment.request import PUBLISHED, read_toml


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    file: str
    source: str
    dataset: str
    metrics: dict[str, str]
    rows: dict[str, str] = {}


def read_published(suite: str | Path | None) -> Published | None:
    """The values that a suite names, None where it names none or there is no suite.

    Its `file` is JSON beside the suite, a list of `PublishedValue`; those of one `source` and
    `dataset` are taken.

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
    values = tuple(
        value
        for value in _read_values(path.parent / table.file)
        if (value.source, value.dataset) == (table.source, table.dataset)
    )
    known = {value.metric for value in values} | {value.method for value in values}
    unknown = sorted({*table.metrics.values(), *table.rows.values()} - known)
    if unknown:
        raise UsageError(
            f"suite {path}: {PUBLISHED}: {table.file} has no {', '.join(unknown)} "
            f"of {table.source!r} on {table.dataset!r}"
        )
    return Published(
        source=table.source, dataset=table.dataset, rows=table.rows, metrics=table.metrics,
        values=values,
    )  # fmt: skip


def _read_values(path: Path) -> list[PublishedValue]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[PublishedValue])
    except FileNotFoundError:
        raise MissingError(f"published values {path}: no such file") from None
    except OSError as error:
        raise DamagedError(f"published values {path} cannot be read: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise DamagedError(f"published values {path}: {error}") from None
