"""FER-2013's images as rows of a CSV file: 48 x 48 grey values as text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.api import DamagedError, relative
from irfer_datasets.ferplus.votes import SPLITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 48


@dataclass(frozen=True)
class PixelTable:
    """Where each row of a file begins.

    Args:
        splits: of each row, by its `Usage`. column: place of the pixels in a row.
    """

    path: Path
    name: str
    starts: tuple[int, ...]
    splits: tuple[str, ...]
    column: int

    def image(self, row: int) -> NDArray[np.uint8]:
        """(1, 48, 48, 3), grey repeated.

        Raises:
            DamagedError: the row has not 48 x 48 values from 0 to 255.
        """
        import numpy as np

        text = self.text(row)
        values = [int(value) for value in text.split() if value.isdigit()]
        if len(values) != SIDE * SIDE or max(values) > 255:
            raise DamagedError(
                f"{self.name} line {row + 2}: {len(values)} grey values, {SIDE * SIDE} from 0 to "
                "255 are needed", "restore the file")  # fmt: skip
        grey = np.array(values, np.uint8).reshape(1, SIDE, SIDE, 1)
        return np.repeat(grey, 3, axis=3)

    def digest(self, row: int) -> str:
        """Of the row's pixels."""
        return hashlib.sha256(" ".join(self.text(row).split()).encode()).hexdigest()

    def text(self, row: int) -> str:
        """The row's pixels as written.

        Raises:
            DamagedError: the file is gone or cut off.
        """
        try:
            with self.path.open("rb") as stream:
                stream.seek(self.starts[row])
                cells = stream.readline().decode("ascii", "replace").split(",")
            return cells[self.column].strip().strip('"')
        except (OSError, IndexError) as error:
            raise DamagedError(f"{self.name} line {row + 2} cannot be read ({error})") from error


def scan(path: Path, root: Path) -> PixelTable:
    """The rows of a file; pixels are not parsed.

    Raises:
        DamagedError: it cannot be read, or its header lacks `pixels` or `Usage`.
    """
    name = relative(path, root)
    starts, splits = [], []
    try:
        with path.open("rb") as stream:
            header = [cell.strip().strip('"').casefold()
                      for cell in stream.readline().decode("utf-8-sig", "replace").split(",")]
            if not {"pixels", "usage"} <= set(header):
                raise DamagedError(f"{name} lacks column pixels or Usage", "restore the file")
            usage, start = header.index("usage"), stream.tell()
            for line in stream:
                cells = line.split(b",")
                if len(cells) == len(header):
                    text = cells[usage].strip().strip(b'"').decode("ascii", "replace")
                    starts.append(start)
                    splits.append(SPLITS.get(text.casefold(), ""))
                start += len(line)
    except OSError as error:
        raise DamagedError(f"{name} cannot be read ({error.strerror})") from error
    return PixelTable(path, name, tuple(starts), tuple(splits), header.index("pixels"))
