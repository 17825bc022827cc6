"""The manifest of a dataset folder: items, counts, problems and a fingerprint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec

from irfer_bench.contracts.values import Item, Problem
from irfer_bench.errors import DamagedError

SCHEMA = 1
INCOMPLETE = frozenset(
    {
        "missing_subject",
        "missing_expression",
        "frame_gap",
        "missing_item",
        "missing_list",
        "unexpected_count",
        "unread_image",
        "unreadable",
    }
)
"""Kinds of problems that leave a usable but smaller dataset: every result is marked."""
BLOCKING = frozenset(
    {
        "duplicate_id",
        "unknown_label",
        "subject_overlap",
        "ambiguous_pair",
        "bad_row",
        "missing_file",
        "outside_root",
    }
)
"""Kinds of problems that stop a run, because it is unclear which items count."""
DAMAGED = frozenset({"damaged", "empty"})


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One dataset folder, as scanned. It names no path of this machine.

    Args:
        items: in the order of their ids.
        by_class, by_subject, by_domain: counts of usable items; a domain is spectrum and lighting.
        fingerprint: digest of the content (`Dataset.fingerprint`).
        verified: whether every image was decoded while scanning.
    """

    dataset: str
    items: tuple[Item, ...]
    by_class: dict[str, int]
    by_subject: dict[str, int]
    by_domain: dict[str, int]
    problems: tuple[Problem, ...]
    fingerprint: str
    verified: bool = False
    schema: int = SCHEMA

    @property
    def incomplete(self) -> bool:
        """Whether results on it are marked `incomplete`."""
        return any(problem.kind in INCOMPLETE for problem in self.problems)

    def usable(self) -> tuple[Item, ...]:
        """The items without the files that a verified scan found damaged."""
        return usable_items(self.items, self.problems)

    def require(self) -> None:
        """Raise if a problem makes it unclear which items count.

        Raises:
            DamagedError: the first such problem and how many there are.
        """
        refuse_blocking(self.dataset, self.problems)


def refuse_blocking(name: str, problems: Iterable[Problem]) -> None:
    """Raise if a problem makes it unclear which items count.

    Raises:
        DamagedError: the first such problem and how many there are.
    """
    blocking = [problem for problem in problems if problem.kind in BLOCKING]
    if blocking:
        first = blocking[0]
        kind = first.kind.replace("_", " ")
        more = f" (and {len(blocking) - 1} more)" if len(blocking) > 1 else ""
        raise DamagedError(
            f"{name}: {kind}: {first.path}: {first.action}{more}",
            f"irfer-bench data check {name} lists them",
        )


def usable_items(items: Sequence[Item], problems: Sequence[Problem]) -> tuple[Item, ...]:
    """The items without their damaged files, and only those of which something is left."""
    bad = {problem.path for problem in problems if problem.kind in DAMAGED}
    kept = (
        item if bad.isdisjoint(item.files or (item.id,)) else _without(item, bad) for item in items
    )
    return tuple(item for item in kept if item.frames)


def _without(item: Item, bad: set[str]) -> Item:
    files = tuple(name for name in item.files if name not in bad)
    frames = len(files) if len(item.files) == item.frames else 0
    return replace(item, files=files, frames=frames)
