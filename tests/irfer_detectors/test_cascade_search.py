"""The search that ends early finds the faces of OpenCV's whole search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from irfer_bench.testing.faces import make_clip
from irfer_detectors.cascade_search import find_largest
from irfer_detectors.choice import choose
from irfer_detectors.opencv import HaarCascade
from irfer_detectors.opencv_params import HaarCascadeParams
from tests.irfer_detectors.queries import portrait


def images() -> list[Any]:
    """Grey images with faces of many sizes, of noise, and of one pixel more than a window."""
    random = np.random.default_rng(0)
    grey = np.asarray(Image.fromarray(portrait()).convert("L"))
    made = []
    for side in (60, 110, 150, 200, 330):
        left, top = (int(random.integers(0, edge)) for edge in (224 - side // 2, 115))
        left = max(0, min(left, 512 - side))
        made.append(np.ascontiguousarray(grey[top : top + side, left : left + side]))
    for scale in (0.25, 0.45, 0.6):
        size = (round(512 * scale), round(400 * scale))
        made.append(np.asarray(Image.fromarray(grey[:400]).resize(size)))
    for number, spectrum in enumerate(("vis", "nir", "lwir"), start=1):
        clip = make_clip(number, "fear", spectrum, size=96)  # type: ignore[arg-type]
        one = np.asarray(Image.fromarray(clip.frames[0]).convert("L"))
        wide = np.full((150, 260), 40, np.uint8)
        wide[40:136, 130:226] = one
        wide[10:58, 20:68] = one[::2, ::2]
        made += [one, wide]
    made += [random.integers(0, 256, (120, 90), np.uint8), np.zeros((21, 21), np.uint8)]
    return [*made, np.full((9, 14), 128, np.uint8)]


@pytest.mark.parametrize(("cascade", "step"), [("alt2", 1.1), ("default", 1.1), ("alt2", 1.3)])
def test_the_chosen_face_is_that_of_the_whole_search(cascade: Any, step: float) -> None:
    import cv2

    opened = HaarCascade(HaarCascadeParams(cascade=cascade))
    opened.open(Path("nowhere"))
    hits = 0
    for grey in (cv2.equalizeHist(image) for image in images()):
        smallest = max(1, round(0.15 * min(grey.shape)))
        for neighbors in (1, 4):
            whole = opened._cascade.detectMultiScale(
                grey, scaleFactor=step, minNeighbors=neighbors, minSize=(smallest, smallest)
            )
            ours = find_largest(opened._cascade, grey, step, neighbors, smallest)
            assert bool(len(whole)) == bool(ours), grey.shape
            if ours:
                hits += 1
                assert chosen(ours, grey) == chosen(whole, grey)
    assert hits > 12


def chosen(rows: Any, grey: Any) -> Any:
    return choose([(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h in rows], grey.shape)


class Watched:
    """A cascade that notes which windows it is asked to scan."""

    def __init__(self, cascade: Any) -> None:
        self.cascade = cascade
        self.smallest: list[int] = []

    def getOriginalWindowSize(self) -> tuple[int, int]:  # noqa: N802  OpenCV's name
        return self.cascade.getOriginalWindowSize()  # type: ignore[no-any-return]

    def detectMultiScale(self, *more: Any, **options: Any) -> Any:  # noqa: N802  OpenCV's name
        self.smallest.append(options["minSize"][0])
        return self.cascade.detectMultiScale(*more, **options)


def test_small_windows_are_not_scanned_where_a_large_face_is_found() -> None:
    opened = HaarCascade(HaarCascadeParams())
    opened.open(Path("nowhere"))
    watched = Watched(opened._cascade)
    grey = np.asarray(Image.fromarray(portrait()[50:200, 150:300]).convert("L"))
    assert find_largest(watched, grey, 1.1, 4, 22)
    assert min(watched.smallest) > 30
    watched.smallest.clear()
    assert not find_largest(watched, np.zeros_like(grey), 1.1, 4, 22)
    assert min(watched.smallest) <= 24
