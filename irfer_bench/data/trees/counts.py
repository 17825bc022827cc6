"""Differences between a copy's counts and the published ones."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from irfer_bench.contracts.values import Item, Problem

_USED = "what is there is used, results are marked incomplete"


def label_digest(rows: Iterable[tuple[str, str]]) -> str:
    """16 hex digits of SHA-256 over lines `<id>,<canonical label>`, sorted by id.

    Ids are the official, five digits in DFEW and MAFW.
    """
    text = "".join(f"{name},{label}\n" for name, label in sorted(rows))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def compare_count(path: str, what: str, found: int, known: int) -> list[Problem]:
    """`unexpected_count` where a number is not the published one."""
    if found == known:
        return []
    return [Problem("unexpected_count", path, f"{found} {what}, {known} are published; {_USED}")]


def compare_labels(
    path: str, what: str, labels: Iterable[str], known: Mapping[str, int]
) -> list[Problem]:
    """`unexpected_count` naming every class whose number is not the published one."""
    found = Counter(labels)
    odd = [
        f"{name} {found[name]} (published: {known.get(name, 0)})"
        for name in sorted({*found, *known})
        if found[name] != known.get(name, 0)
    ]
    if not odd:
        return []
    return [Problem("unexpected_count", path, f"{what}: {', '.join(odd)}; {_USED}")]


def compare_splits(
    path: str, what: str, items: Iterable[Item], known: Mapping[str, Mapping[str, int]]
) -> list[Problem]:
    """`unexpected_count` for every split whose classes are not the published ones."""
    labels: dict[str, list[str]] = {split: [] for split in known}
    for item in items:
        labels.setdefault(item.split, []).append(item.label or "")
    return [
        problem
        for split in known
        for problem in compare_labels(path, f"{split} {what}", labels[split], known[split])
    ]


def compare_list(
    path: str, rows: Sequence[tuple[str, str]], known: Mapping[str, Any]
) -> list[Problem]:
    """`unexpected_count` where a list of (id, label) is not the published one, row by row.

    Args:
        known: `n`, `digest` and perhaps `per_label`.
    """
    if counted := compare_count(path, "rows", len(rows), known["n"]):
        return counted
    labels = [label for _, label in rows]
    per_label = known.get("per_label", Counter(labels))
    if counted := compare_labels(path, "rows", labels, per_label):
        return counted
    digest = label_digest(rows)
    if digest == known["digest"]:
        return []
    action = f"as many rows as published, yet other ids or labels: digest {digest}, published "
    return [Problem("unexpected_count", path, f"{action}{known['digest']}; {_USED}")]
