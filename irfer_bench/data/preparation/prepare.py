"""Preparation of items: select frames, find faces, crop, scale to 8 bits, resize."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.interfaces import Dataset, Detector
from irfer_bench.contracts.values import Clip, Face, FaceQuery, Item
from irfer_bench.data.boxes import EVERY
from irfer_bench.data.preparation.crop import crop, eight_bit, resize
from irfer_bench.data.preparation.reading import Reader, read_ahead
from irfer_bench.data.preparation.rules import Rules, distinct, pick, rules_of
from irfer_bench.data.preparation.squares import (
    choose_squares,
    move_points,
    note_facts,
    seen_points,
)
from irfer_bench.errors import ContractError, DamagedError, UsageError

__all__ = ["Annotations", "Rules", "pick", "prepare", "rules_of"]


@dataclass(frozen=True)
class Annotations:
    """Landmarks and boxes given by the user, by item id.

    Args:
        landmarks: (T, 68, 2) in pixels of the original; they override the dataset's.
        boxes: `{position: (left, top, side)}`; position `EVERY` stands for all. None: no file.
    """

    landmarks: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    boxes: Mapping[str, Mapping[int, tuple[float, float, float]]] | None = None


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
    job = _Job(reader, rules, detector, given or Annotations(), _visible(partners or items))
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
    detector: Detector | None
    given: Annotations
    visible: Mapping[str, Item]

    def run(self, item: Item, ready: Clip | None = None) -> tuple[list[Clip], dict[str, Any]]:
        picked = pick(self.rules.kept, item.frames)
        if self.rules.unit == "frame":
            picked = distinct(picked)
        if not picked:
            raise DamagedError(f"{item.id} has no frames", "remove it from the dataset's folder")
        positions = [position for position, _ in picked]
        if ready is None:
            clip, frames = self.reader.frames(item, positions)
        else:
            clip, frames = ready, [*ready.frames]
        low_high = self.reader.depth(item, frames)
        frames = [eight_bit(frame, low_high) for frame in frames]
        points = self._points(item, positions, clip)
        faces = self._faces(item, positions, frames, points)
        points = seen_points(faces) if points is None else points
        exact = self.detector is not None and self.detector.exact
        boxes = choose_squares(item, frames, faces, self.rules, exact)
        facts = note_facts(positions, boxes, faces, low_high)
        kept = [k for k, box in enumerate(boxes) if box is not None]
        cuts = [box for box in boxes if box is not None]
        if not kept:
            return [], facts
        whole = replace(
            clip,
            id=item.id,
            spectrum=item.spectrum,
            label=item.label,
            subject=item.subject,
            lighting=item.lighting,
            pair=item.pair,
            frames=np.stack(
                [
                    resize(crop(frames[k], box), self.rules.size)
                    for k, box in zip(kept, cuts, strict=True)
                ]
            ),
            landmarks=None if points is None else move_points(points[kept], cuts, self.rules.size),
            fps=None if self.rules.kept.startswith("uniform") else clip.fps,
            positions=tuple(positions[k] for k in kept),
            length=item.frames,
        )
        if self.rules.unit == "item":
            return [self.reader.with_audio(item, whole)], facts
        return [_still(whole, index, picked[k][1]) for index, k in enumerate(kept)], facts

    def _points(
        self,
        item: Item,
        positions: Sequence[int],
        clip: Clip,
    ) -> NDArray[np.float32] | None:
        for known in (item, self.visible.get(item.pair or "")):
            brought = None if known is None else self.given.landmarks.get(known.id)
            if known is None or brought is None:
                continue
            if brought.shape != (known.frames, 68, 2):
                raise UsageError(
                    f"landmarks of {known.id} have shape {brought.shape}, "
                    f"expected {(known.frames, 68, 2)}",
                    "one (T, 68, 2) array per item",
                )
            if known.frames == item.frames:
                return np.asarray(brought[list(positions)], dtype=np.float32)
        return None if clip.landmarks is None else np.asarray(clip.landmarks, dtype=np.float32)

    def _faces(
        self,
        item: Item,
        positions: Sequence[int],
        frames: Sequence[NDArray[np.uint8]],
        points: NDArray[np.float32] | None,
    ) -> list[Face | None] | None:
        """What the detector finds; a registered pair is cropped by its visible partner."""
        if self.detector is None:
            return None
        seen = self.visible.get(item.pair or "")
        if seen is None or seen.frames != item.frames or item.weak_pair:
            seen = item
        if seen is not item:
            brought = self.given.landmarks.get(seen.id)
            points = points if brought is None else np.asarray(brought[list(positions)])
            if self.detector.looks:
                low_high = self.reader.depth(seen, frames := self.reader.frames(seen, positions)[1])
                frames = [eight_bit(frame, low_high) for frame in frames]
        known = self.given.boxes
        boxes = {} if known is None else known.get(item.id, known.get(seen.id, {}))
        query = FaceQuery(
            item=seen,
            positions=positions,
            frames=[_colour(frame) for frame in frames],
            landmarks=points,
            boxes=None if known is None else [boxes.get(p, boxes.get(EVERY)) for p in positions],
        )
        faces = list(self.detector.find(query))
        if len(faces) != len(positions):
            raise ContractError(
                f"detector {self.rules.detector!r} answered {len(faces)} times for "
                f"{len(positions)} frames of {seen.id}"
            )
        return faces


def _visible(items: Iterable[Item]) -> dict[str, Item]:
    found: dict[str, Item] = {}
    for item in items:
        if item.pair and not item.weak_pair and item.spectrum == "vis":
            found.setdefault(item.pair, item)
    return found


def _colour(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return frame if frame.ndim == 3 else np.repeat(frame[..., None], 3, axis=2)


def _still(whole: Clip, index: int, k: int) -> Clip:
    points = whole.landmarks
    return replace(
        whole,
        id=f"{whole.id}.{k}",
        pair=None if whole.pair is None else f"{whole.pair}.{k}",
        frames=whole.frames[index : index + 1],
        fps=None,
        audio=None,
        sample_rate=None,
        landmarks=None if points is None else points[index : index + 1],
        positions=None if whole.positions is None else whole.positions[index : index + 1],
    )
