"""Test subjects of each fold: every fifth subject, or an official split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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


def few_subjects(items: Sequence[Item]) -> Iterator[Problem]:
    """`few_subjects` where `every_fifth` makes fewer folds than five of named subjects."""
    subjects = {item.subject for item in items if item.part != "extra"}
    if 0 < len(subjects) < FOLDS and None not in subjects:
        count = len(subjects)
        action = f"{count} subjects make {count} folds instead of {FOLDS}; say --fold 1 to {count}"
        yield Problem("few_subjects", ".", action)
