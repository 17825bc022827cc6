"""A dataset of arrays in memory, and clips prepared from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from irfer_bench.contracts.params import Params
from irfer_bench.contracts.values import Clip, Item
from irfer_bench.data.preparation.prepare import Annotations, Rules, prepare
from irfer_detectors.plain import Landmarks


class Images:
    """A dataset of arrays: (T, H, W) or (T, H, W, 3), by item id."""

    def __init__(self, arrays: dict[str, Any], landmarks: dict[str, Any] | None = None) -> None:
        self.arrays, self.landmarks = arrays, landmarks or {}
        self.read_frames = 0

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        positions = list(range(item.frames)) if frames is None else list(frames)
        self.read_frames += len(positions)
        points = self.landmarks.get(item.id)
        audio = np.arange(5, dtype=np.float32)
        return Clip(
            id=item.id,
            frames=np.stack([self.arrays[item.id][p] for p in positions]),
            spectrum=item.spectrum,
            fps=25.0,
            audio=audio,
            sample_rate=8000,
            landmarks=None if points is None else points[positions],
        )


def item(name: str = "a", frames: int = 1, **more: Any) -> Item:
    files = tuple(f"{name}{k}" for k in range(frames))
    return Item(
        **{
            "id": name,
            "label": "fear",
            "subject": "s",
            "spectrum": "nir",
            "files": files,
            "frames": frames,
        }
        | more
    )


def run(arrays: dict[str, Any], items: Sequence[Item], rules: Rules, **more: Any) -> list[Clip]:
    dataset = Images(arrays, more.pop("landmarks_of", None))
    given_ = Annotations(more.pop("landmarks", {}), more.pop("boxes", None))
    detector = more.pop("detector", Landmarks(Params()) if rules.detector == "landmarks" else None)
    return list(
        prepare(dataset, None, items, rules, detector=detector, given=given_, **more)  # type: ignore[arg-type]
    )


def noise(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def square_face(x: float, y: float, side: float) -> Any:
    """68 points whose extent is the square from (x, y)."""
    corners = np.array([[x, y], [x + side, y + side]])
    inner = np.full((66, 2), (x + side / 2, y + side / 2))
    return np.concatenate([corners, inner]).astype(np.float32)[None]
