"""Items become clips once: frames picked, cropped, scaled to 8 bits, resized, ids given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from irfer_bench.data.rules import Rules, distinct, pick, rules_of
from irfer_bench.errors import BenchError, ContractError, DamagedError, MissingError, UsageError
from irfer_bench.protocols import Dataset
from irfer_bench.values import Clip, Item

__all__ = ["Rules", "pick", "prepare", "rules_of"]

MANY = 256
"""Generated stills drawn at a time: more would only cost memory."""
Box = tuple[int, int, int]
"""Left, top and side of a square in pixels of the original; it may reach over the border."""


def prepare(
    dataset: Dataset,
    root: Path | None,
    items: Sequence[Item],
    rules: Rules,
    landmarks: Mapping[str, NDArray[Any]] | None = None,
    progress: Callable[[str, int, int], object] | None = None,
    *,
    partners: Iterable[Item] | None = None,
    record: Callable[[str, dict[str, Any]], object] | None = None,
) -> Iterator[Clip]:
    """Clips of `items` in their order, (T, size, size, 3) uint8, one decoded at a time.

    Unit `frame` yields one clip per picked frame with id `<item>.<k>` and pair `<pair>.<k>`, unit
    `item` one clip per item. Landmarks are in continuous pixel coordinates (the centre of the
    first pixel is 0.5) and are moved along with the crop and the resize. A dataset without files
    may offer `read_many(items) -> Iterable[Clip]`, which is then used for its stills.

    Args:
        landmarks: (T, 68, 2) per item id in pixels of the original; they win over the dataset's.
        progress: called as `progress("prepare", done, total)` after every item.
        partners: where the visible partner of a registered pair is looked up; default `items`.
        record: called as `record(item id, facts)` with the boxes and the 16-bit range used.

    Raises:
        DamagedError: a file cannot be decoded. MissingError: detector `landmarks` without any.
        UsageError: unknown detector. ContractError: the dataset returned no image.
    """
    if rules.detector not in ("none", "landmarks"):
        raise UsageError(f"unknown detector {rules.detector!r}", "known: none, landmarks")
    job = _Job(dataset, root, rules, landmarks or {}, _visible(partners or items))
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
    landmarks: Mapping[str, NDArray[Any]]
    visible: Mapping[str, Item]

    def run(self, item: Item, ready: Clip | None = None) -> tuple[list[Clip], dict[str, Any]]:
        picked = pick(self.rules.frames, item.frames)
        if self.rules.unit == "frame":
            picked = distinct(picked)
        if not picked:
            raise DamagedError(f"{item.id} has no frames", "remove it from the dataset's folder")
        positions = [position for position, _ in picked]
        clip, frames = self._decode(item, positions) if ready is None else (ready, [*ready.frames])
        points = self._points(item, positions, clip)
        boxes = self._boxes(item, positions, frames, points)
        low_high = self._range(item, frames)
        size = self.rules.size
        pixels = [
            _resize(_crop(_eight_bit(frame, low_high), box), size)
            for frame, box in zip(frames, boxes, strict=True)
        ]
        moved = (
            None
            if points is None
            else np.stack(
                [
                    ((frame - box[:2]) * (size / box[2])).astype(np.float32)
                    for frame, box in zip(points, boxes, strict=True)
                ]
            )
        )
        whole = replace(
            clip,
            id=item.id,
            spectrum=item.spectrum,
            label=item.label,
            subject=item.subject,
            lighting=item.lighting,
            pair=item.pair,
            frames=np.stack(pixels),
            landmarks=moved,
            fps=None if self.rules.frames.startswith("uniform") else clip.fps,
        )
        facts: dict[str, Any] = {"boxes": [list(box) for box in boxes]}
        if low_high is not None:
            facts["range_16bit"] = list(low_high)
        if self.rules.unit == "item":
            return [whole], facts
        return [_still(whole, index, k) for index, (_, k) in enumerate(picked)], facts

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
        try:
            return self.dataset.read(self.root, item, positions)
        except BenchError:
            raise
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise DamagedError(
                f"{item.id} cannot be read ({', '.join(item.files[:1]) or 'no file'}…: {error})",
                "restore or remove the file; `irfer-bench data check` lists all such files",
            ) from error

    def _points(
        self,
        item: Item,
        positions: Sequence[int],
        clip: Clip,
    ) -> NDArray[np.float32] | None:
        for known in (item, self.visible.get(item.pair or "")):
            given = None if known is None else self.landmarks.get(known.id)
            if known is None or given is None:
                continue
            if given.shape != (known.frames, 68, 2):
                raise UsageError(
                    f"landmarks of {known.id} have shape {given.shape}, "
                    f"expected {(known.frames, 68, 2)}",
                    "one (T, 68, 2) array per item",
                )
            if known.frames == item.frames:
                return np.asarray(given[list(positions)], dtype=np.float32)
        return None if clip.landmarks is None else np.asarray(clip.landmarks, dtype=np.float32)

    def _boxes(
        self,
        item: Item,
        positions: Sequence[int],
        frames: Sequence[NDArray[Any]],
        points: NDArray[np.float32] | None,
    ) -> list[Box]:
        if self.rules.detector == "none":
            return [_centre_square(frame.shape[0], frame.shape[1]) for frame in frames]
        guide = self._guide(item, positions, points)
        if guide is None:
            raise MissingError(
                f"{item.id} has no landmarks to crop by",
                "pass --landmarks FILE (safetensors, one (T, 68, 2) float32 array per item id)",
            )
        if not np.isfinite(guide).all():
            raise DamagedError(f"landmarks of {item.id} are not finite", "repair the file")
        if self.rules.unit == "item":
            return [_landmark_square(guide.reshape(-1, 2), self.rules.crop, item.id)] * len(frames)
        return [_landmark_square(frame, self.rules.crop, item.id) for frame in guide]

    def _guide(
        self,
        item: Item,
        positions: Sequence[int],
        points: NDArray[np.float32] | None,
    ) -> NDArray[np.float32] | None:
        """Landmarks that place the box: the visible partner's where the pair is registered."""
        partner = self.visible.get(item.pair or "")
        if partner is None or partner.frames != item.frames or item.weak_pair:
            return points
        given = self.landmarks.get(partner.id)
        return points if given is None else np.asarray(given[list(positions)], dtype=np.float32)

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


def _centre_square(height: int, width: int) -> Box:
    side = min(height, width)
    return (width - side) // 2, (height - side) // 2, side


def _landmark_square(points: NDArray[np.float32], factor: float, name: str) -> Box:
    low, high = points.min(axis=0), points.max(axis=0)
    side = round(factor * float((high - low).max()))
    if side < 1:
        raise DamagedError(f"landmarks of {name} lie on one point", "repair the file")
    left, top = np.floor((low + high - side) / 2 + 0.5)
    return int(left), int(top), side


def _eight_bit(frame: NDArray[Any], low_high: tuple[float, float] | None) -> NDArray[np.uint8]:
    """(H, W), (H, W, 1), (H, W, 3) or (H, W, 4), uint8 or uint16, to (H, W) or (H, W, 3) uint8."""
    if frame.ndim == 3:
        frame = frame[..., 0] if frame.shape[2] in (1, 2) else frame[..., :3]
    if frame.dtype == np.uint8:
        return frame
    if frame.dtype != np.uint16 or low_high is None:
        raise ContractError(f"frames must be uint8 or uint16, the dataset returned {frame.dtype}")
    low, high = low_high
    unit = (frame.astype(np.float32) - low) / max(high - low, 1.0)
    scaled: NDArray[np.uint8] = np.floor(np.clip(unit, 0, 1) * 255 + 0.5).astype(np.uint8)
    return scaled


def _crop(frame: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    left, top, side = box
    height, width = frame.shape[:2]
    # Outside the picture its border is repeated: a black bar would be a feature of the crop.
    rows = np.clip(np.arange(top, top + side), 0, height - 1)
    columns = np.clip(np.arange(left, left + side), 0, width - 1)
    return frame[np.ix_(rows, columns)]


def _resize(frame: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    if frame.shape[0] != size:
        image = Image.fromarray(np.ascontiguousarray(frame))
        frame = np.asarray(image.resize((size, size), Image.Resampling.BICUBIC))
    return frame if frame.ndim == 3 else np.repeat(frame[..., None], 3, axis=2)
