"""Images and audio of a column: bytes in the table, or files beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from numpy.typing import NDArray

from irfer_bench.api import (
    DamagedError,
    UnreadableImageError,
    decode_image,
    inside,
    open_image,
    private_folder,
)
from irfer_datasets.hub.forms import Place

_TAILS = {"PNG": b"IEND", "JPEG": b"\xff\xd9"}
"""How a complete file ends: checking the last bytes avoids decoding every image."""
_TAIL, _SHOWN = 64, 80


@dataclass(frozen=True)
class Cell:
    """One file of a table: its bytes, or its path."""

    data: Any
    path: str

    def resolve(self, place: Place) -> Path:
        """The file beside the table.

        Raises:
            DamagedError: it lies elsewhere, on the net, or is not there.
        """
        path = place.base / self.path  # an absolute path stays itself
        shown = self.path if len(self.path) <= _SHOWN else f"{self.path[:_SHOWN]}…"
        try:
            if "://" in self.path or not inside(path, place.guard):
                raise DamagedError(f"{shown} leads out of the dataset", "store its bytes instead")
            if path.is_file():
                return path
        except (OSError, ValueError) as error:  # too long, or no name at all
            raise DamagedError(f"{shown!r} names no file", "is it a column of images?") from error
        raise DamagedError(f"{shown} is not there", "restore the file")

    def stream(self, place: Place) -> Path | BytesIO:
        """A stream for a decoder."""
        return self.resolve(place) if self.data is None else BytesIO(memoryview(self.data))

    def digest(self, place: Place) -> str:
        """sha256 of the content."""
        if self.data is not None:
            return hashlib.sha256(memoryview(self.data)).hexdigest()
        with self.resolve(place).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


def cells_of(value: Any) -> list[Cell]:
    """The files of one Arrow value: a struct of bytes and path, either alone, or a list of them.

    Raises:
        DamagedError: it holds something else, such as numbers.
    """
    return [] if value is None else list(_cells(value.as_py(), value.type))


def _cells(value: Any, kind: Any) -> Iterator[Cell]:
    if isinstance(value, dict) and {"bytes", "path"} & value.keys():
        data, path = value.get("bytes"), value.get("path") or ""
        if data is not None or path:
            yield Cell(data, path)
    elif isinstance(value, bytes):
        yield Cell(value, "")
    elif isinstance(value, str):
        yield Cell(None, value)
    elif isinstance(value, list):
        for inner in value:
            yield from _cells(inner, kind)
    elif value is not None:
        raise DamagedError(f"a column of images holds {kind}", "store encoded files: PNG, JPEG")


def trouble(cell: Cell) -> str:
    """Why an image in the table cannot be decoded, or empty; whole ones are not decoded."""
    data = memoryview(cell.data)
    if not len(data):
        return "is empty"
    try:
        with open_image(BytesIO(data)) as image:
            tail = _TAILS.get(image.format or "")
            if tail is not None and tail not in bytes(data[-_TAIL:]):
                image.load()
    except UnreadableImageError as error:
        return f"cannot be decoded ({error})"
    return ""


def decode_images(cells: Sequence[Cell], place: Place, name: str) -> list[NDArray[Any]]:
    """(H, W, 3) uint8 or uint16 each; `name` is used in error messages.

    Raises:
        DamagedError: one cannot be decoded or lies elsewhere.
    """
    return [decode_image(cell.stream(place), name) for cell in cells]


@contextmanager
def as_file(cell: Cell, place: Place) -> Iterator[tuple[Path, str]]:
    """A folder and a name in it, for decoders that need a file; private, and gone afterwards.

    Raises:
        DamagedError: the file lies elsewhere or is not there.
    """
    if cell.data is None:
        path = cell.resolve(place).relative_to(place.guard)
        yield place.guard, path.as_posix()
        return
    with TemporaryDirectory(dir=private_folder("hub")) as folder:  # made 0700
        name = f"{cell.digest(place)[:16]}.bin"
        (Path(folder) / name).write_bytes(memoryview(cell.data))
        yield Path(folder), name
