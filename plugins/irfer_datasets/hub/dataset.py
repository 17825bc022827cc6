"""Dataset `hub`: rows of a Hugging Face dataset, in a folder or pinned to a commit of the hub.

Read are parquet files, a folder of `save_to_disk`, and an imagefolder; any columns by the
parameters. No dataset on the hub is a default: copies of licensed sets there are unofficial, and
their licence tags are often wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irfer_bench.api import (
    CLASSES,
    Clip,
    DamagedError,
    Item,
    Match,
    MissingError,
    Problem,
    clip_of,
    few_subjects,
    own_folds,
)
from irfer_datasets.hub.forms import Place, find_form
from irfer_datasets.params import HubParams

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from irfer_datasets.hub.rows import Row
    from irfer_datasets.hub.survey import Contents, Position
    from irfer_datasets.hub.tables import Table


class Hub:
    """Stills and clips in the rows of a table; ids come from a column or are digests."""

    name = "hub"
    classes = CLASSES
    licence = "its distributor's, whatever the hub's tag says; you answer for the right to use it"
    private = True
    lists_audio = False  # the audio of a row is no file

    def __init__(self, params: HubParams | None = None) -> None:
        self.params = params or HubParams()
        self._tables: dict[Path | None, tuple[list[Table], list[Problem]]] = {}
        self._surveys: dict[Path | None, Contents] = {}
        self._positions: dict[Path | None, dict[str, Position]] = {}

    def identify(self, root: Path) -> Match:
        """Confident of a saved dataset and of parquet with the wanted columns; opens one footer."""
        base = root / self.params.folder
        if not base.is_dir():
            return Match(0.0, f"no folder {self.params.folder!r} (hub.folder)")
        form = find_form(Place(base, root), self.params)
        return Match(form.confidence, form.reason)

    def index(self, root: Path | None) -> Iterable[Item]:
        """One item per usable row, in the order of their ids.

        Raises:
            MissingError: no dataset there, or no such column. UsageError: integers without names.
            DamagedError: a file of it cannot be read.
        """
        items = self._survey(root).items
        return [items[name] for name in sorted(items)]

    def problems(self, root: Path | None) -> Iterable[Problem]:
        """Unknown labels, missing columns and shards, undecodable images, ids twice."""
        yield from self._opened(root)[1]
        found = self._survey(root)
        yield from found.problems
        items = list(found.items.values())
        if not any(item.split.startswith(("test", "set_")) for item in items):
            yield from few_subjects(items)

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The row's images as stored, 8 or 16 bits; only they are decoded; with the whole item
        its audio too.

        Raises:
            DamagedError: an image cannot be decoded. MissingError: the row is gone.
        """
        import numpy as np

        table, row = self._row(root, item)
        images, fps = _frames(table, row, item, frames)
        points = None
        if row.landmarks is not None and row.landmarks.is_valid:
            points = np.asarray(row.landmarks.as_py(), np.float32)
            points = points if frames is None else points[list(frames)]
        sound = _sound(table, row) if frames is None else None
        return clip_of(
            item,
            images,
            fps=row.fps or fps,
            audio=None if sound is None else sound[0],
            sample_rate=None if sound is None else sound[1],
            landmarks=points,
        )

    def read_audio_track(self, root: Path | None, item: Item) -> tuple[NDArray[Any], int] | None:
        """(samples,) float32 of channel 0 and its native rate: of the audio column, else of the
        video.

        Raises:
            DamagedError: the audio cannot be decoded.
        """
        return _sound(*self._row(root, item))

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """The split `test` as one fold; `set_1` to `set_k` as k; else every fifth subject."""
        return own_folds(items)

    def fingerprint(self, root: Path | None) -> str:
        """Digest of all rows' images and facts; neither shards nor their order enter."""
        from irfer_datasets.hub.survey import fingerprint

        return fingerprint(self._survey(root).digests.values())

    def _opened(self, root: Path | None) -> tuple[list[Table], list[Problem]]:
        from irfer_datasets.hub.tables import open_tables

        if root not in self._tables:
            self._tables[root] = open_tables(root, self.params)
        return self._tables[root]

    def _survey(self, root: Path | None) -> Contents:
        from irfer_datasets.hub.survey import keep, survey

        if root not in self._surveys:
            tables = self._opened(root)[0]
            found = self._surveys[root] = survey(tables)
            self._positions[root] = found.positions
            keep(tables, self.params, found.positions)
        return self._surveys[root]

    def _row(self, root: Path | None, item: Item) -> tuple[Table, Row]:
        from irfer_datasets.hub.rows import name_of, row_at
        from irfer_datasets.hub.survey import recall

        tables = self._opened(root)[0]
        if root not in self._positions:
            known = recall(tables, self.params)
            self._positions[root] = self._survey(root).positions if known is None else known
        number, place = self._positions[root].get(item.id, (-1, 0))
        if number >= 0:
            row = row_at(tables[number], place)
            if root in self._surveys or name_of(row, tables[number]) == item.id:
                return tables[number], row
        if root not in self._surveys:  # a hint of an earlier process that is no longer true
            self._survey(root)
            return self._row(root, item)
        hint = "the dataset changed since it was indexed; run `irfer-bench data check hub`"
        raise MissingError(f"hub has no row {item.id}", hint)


def _frames(
    table: Table, row: Row, item: Item, frames: Sequence[int] | None
) -> tuple[NDArray[Any], float | None]:
    """(T, H, W, 3) of the row's images or video, and the video's frame rate."""
    from irfer_bench.api import read_video, stack_images
    from irfer_datasets.hub.rows import as_file, decode_images

    if row.images:
        picked = range(len(row.images)) if frames is None else frames
        cells = [row.images[position] for position in picked]
        return stack_images(decode_images(cells, table.place, item.id), item.id), None
    if row.video is None:
        raise DamagedError(f"{item.id} has no image", "restore the row")
    with as_file(row.video, table.place) as (folder, name):
        return read_video(folder, name, frames)


def _sound(table: Table, row: Row) -> tuple[NDArray[Any], int] | None:
    from irfer_bench.api import read_audio_track
    from irfer_datasets.hub.rows import as_file

    cell = row.sound or (None if row.images else row.video)
    if cell is None:
        return None
    with as_file(cell, table.place) as (folder, name):
        return read_audio_track(folder, name)
