"""Files of published values: JSON and CSV, and which of them stand beside which board."""

from __future__ import annotations

import csv
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

import irfer_bench
from irfer_bench.contracts.published import PublishedBoard, PublishedValue
from irfer_bench.errors import DamagedError, MissingError

BOARDS = "boards.toml"
NOTES = {
    "paper": "",
    "official repo": "in the authors' repository, not in a paper",
    "quoted": "printed in the source for another group's method",
    "paper (resolution inferred)": "the source does not state the resolution",
    "paper (resolution and fold inferred)": "the source states neither resolution nor fold",
    "derived": "derived from increments that a secondary source reports",
    "secondary-1-source": "not seen in the paper, only in one text about it",
    "secondary-2-sources": "not seen in the paper, only in two texts about it",
    "secondary-3-sources": "not seen in the paper, only in three texts about it",
}
"""What a reader should know of a value, by the column `provenance` of a CSV file."""


class _Board(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    setting: str
    file: str
    dataset: str
    metrics: dict[str, str]
    splits: list[str] = []
    sources: list[str] = []


def published_folder() -> Path:
    """The folder of published values: part of an installed package, else of the repository."""
    package = Path(irfer_bench.__file__).parent
    inside = package / "published"
    return inside if inside.is_dir() else package.parent / "leaderboards" / "published"


def published_board(setting: str) -> PublishedBoard | None:
    """The printed values of a setting's protocol, None where there are none.

    Raises:
        DamagedError: a file of published values is not in its form.
    """
    return published_boards(published_folder()).get(setting)


def published_settings() -> list[str]:
    """Settings for whose protocol values are published."""
    return list(published_boards(published_folder()))


@cache
def published_boards(folder: Path) -> dict[str, PublishedBoard]:
    """What a folder's `boards.toml` names, by setting; read once per process.

    Raises:
        DamagedError: it or a file that it names is not in its form.
    """
    path = folder / BOARDS
    if not path.is_file():
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))["board"]
        boards = msgspec.convert(tables, list[_Board])
    except (OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise DamagedError(f"published values {path}: {error}") from None
    return {board.setting: _board(board, folder) for board in boards}


def _board(board: _Board, folder: Path) -> PublishedBoard:
    values = tuple(
        value
        for value in read_values(folder / board.file)
        if value.dataset == board.dataset
        and value.metric in board.metrics.values()
        and (not board.splits or value.split in board.splits)
        and (not board.sources or value.source in board.sources)
    )
    return PublishedBoard(setting=board.setting, metrics=board.metrics, values=values)


def read_values(path: Path) -> list[PublishedValue]:
    """The values of a file: a JSON list of `PublishedValue`, or a CSV table.

    A CSV table has its fields as columns, and `provenance`, a key of `NOTES`.

    Raises:
        MissingError: no such file. DamagedError: it is not in the form.
    """
    try:
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as stream:
                return [_from_row(row) for row in csv.DictReader(stream)]
        return msgspec.json.decode(path.read_bytes(), type=list[PublishedValue])
    except FileNotFoundError:
        raise MissingError(f"published values {path}: no such file") from None
    except OSError as error:
        raise DamagedError(f"published values {path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, RecursionError, csv.Error) as error:
        raise DamagedError(f"published values {path}: {error}") from None


def _from_row(row: dict[str, Any]) -> PublishedValue:
    provenance = row.pop("provenance")
    if provenance not in NOTES:
        raise ValueError(f"provenance {provenance!r} is none of {', '.join(NOTES)}")
    given = {name: value for name, value in row.items() if value not in ("", "-", None)}
    given |= {"origin": provenance, "note": NOTES[provenance]}
    return msgspec.convert(given, PublishedValue, strict=False)
