"""S3FD finds the face, 2D-FAN-4 its 68 landmarks (Bulat and Tzimiropoulos, ICCV 2017).

Uses the package face-alignment, which the user installs, as NFER-SDE's authors did. The package
would download its two networks; here they come from the weights folder alone, with their digests
checked, and are read with `weights_only=True`.

Deviations from its class `FaceAlignment`: nothing is compiled, frames are processed one by one, the
largest face is kept, and half a pixel is added to its landmarks, which it rounds down to pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.api import Face, FaceQuery, MissingError
from irfer_bench.nn import weights as pretrained
from irfer_detectors.choice import Window, choose, windows
from irfer_detectors.face_alignment_params import FAN, S3FD, FaceAlignmentParams
from irfer_detectors.networks import steady

SMALLEST = 32
"""S3FD halves an image five times before its coarsest maps; smaller images leave nothing."""


class FaceAlignment:
    """The largest face of each frame, by the extent of its 68 landmarks."""

    exact = False
    looks = True

    def __init__(self, params: FaceAlignmentParams) -> None:
        self.params = params

    def open(self, weights: Path) -> None:
        """Load both networks from the weights folder.

        Raises:
            MissingError: the package is not here, or an older one. MissingWeightsError: a file is
            not in the folder. DamagedError: a file is not the published one.
        """
        try:
            import torch
            from face_alignment import api
        except ImportError as error:
            raise MissingError(
                f"detector 'face_alignment' needs the package face-alignment ({error})",
                "pip install --no-deps 'face-alignment>=1.5' numba llvmlite",
            ) from error
        if not hasattr(api.FaceAlignment, "_load_native"):
            raise MissingError(
                "detector 'face_alignment' needs face-alignment 1.5 or newer, an older one is here",
                "pip install --no-deps 'face-alignment>=1.5'",
            )
        s3fd, fan = pretrained.find(S3FD, weights), pretrained.find(FAN, weights)

        class Offline(api.FaceAlignment):  # type: ignore[misc]
            """The package's class with a local file for its landmark network."""

            def _load_native(self, name: str, size: int, device: str, dtype: Any) -> Any:
                network = api.FAN(size)
                network.load_state_dict(torch.load(fan, map_location=device, weights_only=True))
                return network.to(device, dtype=dtype).eval()

        self._package = Offline(
            api.LandmarksType.TWO_D, device="cpu", flip_input=self.params.flip, compile=False,
            face_detector="sfd",
            face_detector_kwargs={
                "path_to_detector": str(s3fd), "filter_threshold": self.params.confidence,
            },
        )

    def find(self, query: FaceQuery) -> Sequence[Face | None]:
        """One face with its landmarks, or None, per frame."""
        with steady():
            return [self._face(np.array(frame)) for frame in query.frames]

    def find_all(self, query: FaceQuery) -> Sequence[Sequence[Face]]:
        """Every face of each frame with its landmarks."""
        with steady():
            frames = [np.array(frame) for frame in query.frames]
            return [[self._aligned(frame, each) for each in self._windows(frame)]
                    for frame in frames]  # fmt: skip

    def _face(self, frame: NDArray[Any]) -> Face | None:
        faces = self._windows(frame)
        return self._aligned(frame, choose(faces, frame.shape)) if faces else None

    def _windows(self, frame: NDArray[Any]) -> list[Window]:
        if min(frame.shape[:2]) < SMALLEST:
            return []
        return windows(self._package.face_detector.detect_from_image(frame))

    def _aligned(self, frame: NDArray[Any], window: Window) -> Face:
        (points,) = self._package.get_landmarks_from_image(frame, detected_faces=[list(window)])
        points = np.asarray(points, np.float32) + np.float32(0.5)
        (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return Face(left, top, right, bottom, landmarks=points)
