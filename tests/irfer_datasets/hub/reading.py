"""What the dataset makes of a folder, and rows to make one of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from irfer_bench.api import Item
from irfer_bench.contracts.params import resolve
from irfer_datasets.hub.dataset import Hub
from irfer_datasets.params import HubParams
from tests.irfer_datasets.hub_tree import encode


def hub(**params: Any) -> Hub:
    return Hub(resolve(HubParams, component="hub", given=params))


def index(root: Path | None, **params: Any) -> list[Item]:
    return list(hub(**params).index(root))


def problems(root: Path, **params: Any) -> list[tuple[str, str, str]]:
    found = hub(**params).problems(root)
    return [(p.kind, p.path, p.action) for p in found if p.kind != "few_subjects"]


def row(label: Any = "anger", number: int = 0, **more: Any) -> dict[str, Any]:
    image = np.full((4, 5, 3), number, np.uint8)
    return {"image": {"bytes": encode(image), "path": None}, "label": label} | more


def cast_to_integers(root: Path) -> None:
    """The same file without the note of `datasets`, and int64 labels 0, 1, 2, ..."""
    import pyarrow
    import pyarrow.parquet

    (path,) = root.rglob("*.parquet")
    table = pyarrow.parquet.read_table(path).replace_schema_metadata(None)
    numbers = pyarrow.array(range(table.num_rows), pyarrow.int64())
    place = table.column_names.index("label") if "label" in table.column_names else 1
    pyarrow.parquet.write_table(table.set_column(place, "label", numbers), path)
