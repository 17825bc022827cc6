"""Stage that translates clips into files, so that an interrupted step continues."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from irfer_bench.contracts.component import Spectrum
from irfer_bench.contracts.values import Clip
from irfer_bench.data import subsets as splits
from irfer_bench.data.arrow import Shard, write_shard
from irfer_bench.data.clips import SHARDS, ClipView, StoredClips, shard_name
from irfer_bench.data.preparation.shards import move_shards
from irfer_bench.engine.stages import FOLDS
from irfer_bench.engine.stages.frame_change import frame_change
from irfer_bench.engine.stages.work import Inputs, Work
from irfer_bench.errors import ContractError, DamagedError
from irfer_bench.experiment.steps import Prepared, Translate, Translated
from irfer_bench.store.files import atomic_file, write_text

CODE = "code.txt"
FILES, SMALLEST = 64, 32
"""At most so many files per artefact, each mapped into memory; at least so many clips in each."""


def translate(spec: Translate, inputs: Inputs, work: Work) -> Translated:
    """Translate `clips`; ids and order are kept.

    Finished files of an interrupted translation are kept; only the remaining clips are translated.
    """
    clips = inputs["clips"].clips()
    method = work.create()
    if "fit" in inputs:
        method.restore(inputs["fit"].state())
    partners = None
    if "partners" in inputs:
        true = inputs["partners"].clips("all")
        where = dict(splits.match_pairs(clips, true))
        clips, partners = clips.pick(where), true.pick(where.values())
    shards = _Shards(work.kept, clips, work.context.code)
    done = shards.finished()
    rest = clips.pick(range(done, len(clips)))
    if len(rest):
        given = {} if partners is None else {"partners": partners.pick(range(done, len(clips)))}
        made = method.translate(rest, work.context, **given)
        try:
            shards.write(_checked(work, rest, done, made, spec.spectrum), done)
        except ContractError:
            shards.clear()
            raise
    elif not len(clips):
        write_shard(work.folder / shard_name(0), ())
    move_shards(work.kept, work.folder)
    written = StoredClips(work.folder, work.title).view()
    if (change := frame_change(clips, written)) is not None:
        work.context.report("frame_change", change)
    before = inputs["clips"]
    (work.folder / FOLDS).write_text((before.artefact.folder / FOLDS).read_text())
    return Translated(clips=len(clips), weak_pairs=before.facts(Prepared).weak_pairs)


class _Shards:
    """Files of translated clips below a folder; each is written by one rename.

    Args:
        code: digest of the code that translates; files written by other code are not used.
    """

    def __init__(self, place: Path, clips: ClipView, code: str) -> None:
        self.place, self.ids, self.code = place, clips.ids, code
        self.size = max(SMALLEST, math.ceil(len(clips) / FILES))

    def clear(self) -> None:
        """Remove all files."""
        for path in [*self.place.glob(SHARDS), *self.place.glob(f".{SHARDS}*")]:
            path.unlink()

    def finished(self) -> int:
        """How many clips are in finished files; other files are removed."""
        marker, done = self.place / CODE, 0
        if not marker.is_file() or marker.read_text() != self.code:
            self.clear()
        while done < len(self.ids) and self._is_whole(done):
            done = min(done + self.size, len(self.ids))
        names = {shard_name(k) for k in range(math.ceil(done / self.size))}
        for path in [*self.place.glob(SHARDS), *self.place.glob(f".{SHARDS}*")]:
            if path.name not in names:
                path.unlink()
        return done

    def _is_whole(self, start: int) -> bool:
        try:
            found = [row["id"] for row in Shard(self._path(start)).facts()]
        except DamagedError:
            return False
        return found == self.ids[start : start + self.size]

    def _path(self, start: int) -> Path:
        return self.place / shard_name(start // self.size)

    def write(self, clips: Iterator[Clip], start: int) -> None:
        """Write clips from position `start` on, a file whenever it is full."""
        self.place.mkdir(parents=True, exist_ok=True)
        write_text(self.place / CODE, self.code)
        for first in range(start, len(self.ids), self.size):
            with atomic_file(self._path(first)) as draft:
                write_shard(draft, islice(clips, min(self.size, len(self.ids) - first)))
        next(clips, None)  # raises if a translator returns too many clips


def _checked(
    work: Work, asked: ClipView, done: int, made: Iterable[Any], spectrum: Spectrum | None
) -> Iterator[Clip]:
    """The translator's clips, checked against its input."""
    name, total, given = work.name, len(asked), iter(asked)
    count = 0
    for clip in made:
        before = next(given, None)
        if before is None:
            raise ContractError(f"{name} returned {count + 1} clips for {total}")
        if not isinstance(clip, Clip):
            raise ContractError(f"{name} returned a {type(clip).__name__} where a Clip was due")
        if clip.id != before.id:
            raise ContractError(f"{name} returned clip {clip.id!r} where {before.id!r} was due")
        if clip.frames.shape != before.frames.shape:
            raise ContractError(
                f"{name}: clip {clip.id!r} came back as {clip.frames.shape}, "
                f"not {before.frames.shape}"
            )
        count += 1
        work.context.progress("translate", done + count, done + total)
        yield replace(
            clip,
            spectrum=spectrum or clip.spectrum,
            positions=before.positions,
            length=before.length,
            scored=None,
        )
    if count < total:
        raise ContractError(f"{name} returned {count} clips for {total}")
