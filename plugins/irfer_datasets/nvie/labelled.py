"""Labels of spontaneous clips from the official rating tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from irfer_bench.api import BASIC
from irfer_datasets.nvie.ratings import Ratings, read_ratings
from irfer_datasets.nvie.rows import Row, RowSurvey

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
