"""What a translation keeps of a face: who it is, and where its landmarks are.

All compare a translation F(c) with its source c, or with the true image; dlib finds the faces and
their 68 landmarks (extra `faces`). Frames in which one of the two faces is not found are left out,
and `face_missed` says how many F(c) lost. Values are means over the frames of all pairs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from irfer_bench.api import (
    BenchError,
    Clip,
    DamagedError,
    MissingError,
    Params,
    ScoreInputs,
    UnavailableError,
)
from irfer_bench.nn import weights
from irfer_bench.nn.dlib_faces import FaceDescriber, FaceFinder, FoundFace

Floats: TypeAlias = NDArray[np.float64]
Faces: TypeAlias = list[list[tuple[FoundFace | None, FoundFace | None]]]
"""Per pair and frame the faces of c, or of the true image, and of F(c)."""

OUTER_EYES = (36, 45)
REMEMBERED = 1000
"""Faces that are kept for the next cell of this process, 70 kB each."""
_KNOWN: dict[bytes, FoundFace | None] = {}


def landmark_error(points: NDArray[Any], true: NDArray[Any]) -> float:
    """NME: mean distance of 68 landmarks over the distance of the true outer eye corners."""
    left, right = OUTER_EYES
    eyes = float(np.linalg.norm(true[left].astype(np.float64) - true[right]))
    return float(np.linalg.norm(points.astype(np.float64) - true, axis=1).mean()) / eyes


def cosine(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Cosine of two descriptors."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


class FaceMetric(ABC):
    """The mean of a value of two faces over frames that show both."""

    name: str
    consumes: frozenset[str] = frozenset({"sources", "pairs"})
    direction: Literal["higher", "lower", "none"] = "lower"
    unit: str = ""
    range: tuple[float, float] = (0.0, float("inf"))
    against: Literal["source", "true"] = "source"

    def __init__(self, params: Params | None = None) -> None:
        self.params = params

    @abstractmethod
    def of_frame(self, given: FoundFace | None, made: FoundFace | None) -> float | None:
        """The value of one frame; None where it does not count."""

    def summands(self, inputs: ScoreInputs) -> Floats:
        """(pairs, 2): the sum over a pair's frames, and how many count.

        Raises:
            UnavailableError: there are no pairs, or a package or file is not here.
        """
        faces = _faces(inputs, self.against)
        rows: Floats = inputs.once(f"faces.{self.name}", lambda: self._rows(faces))
        return rows

    def _rows(self, faces: Faces) -> Floats:
        rows = np.zeros((len(faces), 2))
        for row, frames in zip(rows, faces, strict=True):
            values = [self.of_frame(*frame) for frame in frames]
            counted = [value for value in values if value is not None]
            row[:] = sum(counted), len(counted)
        return rows

    def from_sums(self, sums: Floats) -> Floats:
        """Means (...) from (..., 2); NaN where no frame counts."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(sums[..., 0] / sums[..., 1], np.float64)

    def compute(self, inputs: ScoreInputs, index: NDArray[Any] | None = None) -> float:
        """Raises UnavailableError also where no frame counts."""
        rows = self.summands(inputs)
        if not rows[:, 1].any():
            raise UnavailableError("no face is found in a test image or in its translation")
        return float(self.from_sums((rows if index is None else rows[index]).sum(axis=0)))


class FaceIdentity(FaceMetric):
    """Cosine of dlib's face-recognition network, whose name is in the metric's version.

    Descriptors of any two faces are alike, so values lie close to 1.
    """

    name = "face_identity"
    direction = "higher"
    range = (-1.0, 1.0)

    def of_frame(self, given: FoundFace | None, made: FoundFace | None) -> float | None:
        """Cosine of both descriptors."""
        if given is None or made is None:
            return None
        return cosine(_describe(given), _describe(made))


class FaceIdentityTrue(FaceIdentity):
    """The same of the translation and the true image."""

    name = "face_identity_true"
    consumes = frozenset({"pairs"})
    against = "true"


class Nme(FaceMetric):
    """Normalised mean error of 68 landmarks (Sagonas et al., 2013, there by outer eye corners)."""

    name = "nme"

    def of_frame(self, given: FoundFace | None, made: FoundFace | None) -> float | None:
        """Error of the translation's landmarks against the source's."""
        if given is None or made is None:
            return None
        return landmark_error(made.landmarks, given.landmarks)


class FaceMissed(FaceMetric):
    """Share of frames whose face is found in the source and not in the translation."""

    name = "face_missed"
    unit = "fraction"
    range = (0.0, 1.0)

    def of_frame(self, given: FoundFace | None, made: FoundFace | None) -> float | None:
        """1 where the face is lost, 0 where it is kept."""
        return None if given is None else float(made is None)


def _faces(inputs: ScoreInputs, against: str) -> Faces:
    others = inputs.sources if against == "source" else [true for _, true in inputs.pairs or ()]
    if not inputs.pairs or others is None:
        raise UnavailableError("this setting has no true partners of the translated test images")
    translated, given = [made for made, _ in inputs.pairs], others
    try:
        finder, _ = _finder(weights.folder()), _describer(weights.folder())
    except (MissingError, DamagedError) as error:
        raise UnavailableError(_line(error)) from None
    pairs = zip(given, translated, strict=True)
    found: Faces = inputs.once(f"faces.{against}", lambda: [_found(*p, finder) for p in pairs])
    return found


def _found(
    given: Clip, made: Clip, finder: FaceFinder
) -> list[tuple[FoundFace | None, FoundFace | None]]:
    if len(given.frames) != len(made.frames):
        raise UnavailableError(
            f"{made.id} has {len(made.frames)} frames and {given.id} {len(given.frames)}"
        )
    return [
        (_find(finder, c), _find(finder, f))
        for c, f in zip(given.frames, made.frames, strict=True)
    ]


def _find(finder: FaceFinder, frame: NDArray[np.uint8]) -> FoundFace | None:
    """The face of a frame; every translator of a board is given the same sources."""
    digest = sha256(np.ascontiguousarray(frame).data).digest() + bytes(str(frame.shape), "ascii")
    if digest not in _KNOWN:
        while len(_KNOWN) >= REMEMBERED:
            del _KNOWN[next(iter(_KNOWN))]
        _KNOWN[digest] = finder.find(frame)
    return _KNOWN[digest]


def _line(error: BenchError) -> str:
    return f"{error.message}: {error.hint}" if error.hint else error.message


@lru_cache(maxsize=1)
def _finder(folder: Path) -> FaceFinder:
    return FaceFinder(folder)


@lru_cache(maxsize=1)
def _describer(folder: Path) -> FaceDescriber:
    return FaceDescriber(folder)


@lru_cache(maxsize=REMEMBERED)
def _describe(face: FoundFace) -> NDArray[np.float32]:
    return _describer(weights.folder()).describe(face)
