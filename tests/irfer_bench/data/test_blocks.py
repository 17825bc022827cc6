"""Long items are prepared block by block, and come out as if they were read at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irfer_bench.contracts.values import Clip, Face, FaceQuery, Item
from irfer_bench.data.preparation import blocks
from irfer_bench.data.preparation.prepare import prepare
from irfer_bench.data.preparation.rules import Rules

FRAMES, HEIGHT, WIDTH = 90, 20, 30


class Film:
    """One file of frames in which a bright square moves; notes how many are read at a time."""

    def __init__(self) -> None:
        self.read_at_once: list[int] = []
        self.decoded = 0

    def read(self, root: Path, item: Item, frames: Sequence[int] | None = None) -> Clip:
        places = range(item.frames) if frames is None else frames
        self.read_at_once.append(len(places))
        self.decoded += len(places)
        pixels = np.zeros((len(places), HEIGHT, WIDTH, 3), np.uint8)
        for row, place in enumerate(places):
            pixels[row] = place
            pixels[row, 4:12, place // 6 : place // 6 + 8] = 255
        return Clip(item.id, pixels, "vis", fps=25.0)


class Bright:
    """Finds the bright square; no face in every ninth frame."""

    exact, looks = False, True

    def find(self, query: FaceQuery) -> list[Face | None]:
        found: list[Face | None] = []
        for position, frame in zip(query.positions, query.frames, strict=True):
            rows, columns = (frame[..., 0] == 255).nonzero()
            box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            found.append(None if position % 9 == 8 else Face(*map(float, box)))
        return found


def made(root: Path, **rules: Any) -> tuple[Clip, dict[str, Any], Film]:
    film, facts = Film(), dict[str, Any]()
    item = Item("one", "fear", None, "vis", ("one.mp4",), frames=FRAMES)
    chosen = Rules(**{"unit": "item", "stored": "all", "size": 16, "detector": "bright", **rules})
    (clip,) = prepare(
        film, root, [item], chosen, record=facts.__setitem__,  # type: ignore[arg-type]
        detector=None if chosen.detector == "none" else Bright(),  # type: ignore[arg-type]
    )  # fmt: skip
    return clip, facts["one"], film


@pytest.mark.parametrize("rules", [{}, {"every": 4}, {"detector": "none"}, {"no_face": "drop"}])
def test_blocks_give_the_same_clip(
    rules: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, facts, at_once = made(tmp_path, **rules)
    monkeypatch.setattr(blocks, "BYTES", 40 * 3 * HEIGHT * WIDTH)
    clip, others, film = made(tmp_path, **rules)
    assert np.array_equal(clip.frames, whole.frames) and others == facts
    assert (clip.positions, clip.length, clip.fps) == (whole.positions, whole.length, whole.fps)
    assert max(at_once.read_at_once) == FRAMES and max(film.read_at_once) == 40
    assert film.decoded <= 2 * FRAMES + 1 + 40  # looked at, and cut out
