"""Boxes and landmarks of the release of 2017, looked up in lists of 400 MB without keeping them."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from irfer_bench.api import DamagedError, open_annotation
from irfer_datasets.affectnet.lists import BOX, LANDMARKS, parse_box

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Pointer:
    """The official box (left, top, width, height) and (68, 2) landmarks of a face."""

    box: tuple[float, float, float, float] | None
    landmarks: NDArray[Any] | None


class FaceList:
    """Random access to the rows of one list by the image's name.

    It keeps 16 bytes per row, so that many processes can hold one each.
    """

    def __init__(self, path: Path, root: Path) -> None:
        # Lines are decoded one by one, so a BOM is not the codec's business.
        self._path = path
        self._encoding = open_annotation(path, root).encoding.removesuffix("-sig")
        keys, starts = array("q"), array("q")
        for start, line in self._lines():
            keys.append(hash(_key(_place(line))))
            starts.append(start)
        order = np.argsort(np.frombuffer(keys, np.int64), kind="stable")
        self._keys = np.frombuffer(keys, np.int64)[order]
        self._starts = np.frombuffer(starts, np.int64)[order]

    def find(self, name: str) -> Pointer:
        """The list's entry of an image `<folder>/<name>`, ignoring the extension.

        Raises:
            DamagedError: it has no entry: the list changed since it was indexed.
        """
        key = _key(name.encode(self._encoding))
        position = int(np.searchsorted(self._keys, hash(key)))
        with self._path.open("rb") as stream:
            # Names whose hashes are equal lie side by side.
            while position < len(self._keys) and self._keys[position] == hash(key):
                stream.seek(int(self._starts[position]))
                line = stream.readline()
                if _key(_place(line)) == key:
                    cells = self._parse(line)
                    return Pointer(parse_box(cells[BOX]), _parse_landmarks(cells[LANDMARKS]))
                position += 1
        raise DamagedError(
            f"{self._path.name} has no row for {name}", "the list changed; run again"
        )

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        start = 0
        with self._path.open("rb") as stream:
            for line in stream:
                yield start, line
                start += len(line)

    def _parse(self, line: bytes) -> list[str]:
        text = line.decode(self._encoding).strip("\ufeff\r\n")
        rows: Sequence[list[str]] = list(csv.reader([text], skipinitialspace=True))
        return [cell.strip() for cell in rows[0]] if rows else []


def _place(line: bytes) -> bytes:
    """The image's name in a line; parsing no more of it is what makes a list quick."""
    return line.partition(b",")[0].strip(b'\xef\xbb\xbf" \t\r\n')


def _key(name: bytes) -> bytes:
    """An image's name without what differs between list and disk: separators, extension, case."""
    return name.replace(b"\\", b"/").rpartition(b".")[0].lower()


def crop(image: NDArray[Any], pointer: Pointer) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The part of an (H, W, 3) image inside the official box, and (68, 2) landmarks in it.

    What of the box lies outside is cut off; a box wholly outside, or none, leaves the image.
    """
    left = top = 0
    if pointer.box is not None:
        x, y, width, height = pointer.box
        x0, y0 = max(0, round(x)), max(0, round(y))
        part = image[y0 : max(0, round(y + height)), x0 : max(0, round(x + width))]
        if part.size:
            image, left, top = part, x0, y0
    points = pointer.landmarks
    if points is not None:
        points = points - np.array([left, top], np.float32)
    return np.ascontiguousarray(image), points


def _parse_landmarks(text: str) -> NDArray[Any] | None:
    try:
        values = np.array(text.split(";"), dtype=np.float32)
    except ValueError:
        return None
    if values.size != 136 or not np.isfinite(values).all():
        return None
    return values.reshape(68, 2)
