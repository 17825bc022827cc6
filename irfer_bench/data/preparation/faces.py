"""What is known of the faces of an item: landmarks, boxes, and what its detector finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.interfaces import Detector
from irfer_bench.contracts.values import Clip, Face, FaceQuery, Item
from irfer_bench.data.boxes import EVERY
from irfer_bench.data.preparation.blocks import show
from irfer_bench.data.preparation.crop import eight_bit
from irfer_bench.data.preparation.key_frames import interpolate, key_frames
from irfer_bench.data.preparation.reading import Reader
from irfer_bench.data.preparation.rules import Rules
from irfer_bench.errors import ContractError, MissingError, UsageError


@dataclass(frozen=True)
class Annotations:
    """Landmarks and boxes given by the user, by item id.

    Args:
        landmarks: (T, 68, 2) in pixels of the original; they override the dataset's.
        boxes: `{position: (left, top, side)}`; position `EVERY` stands for all. None: no file.
    """

    landmarks: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    boxes: Mapping[str, Mapping[int, tuple[float, float, float]]] | None = None


@dataclass(frozen=True)
class FaceSearch:
    """Asks files, dataset and detector; a registered pair is cropped by its visible partner.

    Args:
        visible: the visible item of each registered pair.
    """

    reader: Reader
    rules: Rules
    detector: Detector | None
    given: Annotations
    visible: Mapping[str, Item]

    def known_points(
        self, item: Item, positions: Sequence[int], clip: Clip
    ) -> NDArray[np.float32] | None:
        """(T, 68, 2) from a file, the visible partner's file or the dataset, in this order."""
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

    def points_to_align_by(
        self, item: Item, positions: Sequence[int], points: NDArray[np.float32] | None
    ) -> NDArray[np.float32] | None:
        """The item's known landmarks; of a registered pair the visible partner's for both."""
        seen = self._looked_at(item)
        if seen is item:
            return points
        brought = self.given.landmarks.get(seen.id)
        if brought is not None:
            return np.asarray(brought[list(positions)], dtype=np.float32)
        if self.reader.frames(seen, positions[:1])[0].landmarks is None:
            return points
        known = self.reader.frames(seen, positions)[0].landmarks
        return points if known is None else np.asarray(known, dtype=np.float32)

    def find(
        self,
        item: Item,
        positions: Sequence[int],
        frames: Sequence[NDArray[np.uint8]],
        points: NDArray[np.float32] | None,
    ) -> list[Face | None] | None:
        """A face or None per frame; None without a detector.

        A detector that looks is shown the key frames alone.
        """
        if self.detector is None:
            return None
        every = self.rules.every if self.detector.looks else 1
        keys = key_frames(len(positions), every)
        shown = [positions[k] for k in keys]
        seen = self._looked_at(item)
        if seen is not item:
            brought = self.given.landmarks.get(seen.id)
            points = points if brought is None else np.asarray(brought[list(positions)])
        if seen is not item and self.detector.looks:
            low_high = self.reader.depth(seen, partner := self.reader.frames(seen, shown)[1])
            looked = show([eight_bit(frame, low_high) for frame in partner], range(len(partner)))
        else:
            looked = show(frames, keys)
        known = self.given.boxes
        boxes = {} if known is None else known.get(item.id, known.get(seen.id, {}))
        query = FaceQuery(
            item=seen,
            positions=shown,
            frames=looked,
            landmarks=None if points is None else points[keys],
            boxes=None if known is None else [boxes.get(p, boxes.get(EVERY)) for p in shown],
        )
        faces = list(self.detector.find(query))
        if len(faces) != len(shown):
            raise ContractError(
                f"detector {self.rules.detector!r} answered {len(faces)} times for "
                f"{len(shown)} frames of {seen.id}"
            )
        return interpolate(faces, keys, positions)

    def _looked_at(self, item: Item) -> Item:
        """The visible partner of a registered pair, else the item."""
        seen = self.visible.get(item.pair or "")
        return item if seen is None or seen.frames != item.frames or item.weak_pair else seen


def visible_partners(items: Iterable[Item]) -> dict[str, Item]:
    """The visible item of each registered pair."""
    found: dict[str, Item] = {}
    for item in items:
        if item.pair and not item.weak_pair and item.spectrum == "vis":
            found.setdefault(item.pair, item)
    return found


def seen_points(faces: Sequence[Face | None] | None) -> NDArray[np.float32] | None:
    """(T, 68, 2): the detector's own landmarks, NaN where a frame has none; None without any."""
    points = [None if face is None else face.landmarks for face in faces or ()]
    if all(each is None for each in points):
        return None
    empty = np.full((68, 2), np.nan)
    return np.stack([empty if each is None else each for each in points]).astype(np.float32)


def require_points(faces: Sequence[Face | None] | None, item: Item, detector: str) -> None:
    """A face without landmarks cannot be aligned.

    Raises:
        MissingError: a face has none, or nobody was asked for one.
    """
    if faces is None or any(face is not None and face.landmarks is None for face in faces):
        found = "" if detector == "none" else f" and detector {detector!r} finds none"
        raise MissingError(
            f"{item.id} has no landmarks to align by{found}",
            "choose a detector that finds them (dlib, face_alignment), or pass --landmarks FILE",
        )
