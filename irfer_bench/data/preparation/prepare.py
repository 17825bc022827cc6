"""Preparation of items: select frames, find faces, crop or align, scale to 8 bits, resize."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.interfaces import Dataset, Detector
from irfer_bench.contracts.values import Clip, Item
from irfer_bench.data.preparation.blocks import FrameBlocks, read_frames, shapes
from irfer_bench.data.preparation.coding import code_frames
from irfer_bench.data.preparation.crop import eight_bit
from irfer_bench.data.preparation.cuts import (
    Cut,
    align_frames,
    cut_out,
    move_points,
    note_alignment,
)
from irfer_bench.data.preparation.faces import (
    Annotations,
    FaceSearch,
    require_points,
    seen_points,
    visible_partners,
)
from irfer_bench.data.preparation.reading import Reader, read_ahead
from irfer_bench.data.preparation.rules import Rules, distinct, pick, rules_of
from irfer_bench.data.preparation.squares import choose_squares, note_facts
from irfer_bench.errors import DamagedError

__all__ = ["Annotations", "Rules", "pick", "prepare", "rules_of"]


def prepare(
    dataset: Dataset,
    root: Path | None,
    items: Sequence[Item],
    rules: Rules,
    *,
    detector: Detector | None = None,
    given: Annotations | None = None,
    progress: Callable[[str, int, int], object] | None = None,
    partners: Iterable[Item] | None = None,
    record: Callable[[str, dict[str, Any]], object] | None = None,
) -> Iterator[Clip]:
    """Clips of `items` in their order, (T, size, size, 3) uint8, one decoded at a time.

    Unit `frame` yields one clip per picked frame with id `<item>.<k>` and pair `<pair>.<k>`, unit
    `item` one clip per item. Landmarks are in continuous pixel coordinates (the centre of the
    first pixel is 0.5) and are moved along with the crop and the resize. A dataset without files
    may offer `read_many(items) -> Iterable[Clip]`, which is then used for its stills.

    Args:
        detector: opened; None takes the centre square.
        progress: called as `progress("prepare", done, total)` after every item.
        partners: items among which visible partners of registered pairs are found; default `items`.
        record: called as `record(item id, facts)` with positions, boxes, the 16-bit range used and
            the positions without a face.

    Raises:
        DamagedError: a file cannot be decoded, or no face is in it and the rule is to fail.
        MissingError: a detector lacks what it needs. ContractError: the dataset or the detector
        returned something else than it should.
    """
    reader = Reader(dataset, root, rules.range_16bit)
    visible = visible_partners(partners or items)
    job = _Job(
        reader, rules, FaceSearch(reader, rules, detector, given or Annotations(), visible)
    )
    for done, (item, ready) in enumerate(read_ahead(dataset, items), start=1):
        clips, facts = job.run(item, ready)
        if record is not None:
            record(item.id, facts)
        yield from clips
        if progress is not None:
            progress("prepare", done, len(items))


@dataclass(frozen=True)
class _Job:
    reader: Reader
    rules: Rules
    search: FaceSearch

    def run(self, item: Item, ready: Clip | None = None) -> tuple[list[Clip], dict[str, Any]]:
        picked = pick(self.rules.kept, item.frames)
        if self.rules.unit == "frame":
            picked = distinct(picked)
        if not picked:
            raise DamagedError(f"{item.id} has no frames", "remove it from the dataset's folder")
        positions = [position for position, _ in picked]
        if ready is None:
            clip, read = read_frames(self.reader, item, positions)
        else:
            clip, read = ready, [*ready.frames]
        low_high = self.reader.depth(item, read)
        frames: Sequence[NDArray[np.uint8]] = read
        if not isinstance(read, FrameBlocks):
            frames = [eight_bit(frame, low_high) for frame in read]
        cuts, points, facts = self._cut(item, positions, frames, clip)
        if low_high is not None:
            facts["range_16bit"] = list(low_high)
        kept = [k for k, cut in enumerate(cuts) if cut is not None]
        if not kept:
            return [], facts
        size = self.rules.size
        whole = replace(
            clip,
            id=item.id,
            spectrum=item.spectrum,
            label=item.label,
            subject=item.subject,
            lighting=item.lighting,
            pair=item.pair,
            frames=np.stack([cut_out(frames[k], cuts[k], size) for k in kept]),
            landmarks=None if points is None else move_points(points, cuts, size)[kept],
            fps=None if self.rules.kept.startswith("uniform") else clip.fps,
            positions=tuple(positions[k] for k in kept),
            length=item.frames,
        )
        if self.rules.unit == "item":
            whole = self.reader.with_audio(item, _with_all_points(whole))
            made, done = code_frames(whole, item, self.reader.root, self.rules.coding)
            return [made], facts | done
        return [_still(whole, index, picked[k][1]) for index, k in enumerate(kept)], facts

    def _cut(
        self, item: Item, positions: Sequence[int], frames: Sequence[NDArray[np.uint8]], clip: Clip
    ) -> tuple[list[Cut | None], NDArray[np.float32] | None, dict[str, Any]]:
        """What is cut out of each frame, landmarks in the original, and facts."""
        rules, search = self.rules, self.search
        points = search.known_points(item, positions, clip)
        by = search.points_to_align_by(item, positions, points) if rules.align else None
        faces = search.find(item, positions, frames, points) if by is None else None
        if rules.align and by is None:
            require_points(faces, item, rules.detector)
            by = seen_points(faces)
        exact = search.detector is not None and search.detector.exact
        empty = shapes(frames)
        boxes = choose_squares(item, empty, faces, rules, exact)
        known = points if points is not None else by if rules.align else seen_points(faces)
        if by is None:
            return list(boxes), known, note_facts(positions, boxes, faces)
        cuts = align_frames(item, empty, boxes, by, rules)
        return cuts, known, note_facts(positions, boxes, faces) | note_alignment(cuts, rules.size)


def _with_all_points(clip: Clip) -> Clip:
    """A clip has landmarks in all of its frames, or none."""
    complete = clip.landmarks is not None and np.isfinite(clip.landmarks).all()
    return clip if complete else replace(clip, landmarks=None)


def _still(whole: Clip, index: int, k: int) -> Clip:
    points = None if whole.landmarks is None else whole.landmarks[index : index + 1]
    return replace(
        whole,
        id=f"{whole.id}.{k}",
        pair=None if whole.pair is None else f"{whole.pair}.{k}",
        frames=whole.frames[index : index + 1],
        fps=None,
        audio=None,
        sample_rate=None,
        landmarks=points if points is not None and np.isfinite(points).all() else None,
        positions=None if whole.positions is None else whole.positions[index : index + 1],
    )
