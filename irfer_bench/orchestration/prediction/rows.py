"""The table of labels: one row per face or video, as CSV or Parquet, kept while it grows."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from irfer_bench.data.sheets import sheet_row
from irfer_bench.errors import UsageError
from irfer_bench.store.files import atomic_file, require_writable

FORMS = (".csv", ".parquet")
EVERY = 5.0
"""Seconds between two writings of the table: what a killed run may lose."""
FACTS = (
    "file", "face", "faces", "left", "top", "right", "bottom", "turned", "frames", "predicted",
    "probability",
)  # fmt: skip
TURNED = "upside down: turned by 180 degrees"


@dataclass(frozen=True)
class Row:
    """What was found in one face of an image, in one video, or in a file without either.

    Args:
        file: as the user named it. face: 1 for the largest, 0 where none was looked at.
        faces: in the image; in a video, the most in one frame.
        box: left, top, right and bottom of what the detector found, in pixels of the file.
        turned: 180 where the image was upside down, else 0. frames: that were labelled.
        predicted: empty where nothing was. probabilities: in the order of the classes.
        note: what was done or is wrong.
    """

    file: str
    face: int = 0
    faces: int = 0
    box: tuple[float, float, float, float] | None = None
    turned: int = 0
    frames: int = 0
    predicted: str = ""
    probabilities: tuple[float, ...] = ()
    note: str = ""

    @property
    def probability(self) -> float | None:
        """Of the predicted class."""
        return max(self.probabilities) if self.probabilities else None

    def values(self, classes: Sequence[str]) -> dict[str, Any]:
        """Column to value; None where there is none."""
        edges = self.box or (None,) * 4
        facts = (
            self.file.encode("utf-8", "backslashreplace").decode(), self.face, self.faces, *edges,
            self.turned, self.frames, self.predicted or None, self.probability,
        )  # fmt: skip
        own = self.probabilities or (None,) * len(classes)
        return {
            **dict(zip(FACTS, facts, strict=True)),
            **{f"p_{name}": value for name, value in zip(classes, own, strict=True)},
            "note": self.note,
        }


def check_table(path: Path, *, force: bool) -> None:
    """Refuse a table that cannot be written, before anything is computed.

    Raises:
        UsageError: another suffix, a folder, or it is there and `force` is not set.
        DamagedError: its folder cannot be written into.
    """
    if path.suffix.lower() not in FORMS:
        raise UsageError(f"{path.name}: a table is written as {' or '.join(FORMS)}")
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "name a file")
    if path.exists() and not force:
        raise UsageError(f"{path} is there", "name a new one by --out, or say --force")
    require_writable(path.parent)


@dataclass
class Table:
    """Rows, written to a file every few seconds and at the end, each time as a whole."""

    path: Path
    classes: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    _written: int = -1
    _at: float = 0.0

    def add(self, rows: Sequence[Row]) -> None:
        """Append rows; the file follows."""
        self.rows += rows
        if time.monotonic() - self._at >= EVERY:
            self.write()

    def write(self) -> None:
        """Bring every row into the file, by one rename."""
        if self._written == len(self.rows):
            return
        with atomic_file(self.path) as draft:
            if self.path.suffix.lower() == ".csv":
                draft.write_text(self._csv(), encoding="utf-8", newline="")
            else:
                self._parquet(draft)
        self._written, self._at = len(self.rows), time.monotonic()

    def _csv(self) -> str:
        text = StringIO()
        names = [*FACTS, *(f"p_{name}" for name in self.classes), "note"]
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        for row in self.rows:
            values = row.values(self.classes)
            writer.writerow(sheet_row({name: _text(value) for name, value in values.items()}))
        return text.getvalue()

    def _parquet(self, draft: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        numbers, floats = ("face", "faces", "turned", "frames"), pa.float64()
        kinds = {name: pa.int64() for name in numbers} | {
            name: pa.string() for name in ("file", "predicted", "note")
        }
        columns = [*FACTS, *(f"p_{name}" for name in self.classes), "note"]
        schema = pa.schema([(name, kinds.get(name, floats)) for name in columns])
        rows = [row.values(self.classes) for row in self.rows]
        pq.write_table(pa.Table.from_pylist(rows, schema), draft)


def _text(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value
