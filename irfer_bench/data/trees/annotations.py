"""Annotation files as they circulate: BOM, CRLF, GBK, no last newline; text and CSV.

Independent of any dataset. A big list is read as a stream, so memory stays flat; a row carries
the number of its line, so that a problem can say where it is.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irfer_bench.contracts.values import Problem
from irfer_bench.data.trees.survey import relative
from irfer_bench.errors import DamagedError

_CHUNK = 1 << 20
_HINT = "restore the file from the official archive, or save it as UTF-8"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class _Quoted(csv.excel):
    skipinitialspace = True


class _Plain(csv.excel):
    quoting = csv.QUOTE_NONE


@dataclass(frozen=True)
class Annotation:
    """A text file that can be decoded from its first byte to its last.

    Args:
        name: relative to the root, posix.
        encoding: as Python names it: `utf-8`, `utf-8-sig`, `utf-16` or `gb18030`.
    """

    path: Path
    name: str
    encoding: str

    def lines(self) -> Iterator[tuple[int, str]]:
        """(line number from 1, text without surrounding blanks); empty lines are left out."""
        with self.path.open(encoding=self.encoding) as stream:
            for number, line in enumerate(stream, start=1):
                if text := line.strip():
                    yield number, text

    def rows(self, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
        """(line number, cells without surrounding blanks); rows of empty cells are left out.

        Quotes mean something in CSV only: in tab-separated captions they are text.

        Raises:
            DamagedError: a quoted cell never ends or is absurdly long.
        """
        kind = _Quoted if delimiter == "," else _Plain
        with self.path.open(encoding=self.encoding, newline="") as stream:
            reader = csv.reader(stream, kind, delimiter=delimiter)
            try:
                for cells in reader:
                    row = [cell.strip() for cell in cells]
                    if any(row):
                        yield reader.line_num, row
            except csv.Error as error:
                where = f"{self.name} line {reader.line_num}"
                raise DamagedError(f"{where} is not readable ({error})", _HINT) from error

    def records(
        self, required: Sequence[str] = (), delimiter: str = ","
    ) -> Iterator[tuple[int, dict[str, str]]]:
        """(line number, cells by the header's names); a short row lacks its last names.

        Raises:
            DamagedError: no header, or it lacks a required name (case does not matter).
        """
        rows = self.rows(delimiter)
        _, first = next(rows, (0, []))
        header = _header(first, required, self.name)
        for number, row in rows:
            yield number, dict(zip(header, row, strict=False))

    def problems(self) -> list[Problem]:
        """`encoding`, for information, where the file is not UTF-8."""
        if self.encoding.startswith("utf-8"):
            return []
        return [Problem("encoding", self.name, f"read as {self.encoding}; save it as UTF-8")]


def open_annotation(path: Path, root: Path) -> Annotation:
    """Find out how a text file is encoded: by its BOM, else UTF-8, else GB18030 (which holds GBK).

    Raises:
        DamagedError: missing, empty, unreadable, binary, or in no such encoding.
    """
    name = relative(path, root)
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
            if not head:
                raise DamagedError(f"{name} is empty", _HINT)
            known = next((code for bom, code in _BOMS if head.startswith(bom)), "")
            for encoding in (known,) if known else ("utf-8", "gb18030"):
                stream.seek(0)
                if _decodes(stream, encoding):
                    return Annotation(path, name, encoding)
    except OSError as error:
        raise DamagedError(f"{name} cannot be read ({error.strerror})", _HINT) from error
    raise DamagedError(f"{name} is neither UTF-8 nor GB18030 text", _HINT)


def _decodes(stream: Any, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := stream.read(_CHUNK):
            if "\0" in decoder.decode(chunk):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _header(first: Iterable[str], required: Sequence[str], name: str) -> list[str]:
    header = [cell.casefold() for cell in first]
    absent = [column for column in required if column.casefold() not in header]
    if absent:
        shown = ", ".join(filter(None, header)) or "nothing"
        raise DamagedError(f"{name} lacks column {', '.join(absent)} (it has {shown})", _HINT)
    return header

