"""What a dataset on this machine holds: items, counts, problems and a fingerprint, kept once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from irfer_bench import keys
from irfer_bench.data.verify import damaged_files
from irfer_bench.errors import DamagedError, MissingError
from irfer_bench.protocols import Dataset
from irfer_bench.values import Item, Problem

SCHEMA = 1
INCOMPLETE = frozenset({"missing_subject", "missing_expression", "frame_gap", "frame_count"})
"""Kinds of problems that leave a usable but smaller dataset: every result is marked."""
BLOCKING = frozenset({
    "duplicate_id", "unknown_label", "subject_overlap", "ambiguous_pair", "bad_row", "missing_file",
    "outside_root",
})
"""Kinds of problems that a run must not go on with: which items count would be a guess."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One dataset folder, seen once. It names no path of this machine.

    Args:
        items: what is usable, in the order of their ids.
        by_domain: counts by spectrum and lighting, such as `nir_strong`.
        fingerprint: what the content is (`Dataset.fingerprint`).
        verified: whether every picture was decoded while scanning.
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
        """Whether results on it carry the mark `incomplete`."""
        return any(problem.kind in INCOMPLETE for problem in self.problems)

    def usable(self) -> tuple[Item, ...]:
        """The items without the files that a verified scan found damaged."""
        bad = {problem.path for problem in self.problems if problem.kind in ("damaged", "empty")}
        if not bad:
            return self.items
        kept = (
            msgspec.structs.replace if False else _without(item, bad) for item in self.items
        )
        return tuple(item for item in kept if item.files or not item.frames)

    def require(self) -> None:
        """Refuse to go on where a problem leaves it open which items count.

        Raises:
            DamagedError: the first such problem and how many there are.
        """
        blocking = [problem for problem in self.problems if problem.kind in BLOCKING]
        if blocking:
            first = blocking[0]
            more = f" (and {len(blocking) - 1} more)" if len(blocking) > 1 else ""
            raise DamagedError(
                f"{self.dataset}: {first.kind.replace('_', ' ')}: {first.path}: {first.action}{more}",
                f"irfer-bench data check {self.dataset} lists them",
            )
