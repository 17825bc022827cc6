"""Haar cascade of frontal faces (Viola and Jones, CVPR 2001; Lienhart and Maydt, ICIP 2002).

The trained file is in the wheel of opencv-python-headless, so it works offline and
equally on every machine: its digest is checked, and one thread searches.

Measured on the images by which the defaults were chosen (largest face kept; a hit is centred
within a quarter of the face, its side 0.6 to 1.8 of the face's): 110 of 120 versions of one
photographed portrait (25 to 130 pixels of face, turned by up to 12 degrees, gain 0.35 and 1, noise)
and no wrong one; 237 of 240 drawn near-infrared faces of 96 to 256 pixels and 1 wrong one; drawn
visible faces 92 of 116 and 4 wrong ones in normal light, 44 of 124 and 1 wrong one in the dark; 3
of 79 images without an upright face gave one. Its accuracy on licensed sets was not
measured here. It was not trained on thermal faces: use boxes or landmarks there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.api import Face, FaceQuery, MissingError
from irfer_bench.nn import weights as pretrained
from irfer_detectors.cascade_search import find_largest
from irfer_detectors.choice import choose
from irfer_detectors.opencv_params import HaarCascadeParams

PAGE = "https://github.com/opencv/opencv/tree/4.x/data/haarcascades"
DIGESTS = {
    "alt2": "7b0c967d9abbdfbde025eb9c786947d151b6426040d07a8f9562ed8fd90724b4",
    "default": "0f7d4527844eb514d4a4948e822da90fbb16a34a0bbbbc6adc6498747a5aafb0",
}
"""The same in opencv-python-headless 4.10 and 4.14."""


class HaarCascade:
    """The largest frontal face of each frame; of equals, the most central."""

    exact = False
    looks = True

    def __init__(self, params: HaarCascadeParams) -> None:
        self.params = params

    def open(self, weights: Path) -> None:
        """Load the cascade from the weights folder, else from OpenCV's own package.

        Raises:
            MissingError: OpenCV or the file is not here. DamagedError: it is another file.
        """
        try:
            import cv2
        except ImportError as error:
            raise MissingError(
                f"detector 'opencv' needs OpenCV ({error})",
                "pip install 'opencv-python-headless<5'",
            ) from error
        # One thread, whatever the machine: the order in which windows are grouped stays the same.
        cv2.setNumThreads(1)
        name = f"haarcascade_frontalface_{self.params.cascade}.xml"
        path = pretrained.find(
            pretrained.Pretrained(
                name=f"OpenCV's cascade {self.params.cascade}", files=(name,),
                sha256=DIGESTS[self.params.cascade], source=PAGE,
                folder=Path(cv2.__file__).parent / "data",
            ),
            weights,
        )
        self._cascade = cv2.CascadeClassifier(str(path))
        self._cv2 = cv2

    def find(self, query: FaceQuery) -> Sequence[Face | None]:
        """One face or None per frame."""
        return [self._face(frame) for frame in query.frames]

    def find_all(self, query: FaceQuery) -> Sequence[Sequence[Face]]:
        """Every face of each frame."""
        return [self._faces(frame) for frame in query.frames]

    def _faces(self, frame: NDArray[Any]) -> Sequence[Face]:
        grey, side = self._searched(frame)
        found = self._cascade.detectMultiScale(
            grey, scaleFactor=self.params.scale_factor, minNeighbors=self.params.min_neighbors,
            minSize=(side, side),
        )
        rows = [[float(number) for number in row] for row in found]
        return [Face(x, y, x + wide, y + tall) for x, y, wide, tall in rows]

    def _searched(self, frame: NDArray[Any]) -> tuple[NDArray[Any], int]:
        """The grey image, and the smallest side of a face in it."""
        grey = self._cv2.cvtColor(np.ascontiguousarray(frame), self._cv2.COLOR_RGB2GRAY)
        if self.params.equalise:
            grey = self._cv2.equalizeHist(grey)
        return grey, max(1, round(self.params.min_size * min(grey.shape)))

    def _face(self, frame: NDArray[Any]) -> Face | None:
        grey, side = self._searched(frame)
        params = self.params
        windows = find_largest(
            self._cascade, grey, params.scale_factor, params.min_neighbors, side
        )
        if not windows:
            return None
        found = [(x, y, x + wide, y + tall) for x, y, wide, tall in windows]
        return Face(*choose(found, frame.shape))
