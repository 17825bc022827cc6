"""The spontaneous part's rating table: the highest rated expression per subject and clip.

One 7-column block per clip: a clip's number in the header, then six expressions;
below the number the subject. The label is the expression with the highest rating.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from irfer_bench.api import BASIC, DamagedError, Notes, canonical, open_annotation, relative
from irfer_datasets.nvie.rows import ILLUMINATIONS, subject_name

BLOCK = 7
Spot = tuple[str, str, str]
"""Light direction (empty: all), subject, clip number."""


@dataclass
class Ratings(Notes):
    """Ratings of all tables below a root.

    Args:
        labels: the winner, or several where the highest rating is shared; all six where unrated.
        tables: the files read.
    """

    labels: dict[Spot, tuple[str, ...]] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)

    def find(self, light: str, subject: str, clip: str) -> tuple[str, ...] | None:
        """The winners for a clip folder, whose number is the last character of its name."""
        number = clip[-1:]
        spots = ((light, subject, number), ("", subject, number))
        return next((self.labels[spot] for spot in spots if spot in self.labels), None)


def read_ratings(files: Iterable[Path], root: Path) -> Ratings:
    """Every file among these whose header is a rating table's.

    Problems: `bad_row`, `duplicate_row`, `duplicate_id`, `encoding`.
    """
    found = Ratings(root)
    for path in files:
        try:
            text = open_annotation(path, root)
            rows = text.rows()
            _, header = next(rows, (0, []))
            blocks = list(_blocks(header))
            if not blocks:
                continue
            found.tables.append(text.name)
            found.problems.extend(text.problems())
            light = _light(relative(path, root))
            for number, cells in rows:
                _read_row(found, blocks, cells, light, f"{text.name} row {number}")
        except DamagedError as error:
            found.note("unreadable", path, error.message)
    return found


def _blocks(header: Sequence[str]) -> Iterator[tuple[int, str, tuple[str | None, ...]]]:
    """(first column, clip number, expressions) of each block; none where it is another table."""
    for start in range(len(header) - BLOCK + 1):
        names = tuple(canonical(_base(cell)) for cell in header[start + 1 : start + BLOCK])
        if header[start].isdigit() and sorted(map(str, names)) == sorted(BASIC):
            yield start, header[start][-1], names


def _base(cell: str) -> str:
    # Tables saved by pandas number repeated names: happy, happy.1, happy.2.
    return re.sub(r"\.\d+$", "", cell)


def _read_row(
    found: Ratings,
    blocks: Sequence[tuple[int, str, tuple[str | None, ...]]],
    cells: Sequence[str],
    light: str,
    where: str,
) -> None:
    for start, number, names in blocks:
        block = cells[start : start + BLOCK]
        if not any(block) or not block[0]:
            continue
        try:
            values = [float(cell or 0) for cell in block[1:]]
        except ValueError:
            values = [math.nan]
        if len(values) != BLOCK - 1 or not all(0 <= value < math.inf for value in values):
            action = f"clip {number}: six ratings of 0 or more are expected, not {block[1:]}"
            found.note("bad_row", where, action)
            continue
        best = max(values)
        winners = tuple(str(n) for n, v in zip(names, values, strict=True) if v == best)
        spot = (light, subject_name(block[0]), number)
        if spot not in found.labels:
            found.labels[spot] = winners
            continue
        same = found.labels[spot] == winners
        kind = "duplicate_row" if same else "duplicate_id"
        action = f"subject {spot[1]}, clip {number} was rated before" + (
            "" if same else " and differently; remove one of the two"
        )
        found.note(kind, where, action)


def _light(name: str) -> str:
    words = set(re.split(r"[^a-z]+", name.casefold()))
    named = [light for light in ILLUMINATIONS if light in words]
    return named[0] if len(named) == 1 else ""
