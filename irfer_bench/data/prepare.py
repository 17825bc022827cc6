"""Items become clips once: frames picked, faces found, cropped, scaled to 8 bits, resized."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.data.boxes import EVERY
from irfer_bench.data.crop import (
    Box,
    centre_square,
    crop,
    eight_bit,
    exact_box,
    resize,
    square_around,
)
from irfer_bench.data.rules import Rules, distinct, pick, rules_of
from irfer_bench.errors import BenchError, ContractError, DamagedError, UsageError
from irfer_bench.protocols import Dataset, Detector
from irfer_bench.values import Clip, Face, FaceQuery, Item

__all__ = ["Given", "Rules", "pick", "prepare", "rules_of"]

MANY = 256
"""Generated stills drawn at a time: more would only cost memory."""


@dataclass(frozen=True)
class Given:
    """What users bring besides the pictures, by item id.

    Args:
        landmarks: (T, 68, 2) in pixels of the original; they win over the dataset's.
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
    given: Given | None = None,
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
        partners: where the visible partner of a registered pair is looked up; default `items`.
        record: called as `record(item id, facts)` with positions, boxes, the 16-bit range used and
            the positions without a face.

    Raises:
        DamagedError: a file cannot be decoded, or no face is in it and the rule is to fail.
        MissingError: a detector lacks what it needs. ContractError: the dataset or the detector
        returned something else than it should.
    """
    job = _Job(dataset, root, rules, detector, given or Given(), _visible(partners or items))
    for done, (item, ready) in enumerate(_drawn_ahead(dataset, items), start=1):
        clips, facts = job.run(item, ready)
        if record is not None:
            record(item.id, facts)
        yield from clips
        if progress is not None:
            progress("prepare", done, len(items))


@dataclass(frozen=True)
class _Job:
    dataset: Dataset
    root: Path | None
    rules: Rules
    detector: Detector | None
    given: Given
    visible: Mapping[str, Item]

    def run(self, item: Item, ready: Clip | None = None) -> tuple[list[Clip], dict[str, Any]]:
        picked = pick(self.rules.frames, item.frames)
        if self.rules.unit == "frame":
            picked = distinct(picked)
        if not picked:
            raise DamagedError(f"{item.id} has no frames", "remove it from the dataset's folder")
        positions = [position for position, _ in picked]
        clip, frames = self._decode(item, positions) if ready is None else (ready, [*ready.frames])
        low_high = self._range(item, frames)
        frames = [eight_bit(frame, low_high) for frame in frames]
        points = self._points(item, positions, clip)
        faces = self._faces(item, positions, frames, points)
        points = _seen_points(faces) if points is None else points
        boxes = self._boxes(item, frames, faces)
        facts = _facts(positions, boxes, faces, low_high)
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
            landmarks=None if points is None else _moved(points[kept], cuts, self.rules.size),
            fps=None if self.rules.frames.startswith("uniform") else clip.fps,
        )
        if self.rules.unit == "item":
            return [self._with_sound(item, whole)], facts
        return [_still(whole, index, picked[k][1]) for index, k in enumerate(kept)], facts

    def _decode(self, item: Item, positions: Sequence[int]) -> tuple[Clip, list[NDArray[Any]]]:
        # A folder of pictures is read one by one: owners' crops differ in size inside a sequence.
        parts = [[p] for p in positions] if len(item.files) == item.frames else [list(positions)]
        clips = [self._read(item, part) for part in parts]
        frames = [frame for clip in clips for frame in clip.frames]
        if len(frames) != len(positions) or any(frame.ndim not in (2, 3) for frame in frames):
            raise ContractError(
                f"{item.id}: asked for {len(positions)} frames, the dataset returned "
                f"{[tuple(clip.frames.shape) for clip in clips]}",
            )
        points = [clip.landmarks for clip in clips]
        known = [p for p in points if p is not None]
        joined = np.concatenate(known) if len(known) == len(points) else None
        return replace(clips[0], landmarks=joined), frames

    def _read(self, item: Item, positions: Sequence[int] | None) -> Clip:
        with _reading(item):
            return self.dataset.read(self.root, item, positions)

    def _with_sound(self, item: Item, clip: Clip) -> Clip:
        listen = getattr(self.dataset, "listen", None)
        if clip.audio is not None or listen is None or not item.audio:
            return clip
        with _reading(item):
            heard = listen(self.root, item)
        return clip if heard is None else replace(clip, audio=heard[0], sample_rate=heard[1])

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
                low_high = self._range(seen, frames := self._decode(seen, positions)[1])
                frames = [eight_bit(frame, low_high) for frame in frames]
        known = self.given.boxes
        boxes = {} if known is None else known.get(seen.id, known.get(item.id, {}))
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

    def _boxes(
        self,
        item: Item,
        frames: Sequence[NDArray[np.uint8]],
        faces: Sequence[Face | None] | None,
    ) -> list[Box | None]:
        """A square per frame; None for a frame that is dropped."""
        if self.detector is None or faces is None:
            return [centre_square(frame) for frame in frames]
        found = [face for face in faces if face is not None]
        if len(found) < len(faces) and self.rules.no_face == "fail" and (
            self.rules.unit == "frame" or not found
        ):
            raise DamagedError(
                f"no face found in {item.id} by {self.rules.detector}",
                "give its box (--boxes FILE), or choose another detector",
            )
        if self.rules.unit == "item" and found and not self.detector.exact:
            return [square_around(found, self.rules.crop, item.id)] * len(frames)
        if self.rules.unit == "item" and found:
            spare: list[Box | None] = [exact_box(found[0])] * len(frames)
        else:
            dropped = self.rules.no_face == "drop"
            spare = [None if dropped else centre_square(frame) for frame in frames]
        for k, face in enumerate(faces):
            if face is not None:
                exact = self.detector.exact
                spare[k] = (
                    exact_box(face) if exact else square_around([face], self.rules.crop, item.id)
                )
        return spare

    def _range(self, item: Item, frames: Sequence[NDArray[Any]]) -> tuple[float, float] | None:
        if frames[0].dtype != np.uint16:
            return None
        if self.rules.range_16bit is not None:
            return float(self.rules.range_16bit[0]), float(self.rules.range_16bit[1])
        if len(frames) < item.frames:
            _, frames = self._decode(item, range(item.frames))
        values = np.concatenate([frame.ravel() for frame in frames])
        low, high = np.percentile(values, (1, 99))
        return float(low), float(high)


@contextmanager
def _reading(item: Item) -> Iterator[None]:
    try:
        yield
    except BenchError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DamagedError(
            f"{item.id} cannot be read ({', '.join(item.files[:1]) or 'no file'}…: {error})",
            "restore or remove the file; `irfer-bench data check` lists all such files",
        ) from error


def _drawn_ahead(
    dataset: Dataset,
    items: Sequence[Item],
) -> Iterator[tuple[Item, Clip | None]]:
    """Every item, with its clip where the dataset draws stills many at a time."""
    read_many = getattr(dataset, "read_many", None)
    if read_many is None or any(item.files or item.frames != 1 for item in items):
        yield from ((item, None) for item in items)
        return
    for start in range(0, len(items), MANY):
        chunk = items[start : start + MANY]
        yield from zip(chunk, read_many(chunk), strict=True)


def _visible(items: Iterable[Item]) -> dict[str, Item]:
    found: dict[str, Item] = {}
    for item in items:
        if item.pair and not item.weak_pair and item.spectrum == "vis":
            found.setdefault(item.pair, item)
    return found


def _facts(
    positions: Sequence[int],
    boxes: Sequence[Box | None],
    faces: Sequence[Face | None] | None,
    low_high: tuple[float, float] | None,
) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "positions": list(positions),
        "boxes": [None if box is None else list(box) for box in boxes],
    }
    if low_high is not None:
        facts["range_16bit"] = list(low_high)
    if faces is not None and None in faces:
        facts["no_face"] = [p for p, face in zip(positions, faces, strict=True) if face is None]
    return facts


def _seen_points(faces: Sequence[Face | None] | None) -> NDArray[np.float32] | None:
    """The detector's own landmarks, where every frame has them."""
    points = [None if face is None else face.landmarks for face in faces or ()]
    known = [np.asarray(p, np.float32) for p in points if p is not None]
    return np.stack(known) if known and len(known) == len(points) else None


def _moved(points: NDArray[np.float32], boxes: Sequence[Box], size: int) -> NDArray[np.float32]:
    return np.stack(
        [
            ((frame - box[:2]) * (size / box[2])).astype(np.float32)
            for frame, box in zip(points, boxes, strict=True)
        ]
    )


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
    )
