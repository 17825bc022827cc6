"""Test subjects of each fold by published lists."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from irfer_bench.api import Item

Lists = tuple[tuple[str, ...], ...]


@cache
def read_folds(dataset: str) -> Lists:
    """Test subjects of each fold, disjoint, from the `folds.json` of a dataset's package."""
    text = files(f"irfer_datasets.{dataset}").joinpath("folds.json").read_text(encoding="utf-8")
    folds = tuple(map(tuple, json.loads(text)))
    assert len({subject for fold in folds for subject in fold}) == sum(map(len, folds))
    return folds


def cut_folds(lists: Lists, items: Sequence[Item]) -> list[frozenset[str]]:
    """Published lists cut to the subjects present; other subjects are dealt out in sorted order."""
    present = {item.subject or item.id for item in items}
    others = sorted(present.difference(*lists))
    return [
        frozenset(present.intersection(fold)).union(others[k :: len(lists)])
        for k, fold in enumerate(lists)
    ]
