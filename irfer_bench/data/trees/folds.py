"""Test subjects of each fold: every fifth subject, an official split, or published lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from irfer_bench.contracts.values import Item, Problem

FOLDS = 5


def every_fifth(items: Sequence[Item]) -> list[frozenset[str]]:
    """Up to five folds, every fifth sorted subject; without subjects, split by pair or by item."""
    groups: dict[str, set[str]] = {}
    for item in items:
        group = item.subject or f"\0{item.pair or item.id}"
        groups.setdefault(group, set()).add(item.subject or item.id)
    names = sorted(groups)
    return [
        frozenset().union(*(groups[name] for name in names[fold::FOLDS]))
        for fold in range(min(FOLDS, len(names)))
    ]


def split_fold(items: Sequence[Item], split: str) -> frozenset[str]:
    """Subjects of one official split, as a fold; item ids where there are no subjects."""
    return frozenset(item.subject or item.id for item in items if item.split == split)


def own_folds(items: Sequence[Item]) -> list[frozenset[str]]:
    """The split `test` as one fold; `set_1` to `set_k` as k; else every fifth sorted subject.

    Parts whose names begin with `extra` are never tested.
    """
    own = [item for item in items if not item.part.startswith("extra")]
    if any(item.split == "test" for item in own):
        return [split_fold(own, "test")]
    numbers = (re.fullmatch(r"set_(\d+)", item.split) for item in own)
    if last := max((int(number[1]) for number in numbers if number), default=0):
        return [split_fold(own, f"set_{number}") for number in range(1, last + 1)]
    return every_fifth(own)


def few_subjects(items: Sequence[Item]) -> Iterator[Problem]:
    """`few_subjects` where `every_fifth` makes fewer folds than five of named subjects."""
    subjects = {item.subject for item in items if item.part != "extra"}
    if 0 < len(subjects) < FOLDS and None not in subjects:
        count = len(subjects)
        action = f"{count} subjects make {count} folds instead of {FOLDS}; say --fold 1 to {count}"
        yield Problem("few_subjects", ".", action)


@cache
def read_folds(package: str) -> tuple[tuple[str, ...], ...]:
    """Test subjects of each fold, disjoint, from the `folds.json` of a dataset's package."""
    text = files(package).joinpath("folds.json").read_text(encoding="utf-8")
    folds = tuple(map(tuple, json.loads(text)))
    assert len({subject for fold in folds for subject in fold}) == sum(map(len, folds))
    return folds


def cut_folds(lists: Sequence[Sequence[str]], items: Sequence[Item]) -> list[frozenset[str]]:
    """Published lists cut to the subjects present; other subjects are dealt out in sorted order."""
    present = {item.subject or item.id for item in items}
    others = sorted(present.difference(*lists))
    return [
        frozenset(present.intersection(fold)).union(others[k :: len(lists)])
        for k, fold in enumerate(lists)
    ]
