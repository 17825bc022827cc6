"""Films that stand on both sides of a fold, by a table that the user brings.

Datasets of clips from films publish folds of clips and not which clips share a film, so that a
recognizer may know a test clip's actor and scene from its training.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from irfer_bench.contracts.interfaces import Dataset
from irfer_bench.contracts.values import Item
from irfer_bench.data.trees.annotations import open_annotation
from irfer_bench.errors import DamagedError

TABLE, COLUMNS = "films.csv", ("clip", "film")
"""Name of the table in the data folder, and its columns."""


@runtime_checkable
class FromFilms(Dataset, Protocol):
    """A dataset of clips from films that its folds do not keep apart."""

    def clip_id(self, name: str) -> str | None:
        """Id of the item that a row of the table names; None where it names no clip."""
        ...


def describe_films(dataset: FromFilms, root: Path, items: Sequence[Item]) -> list[str]:
    """How many films stand in training and test of each fold; without a table, that some may.

    Args:
        items: of the copy.

    Raises:
        DamagedError: the table cannot be read, or lacks a column.
    """
    if not (root / TABLE).exists():
        return [
            "folds are of clips, so clips of one film may stand in training and test; a "
            f"{TABLE} in the data folder, with columns {' and '.join(COLUMNS)}, has them counted"
        ]
    films = read_films(dataset, root)
    of_item = {item.id: films[item.id] for item in items if item.id in films}
    lines = [
        _describe_fold(number, of_item, tested)
        for number, tested in enumerate(dataset.folds(items), start=1)
    ]
    if len(of_item) < len(items):
        lines.append(f"{TABLE} names the film of {len(of_item)} of {len(items)} clips")
    return lines


def read_films(dataset: FromFilms, root: Path) -> Mapping[str, str]:
    """Film by the id of its clips' items.

    Raises:
        DamagedError: the table cannot be read, lacks a column, or gives a clip two films.
    """
    films: dict[str, str] = {}
    for line, row in open_annotation(root / TABLE, root).records(COLUMNS):
        clip, film = dataset.clip_id(row["clip"]), row.get("film", "")
        if clip is None or not film:
            raise DamagedError(
                f"{TABLE} line {line} is no clip and film",
                "write in each row a clip, as the dataset's lists name it, a comma and its film",
            )
        if films.setdefault(clip, film) != film:
            raise DamagedError(
                f"{TABLE} line {line}: {row['clip']} is of {film} and of {films[clip]}",
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
