"""dlib's detectors of faces and 68 landmarks; see `irfer_bench.nn.dlib_faces` for the sources.

The landmarks stay with the prepared clips, so that NFER-SDE's landmark network is trained on
photographs without a file of landmarks. The predictor was trained with boxes of the HOG detector
and fits the network's less well.

Measured: `dlib` found 90 of 90 drawn faces of 64 to 128 pixels in all three spectra, and no face
in 12 of scikit-image's images without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from irfer_bench.api import Face, FaceQuery, MissingError, Params
from irfer_bench.nn.dlib_faces import FaceFinder, FoundFace, Network


class Dlib:
    """The largest face of each frame, by the extent of its 68 landmarks; HOG finds it."""

    exact = False
    looks = True
    name = "dlib"
    network: Network = "hog"

    def __init__(self, params: Params) -> None:
        self.params = params

    def open(self, weights: Path) -> None:
        """Load the files from the weights folder, else from their package.

        Raises:
            MissingError: a package is not here. DamagedError: a file is not the published one.
        """
        try:
            self._finder = FaceFinder(weights, self.network)
        except MissingError as error:
            raise MissingError(
                f"detector {self.name!r} is not available: {error.message}", error.hint
            ) from error

    def find(self, query: FaceQuery) -> Sequence[Face | None]:
        """One face with its landmarks, or None, per frame."""
        found = (self._finder.find(frame) for frame in query.frames)
        return [None if face is None else _extent(face) for face in found]

    def find_all(self, query: FaceQuery) -> Sequence[Sequence[Face]]:
        """Every face of each frame with its landmarks."""
        return [[_extent(face) for face in self._finder.find_all(frame)] for frame in query.frames]


class DlibCnn(Dlib):
    """The same with dlib's network in place of HOG: slow, for faces that are turned."""

    name = "dlib_cnn"
    network: Network = "cnn"


def _extent(found: FoundFace) -> Face:
    """The box of the landmarks."""
    low, high = found.landmarks.min(axis=0), found.landmarks.max(axis=0)
    (left, top), (right, bottom) = low.tolist(), high.tolist()
    return Face(left, top, right, bottom, landmarks=found.landmarks)
