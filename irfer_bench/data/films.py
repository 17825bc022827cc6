"""Films that stand on both sides of a fold, by a table that the user brings.

Datasets of clips from films publish folds of clips and not which clips share a film, so that a
recognizer may know a test clip's actor and scene from its training.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from irfer_bench.contracts.values import Item
from irfer_bench.data.trees.annotations import open_annotation
from irfer_bench.data.trees.clip_files import clip_number
from irfer_bench.errors import DamagedError

TABLE, COLUMNS = "films.csv", ("clip", "film")
"""Name of the table in the data folder, and its columns."""


def describe_films(
    root: Path, items: Sequence[Item], folds: Sequence[Collection[str]]
) -> list[str]:
    """How many films stand in training and test of each fold; without a table, that some may.

    Args:
        items: of the copy; their ids end with `_` and the clip's number.
        folds: ids of the items that each fold tests.

    Raises:
        DamagedError: the table cannot be read, or lacks a column.
    """
    if not (root / TABLE).exists():
        return [
            "folds are of clips, so clips of one film may stand in training and test; a "
            f"{TABLE} in the data folder, with columns {' and '.join(COLUMNS)}, has them counted"
        ]
    films = read_films(root)
    of_item = {
        item.id: films[number]
        for item in items
        if (number := clip_number(item.id.rpartition("_")[2]) or "") in films
    }
    lines = [
        _describe_fold(number, of_item, tested) for number, tested in enumerate(folds, start=1)
    ]
    if len(of_item) < len(items):
        lines.append(f"{TABLE} names the film of {len(of_item)} of {len(items)} clips")
    return lines


def read_films(root: Path) -> Mapping[str, str]:
    """Five-digit clip number to film.

    Raises:
        DamagedError: the table cannot be read, lacks a column, or gives a clip two films.
    """
    films: dict[str, str] = {}
    for line, row in open_annotation(root / TABLE, root).records(COLUMNS):
        clip, film = clip_number(row["clip"]), row.get("film", "")
        if clip is None or not film:
            raise DamagedError(
                f"{TABLE} line {line} is no clip and film", "write rows such as 00001,Titanic"
            )
        if films.setdefault(clip, film) != film:
            raise DamagedError(
                f"{TABLE} line {line}: {clip} is of {film} and of {films[clip]}",
                "keep one of the two rows",
            )
    return films


def _describe_fold(number: int, films: Mapping[str, str], tested: Collection[str]) -> str:
    here = [film for item, film in films.items() if item in tested]
    there = {film for item, film in films.items() if item not in tested}
    clips = sum(film in there for film in here)
    return (
        f"fold {number}: {len(there.intersection(here))} of {len({*here})} films of test clips "
        f"stand in training, too, with {clips} of {len(here)} test clips"
    )
