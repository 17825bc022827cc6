"""Faces of a user's images: all of them, also where an image is upside down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.interfaces import Detector, FaceLister
from irfer_bench.contracts.values import Face, FaceQuery, Item

if TYPE_CHECKING:
    from irfer_bench.orchestration.session import Session

Edges = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels of the image as it was given."""


@dataclass(frozen=True)
class FoundFaces:
    """What was found in one image.

    Args:
        image: (H, W, 3) uint8 as it was searched: turned by half where it was upside down.
        faces: the largest first, in pixels of `image`. turned: whether it was turned.
    """

    image: NDArray[np.uint8]
    faces: tuple[Face, ...]
    turned: bool = False

    def edges(self, face: Face) -> Edges:
        """A face in pixels of the image as it was given."""
        if not self.turned:
            return face.left, face.top, face.right, face.bottom
        height, width = self.image.shape[:2]
        return width - face.right, height - face.bottom, width - face.left, height - face.top


class FaceFinder:
    """Opens a detector and lists the faces of images."""

    def __init__(self, session: Session, name: str) -> None:
        registry = session.registry
        component = registry.get("detector", name)
        self.name = name
        self.detector: Detector = registry.create(component, registry.params_class(component)())
        self.detector.open(session.weights)

    def find(self, image: NDArray[np.uint8], name: str) -> FoundFaces:
        """All faces; an image without any is searched upside down as well."""
        faces = self._faces([image], name)[0]
        if faces or not self.detector.looks:
            return FoundFaces(image, faces)
        turned = np.ascontiguousarray(image[::-1, ::-1])
        faces = self._faces([turned], name)[0]
        return FoundFaces(turned, faces, True) if faces else FoundFaces(image, ())

    def find_each(self, frames: Sequence[NDArray[np.uint8]], name: str) -> list[tuple[Face, ...]]:
        """All faces of each frame of a video."""
        return self._faces(frames, name)

    def _faces(self, frames: Sequence[NDArray[np.uint8]], name: str) -> list[tuple[Face, ...]]:
        item = Item(name, None, None, "vis", frames=len(frames))
        query = FaceQuery(item, range(len(frames)), frames)
        detector: Any = self.detector
        if isinstance(detector, FaceLister):
            return [_apart(found) for found in detector.find_all(query)]
        return [() if face is None else (face,) for face in detector.find(query)]


def _apart(faces: Sequence[Face]) -> tuple[Face, ...]:
    """The largest first; a box whose centre lies in a larger one is the same face."""
    kept: list[Face] = []
    for face in sorted(faces, key=_area, reverse=True):
        x, y = (face.left + face.right) / 2, (face.top + face.bottom) / 2
        if not any(o.left < x < o.right and o.top < y < o.bottom for o in kept):
            kept.append(face)
    return tuple(kept)


def _area(face: Face) -> float:
    return (face.right - face.left) * (face.bottom - face.top)
