"""Boxes and landmarks of the release of 2017, looked up line by line in lists of 400 MB."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from irfer_bench.api import DamagedError
from irfer_datasets.affectnet.lists import BOX, COLUMNS, LANDMARKS, PATH, parse_box

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHUNK = 1 << 24


@dataclass(frozen=True)
class Pointer:
    """Where the owners see the face: a box (left, top, width, height) and (68, 2) landmarks."""

    box: tuple[float, float, float, float] | None
    landmarks: NDArray[Any] | None


class FaceList:
    """Random access to the rows of one list; only the lines' positions are kept."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._path, self._encoding = path, encoding
        self._starts = _line_starts(path)
        self._columns = self._find_columns()

    def find(self, line: int, name: str) -> Pointer:
        """What a line (from 1) says of the picture whose file has this stem.

        Raises:
            DamagedError: that line is of another picture: the list changed since it was indexed.
        """
        cells = self._cells(line)
        cells = [cells[position] for position in self._columns if position < len(cells)]
        own = cells[PATH].replace("\\", "/").rpartition("/")[2] if cells else ""
        if len(cells) <= LANDMARKS or Path(own).stem.casefold() != Path(name).stem.casefold():
            where = f"{self._path.name} line {line}"
            raise DamagedError(f"{where} is not of {name}", "the list changed; run it again")
        return Pointer(parse_box(cells[BOX]), _parse_landmarks(cells[LANDMARKS]))

    def _cells(self, line: int) -> list[str]:
        if line > len(self._starts):
            return []
        with self._path.open("rb") as stream:
            stream.seek(int(self._starts[line - 1]))
            text = stream.readline().decode(self._encoding)
        (cells,) = csv.reader([text.strip("\ufeff\r\n")], skipinitialspace=True)
        return [cell.strip() for cell in cells]

    def _find_columns(self) -> list[int]:
        names = [cell.casefold() for cell in self._cells(1)]
        needed = COLUMNS[: LANDMARKS + 1]
        if COLUMNS[PATH] not in names:
            return list(range(len(needed)))
        return [names.index(name) for name in needed]


def crop(picture: NDArray[Any], pointer: Pointer) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The part of an (H, W, 3) picture inside the owners' box, and (68, 2) landmarks in it.

    What of the box lies outside is cut off; a box wholly outside, or none, leaves the picture.
    """
    left = top = 0
    if pointer.box is not None:
        x, y, width, height = pointer.box
        x0, y0 = max(0, round(x)), max(0, round(y))
        part = picture[y0 : max(0, round(y + height)), x0 : max(0, round(x + width))]
        if part.size:
            picture, left, top = part, x0, y0
    points = pointer.landmarks
    if points is not None:
        points = points - np.array([left, top], np.float32)
    return np.ascontiguousarray(picture), points


def _parse_landmarks(text: str) -> NDArray[Any] | None:
    try:
        values = np.array(text.split(";"), dtype=np.float32)
    except ValueError:
        return None
    if values.size != 136 or not np.isfinite(values).all():
        return None
    return values.reshape(68, 2)


def _line_starts(path: Path) -> NDArray[Any]:
    """Position of the first byte of every line."""
    starts, offset = [np.zeros(1, np.int64)], 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            ends = np.flatnonzero(np.frombuffer(chunk, np.uint8) == ord("\n"))
            starts.append(ends + (offset + 1))
            offset += len(chunk)
    return np.concatenate(starts)
