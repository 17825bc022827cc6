"""Labels of the spontaneous part: the highest rated expression per subject and clip.

One 7-column block per clip: a clip's number in the header, then six expressions;
below the number the subject. The label is the expression with the highest rating, as in the code of
the public project whose table this is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from irfer_bench.api import BASIC, DamagedError, Notes, canonical, open_annotation, relative
from irfer_datasets.nvie.rows import ILLUMINATIONS, Row, RowSurvey, subject_name

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

    Problems: `bad_row`, `duplicate_id`, `encoding`.
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
        # Tables saved by pandas number repeated names: happy, happy.1, happy.2.
        plain = (re.sub(r"\.\d+$", "", cell) for cell in header[start + 1 : start + BLOCK])
        names = tuple(map(canonical, plain))
        if header[start].isdigit() and sorted(map(str, names)) == sorted(BASIC):
            yield start, header[start][-1], names


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
        if found.labels.setdefault(spot, winners) != winners:
            action = f"subject {spot[1]}, clip {number} was rated before and differently"
            found.note("duplicate_id", where, f"{action}; remove one of the two")


def _light(name: str) -> str:
    words = set(re.split(r"[^a-z]+", name.casefold()))
    named = [light for light in ILLUMINATIONS if light in words]
    return named[0] if len(named) == 1 else ""


HEADER = "1,happy,disgust,fear,surprise,anger,sadness,2,happy,..."


def label(seen: RowSurvey, texts: Iterable[Path]) -> None:
    """Give spontaneous rows their expression; a tie or no row leaves it empty and is listed.

    Problems: `missing_list` without any table, `unlabelled_file`, `missing_item` for a rated clip
    that has no folder.
    """
    ratings = read_ratings(texts, seen.root)
    seen.problems.extend(ratings.problems)
    wanted = [row for row in seen.rows if row.part == "spontaneous" and not row.expression]
    if not ratings.tables:
        if wanted:
            action = f"no rating table ({HEADER}) was found; {len(wanted)} spontaneous clips have "
            seen.note("missing_list", ".", f"{action}no label; put it under the root as CSV")
        return
    seen.rows = [_labelled(row, ratings, seen) for row in seen.rows]
    _note_absent(ratings, seen)


def _labelled(row: Row, ratings: Ratings, seen: RowSurvey) -> Row:
    if row.part != "spontaneous" or row.expression or not row.subject or not row.clip:
        return row
    winners = ratings.find(row.light, row.subject, row.clip)
    if winners is not None and len(winners) == 1:
        return replace(row, expression=winners[0])
    if winners is None:
        what = f"no rating of subject {row.subject}, clip {row.clip[-1]}"
    elif len(winners) == len(BASIC):
        what = "no expression was rated above another"
    else:
        what = f"{' and '.join(winners)} were rated equally"
    seen.note("unlabelled_file", row.path, f"not used: {what}")
    return row


def _note_absent(ratings: Ratings, seen: RowSurvey) -> None:
    here = {
        (light, row.subject, row.clip[-1:])
        for row in seen.rows
        if row.part == "spontaneous"
        for light in (row.light, "")
    }
    for spot, winners in ratings.labels.items():
        if len(winners) == 1 and spot not in here:
            light, subject, number = spot
            where = "/".join(("SpontaneousDatabase", light or "*", subject, "*", number))
            seen.note("missing_item", where, f"rated {winners[0]} and not there; the rest is used")
