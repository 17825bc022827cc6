"""Whether a Matroska or WebM file is as long as its header says.

FFmpeg counts the frames of such a file by its packets, so that one that was cut off looks whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
"""Ids of the two elements at the top of a file (RFC 8794 and RFC 9559)."""


def lengths(path: Path) -> tuple[int, int] | None:
    """Bytes that are there and bytes that the header announces.

    None for other files, and where the length is unknown, as that of a live recording.
    """
    with path.open("rb") as file:
        if file.read(4) != EBML:
            return None
        header = _size(file)
        if header is None:
            return None
        file.seek(header, 1)
        if file.read(4) != SEGMENT:
            return None
        segment = _size(file)
        return None if segment is None else (path.stat().st_size, file.tell() + segment)


def _size(file: BinaryIO) -> int | None:
    """The size of an element: as many bytes as the first has leading zeros, and one."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    width = 9 - first[0].bit_length()
    rest = file.read(width - 1)
    value = int.from_bytes(first + rest, "big") & ~(1 << 7 * width)
    unknown = (1 << 7 * width) - 1
    return None if len(rest) < width - 1 or value == unknown else value
