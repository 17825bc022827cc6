"""dlib's face detectors, 68 landmarks and face-recognition network, by the extra `faces`.

HOG and a linear classifier, or a small network, find the face (King, JMLR 10, 2009; King,
arXiv:1502.00046), an ensemble of regression trees its landmarks (Kazemi and Sullivan, CVPR 2014).
The files come with the package face-recognition-models. Its own module needs `pkg_resources`, which
new versions of setuptools lack, so only its folder is used.

The recognition network is dlib's ResNet of 29 layers, trained on about 3 million faces; two images
of one person are nearer than 0.6 (https://github.com/davisking/dlib-models).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from irfer_bench import home
from irfer_bench.errors import MissingError
from irfer_bench.nn.weights import Pretrained, find

Network: TypeAlias = Literal["hog", "cnn"]
Floats: TypeAlias = NDArray[np.float32]

INSTALL = "pip install 'irfer-bench[faces]'"
PAGE = "https://github.com/davisking/dlib-models"
RECOGNITION = "dlib_face_recognition_resnet_model_v1"
"""Name of the recognition network, as records show it."""
DIGESTS = {
    "shape_predictor_68_face_landmarks":
        "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
    "mmod_human_face_detector":
        "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
    RECOGNITION: "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
}
TERMS = (
    "dlib's 68 landmarks: the predictor was trained on 300-W, whose licence excludes commercial "
    f"use ({PAGE}); cite Sagonas et al., Image and Vision Computing, 2016"
)

SHORTER = (400, 800)
"""Shorter side at which a face is searched, the second where the first shows none: the detectors'
smallest face has 80 pixels, which is then a fifth and a tenth of the shorter side."""
LONGER, LARGEST = 4, 8.0
"""A side is at most so many times `SHORTER`; an image is enlarged at most so many times."""
CHIP = 150
"""Side of what the recognition network takes."""
FACE = 200
"""Side of the face in pixels where landmarks, which dlib rounds to pixels, are found."""


@dataclass(frozen=True, eq=False)
class FoundFace:
    """The face of one image.

    Args:
        landmarks: (68, 2) in continuous pixel coordinates of the image.
        chip: (150, 150, 3) uint8, the face as the recognition network takes it.
    """

    landmarks: Floats
    chip: NDArray[np.uint8]


class FaceFinder:
    """Finds the face of an image and its 68 landmarks.

    Raises:
        MissingError: a package is not here. DamagedError: a file is not the published one.
    """

    def __init__(self, weights: Path, network: Network = "hog") -> None:
        self._dlib = dlib = import_dlib()
        self.network = network
        predictor = _file("shape_predictor_68_face_landmarks", weights)
        if network == "hog":
            self._detector = dlib.get_frontal_face_detector()
        else:
            path = _file("mmod_human_face_detector", weights)
            self._detector = dlib.cnn_face_detection_model_v1(str(path))
        self._predictor = dlib.shape_predictor(str(predictor))
        state_terms()

    def find(self, frame: NDArray[np.uint8]) -> FoundFace | None:
        """The largest face that scores at least half of what the best one does.

        The condition keeps out patches of background that barely pass.

        Args:
            frame: (H, W, 3) uint8.
        """
        return next(self._found(frame), None)

    def find_all(self, frame: NDArray[np.uint8]) -> list[FoundFace]:
        """Every face that scores at least half of what the best one does, the largest first."""
        return list(self._found(frame))

    def _found(self, frame: NDArray[np.uint8]) -> Iterator[FoundFace]:
        image = Image.fromarray(np.ascontiguousarray(frame))
        short, long = sorted(image.size)
        scales = (min(side / short, LONGER * side / long, LARGEST) for side in SHORTER)
        for scale in dict.fromkeys(scales):
            faces = self._faces(_resized(image, scale))
            for face in faces:
                left, top, right, bottom = (edge / scale for edge in face)
                yield self._landmarks(image, left, top, max(right - left, bottom - top))
            if faces:
                return

    def _faces(self, image: NDArray[np.uint8]) -> list[tuple[float, ...]]:
        """Left, top, right and bottom of each face, the largest first."""
        if self.network == "hog":
            boxes, scores, _ = self._detector.run(image, 0, 0.0)
            found = list(zip(scores, boxes, strict=True))
        else:
            found = [(each.confidence, each.rect) for each in self._detector(image, 0)]
        best = max((score for score, _ in found), default=0.0)
        boxes = sorted((box for score, box in found if score >= best / 2), key=_area_first)[::-1]
        return [(box.left(), box.top(), box.right() + 1, box.bottom() + 1) for box in boxes]

    def _landmarks(self, image: Image.Image, left: float, top: float, side: float) -> FoundFace:
        """Landmarks in a part of the image that reaches one side beyond the face."""
        low_x, low_y = max(0, int(left - side)), max(0, int(top - side))
        high_x = min(image.width, int(left + 2 * side) + 1)
        high_y = min(image.height, int(top + 2 * side) + 1)
        part = image.crop((low_x, low_y, high_x, high_y))
        width, height = (max(1, round(n * FACE / side)) for n in part.size)
        pixels = np.asarray(part.resize((width, height), Image.Resampling.BICUBIC))
        scale = np.array([part.width / width, part.height / height])
        x, y = (np.array([left - low_x, top - low_y]) / scale).round().astype(int).tolist()
        shape = self._predictor(pixels, self._dlib.rectangle(x, y, x + FACE, y + FACE))
        points = np.array([(point.x, point.y) for point in shape.parts()]) + 0.5
        moved = points * scale + np.array([low_x, low_y])
        return FoundFace(moved.astype(np.float32), self._dlib.get_face_chip(pixels, shape, CHIP))


class FaceDescriber:
    """dlib's face-recognition network: 128 numbers of a face.

    Raises:
        MissingError: a package is not here. DamagedError: the file is not the published one.
    """

    def __init__(self, weights: Path) -> None:
        dlib = import_dlib()
        self._network = dlib.face_recognition_model_v1(str(_file(RECOGNITION, weights)))

    def describe(self, face: FoundFace) -> Floats:
        """(128,) float32."""
        return np.asarray(self._network.compute_face_descriptor(face.chip), np.float32)


def import_dlib() -> Any:
    """The module dlib.

    Raises:
        MissingError: it or the package of the trained files is not here.
    """
    try:
        import dlib
    except ImportError as error:
        raise MissingError(f"dlib-bin is not installed ({error})", INSTALL) from error
    if _shipped() is None:
        raise MissingError("face-recognition-models is not installed", INSTALL)
    return dlib


def state_terms() -> None:
    """Print the terms of the landmarks' training data, once for each home."""
    if _first_time(home.home() / "notices" / "300-W"):
        sys.stderr.write(f"{TERMS}\n")


def _first_time(mark: Path) -> bool:
    """Whether this process made the mark; True, too, where it cannot be made."""
    try:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    except OSError:
        return True
    return True


def _shipped() -> Path | None:
    spec = find_spec("face_recognition_models")
    places = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(places))) / "models" if places else None


def _file(name: str, weights: Path) -> Path:
    wanted = Pretrained(
        name=name, files=(f"{name}.dat",), sha256=DIGESTS[name], source=PAGE, folder=_shipped(),
    )
    return find(wanted, weights)


def _resized(image: Image.Image, scale: float) -> NDArray[np.uint8]:
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    resized = image if size == image.size else image.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(resized)


def _area_first(box: Any) -> tuple[int, int, int]:
    return box.area(), -box.left(), -box.top()
