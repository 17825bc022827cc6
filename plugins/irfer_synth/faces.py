"""Moments of faces and their images: `render(moments, spectrum, size)` is a pure function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from irfer_bench.api import BASIC, CLASSES
from irfer_synth.expression import UNITS, draw_expression
from irfer_synth.geometry import Pose, place_landmarks, shape_faces
from irfer_synth.identity import (
    HAIR_COLOURS,
    IRIS_COLOURS,
    PRETRAIN,
    Identities,
    draw_identities,
    generator,
)
from irfer_synth.layers import lay_out
from irfer_synth.spectra import Scene, shade_nir, shade_thermal, shade_visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

Camera = Literal["vis", "nir", "lwir", "dark"]
CHUNK = 8
"""Images drawn at a time: so few that their masks stay in the cache of one core."""
MOVED = ("yaw", "pitch", "roll", "scale", "shift_x", "shift_y")
"""What differs between two views of a head that moved."""


@dataclass(frozen=True, slots=True)
class Moments:
    """N face instances: identity, class, action units, pose and scene.

    Args:
        labels: class names. intensity: (N,) overall intensity, 0 to 1. units: (N, 16).
    """

    who: Identities
    labels: tuple[str, ...]
    intensity: NDArray[Any]
    units: NDArray[Any]
    pose: Pose
    scene: Scene

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Sequence[int] | NDArray[Any]) -> Moments:
        """The moments at these positions."""
        at = np.asarray(index, dtype=np.int64)
        return Moments(
            self.who.take(at),
            tuple(self.labels[i] for i in at),
            self.intensity[at],
            self.units[at],
            self.pose.take(at),
            self.scene.take(at),
        )


def draw_moments(
    numbers: Sequence[int], labels: Sequence[str], population: int, take: int = 0
) -> Moments:
    """One moment per (person's number, class), each from its own random stream.

    Args:
        population: `identity.BENCHMARK`, `EXTRA` or `PRETRAIN`. take: another moment of the same.
    """
    distinct = sorted(set(numbers))
    position = {number: k for k, number in enumerate(distinct)}
    who = draw_identities(distinct, population).take([position[n] for n in numbers])
    streams = [
        generator(population, number, 100 + CLASSES.index(label), take)
        for number, label in zip(numbers, labels, strict=True)
    ]
    drawn = [draw_expression(label, rng) for label, rng in zip(labels, streams, strict=True)]
    poses = np.array([_draw_pose(rng) for rng in streams], dtype=np.float32).reshape(-1, 9).T
    return Moments(
        who,
        tuple(labels),
        np.array([i for _, i in drawn], dtype=np.float32),
        np.array([u for u, _ in drawn], dtype=np.float32).reshape(-1, len(UNITS)),
        Pose(*(np.ascontiguousarray(p) for p in poses)),
        _draw_scenes(streams),
    )


def move_heads(moments: Moments, others: Moments, share: float) -> Moments:
    """The same moments with heads turned and shifted by a share of the way to other moments' poses.

    Two cameras that are not frame-aligned see such a difference between partners.
    """
    poses = [getattr(m.pose, name) for name in MOVED for m in (moments, others)]
    moved = {
        name: (1 - share) * own + share * other
        for name, own, other in zip(MOVED, poses[::2], poses[1::2], strict=True)
    }
    return replace(moments, pose=replace(moments.pose, **moved))


def render(moments: Moments, camera: Camera, size: int = 64) -> tuple[NDArray[Any], NDArray[Any]]:
    """Take the images.

    Args:
        camera: `vis`, `nir`, `lwir` or `dark` (visible light at very low exposure).
        size: side in pixels.

    Returns:
        (N, size, size, 3) uint8 and (N, 68, 2) float32 landmarks in pixels, x then y. An image
        depends on its own moment only, never on the batch.
    """
    images = np.empty((len(moments), size, size, 3), dtype=np.uint8)
    marks = np.empty((len(moments), 68, 2), dtype=np.float32)
    for start in range(0, len(moments), CHUNK):
        part = moments.take(range(start, min(start + CHUNK, len(moments))))
        at = slice(start, start + len(part))
        images[at], marks[at] = _render(part, camera, size)
    return images, marks


def render_identity_range(
    first: int,
    last: int,
    *,
    labels: Sequence[str] = BASIC,
    camera: Camera = "vis",
    size: int = 64,
    take: int = 0,
) -> tuple[NDArray[Any], list[Mapping[str, Any]]]:
    """Images of people `first` to `last` - 1 outside the benchmark, with facts for captions.

    Every person shows every label once; another `take` gives other moments of the same people.

    Returns:
        ((last - first) * len(labels), size, size, 3) uint8, people outer and labels inner, and the
        facts of `describe` for each.
    """
    numbers = [number for number in range(first, last) for _ in labels]
    moments = draw_moments(numbers, list(labels) * (last - first), PRETRAIN, take)
    return render(moments, camera, size)[0], describe(moments)


def describe(moments: Moments) -> list[Mapping[str, Any]]:
    """Facts about each moment in words and numbers, to write captions from."""
    who, pose, scene = moments.who, moments.pose, moments.scene
    hair, iris = tuple(HAIR_COLOURS), tuple(IRIS_COLOURS)
    return [
        {
            "expression": moments.labels[k],
            "intensity": float(moments.intensity[k]),
            "units": {name: float(x) for name, x in zip(UNITS, moments.units[k], strict=True)},
            "hair": hair[int(who.hair[k])],
            "style": ("short", "long", "bald")[int(who.style[k])],
            "eyes": iris[int(who.iris[k])],
            "glasses": bool(who.glasses[k]),
            "beard": bool(who.beard[k] > 0),
            "skin": ("light", "medium", "dark")[int(min(who.melanin[k] * 3, 2))],
            "light": _light_name(scene, k),
            "yaw": float(pose.yaw[k]),
            "pitch": float(pose.pitch[k]),
        }
        for k in range(len(moments))
    ]


def _render(part: Moments, camera: Camera, size: int) -> tuple[NDArray[Any], NDArray[Any]]:
    shape = shape_faces(part.who, part.units, part.pose.blink)
    layers = lay_out(part.who, shape, part.units, part.pose, size)
    layers.mask["nose_y"] = shape.nose_y[:, None, None] + np.float32(0.022)
    if camera == "lwir":
        image = shade_thermal(layers, part.who, part.scene)[..., None]
    elif camera == "nir":
        image = shade_nir(layers, part.who, part.scene)[..., None]
    else:
        image = shade_visible(layers, part.who, part.scene)
    image = _sense(image, camera, part.scene.seed)
    values = np.clip(image * np.float32(255) + np.float32(0.5), 0, 255).astype(np.uint8)
    return np.broadcast_to(values, (*values.shape[:3], 3)), place_landmarks(shape, part.pose, size)


_EXPOSURE, _GAIN = 0.045, 6.0
_NOISE = {"vis": 0.010, "nir": 0.010, "lwir": 0.012, "dark": 0.012}


def _sense(image: NDArray[Any], camera: Camera, seeds: NDArray[Any]) -> NDArray[Any]:
    """Sensor noise: read-out noise, and photon noise in the dark."""
    out = np.empty(image.shape, dtype=np.float32)
    for k, seed in enumerate(seeds):
        rng = generator(int(seed), ("vis", "nir", "lwir", "dark").index(camera))
        noise = rng.standard_normal(image.shape[1:], dtype=np.float32) * np.float32(
            _NOISE[camera]
        )
        if camera == "dark":
            photons = np.maximum(image[k], 0) * np.float32(_EXPOSURE * 900)
            shot = rng.standard_normal(image.shape[1:], dtype=np.float32)
            counted = np.maximum(photons + np.sqrt(photons) * shot, 0) * np.float32(1 / 900)
            out[k] = (counted + noise * np.float32(0.5)) * np.float32(_GAIN)
        else:
            out[k] = image[k] + noise
    return out


def _draw_pose(rng: np.random.Generator) -> tuple[float, ...]:
    n = np.clip(rng.standard_normal(8), -2, 2)
    return (
        0.11 * n[0],
        0.07 * n[1],
        0.035 * n[2],
        1.05 + 0.025 * n[3],
        0.015 * n[4],
        0.01 + 0.015 * n[5],
        0.016 * n[6],
        0.008 * n[7],
        0.0,
    )


def _draw_scenes(streams: Sequence[np.random.Generator]) -> Scene:
    columns = list(zip(*(_draw_scene(rng) for rng in streams), strict=True))
    seed = np.asarray(columns.pop(), dtype=np.int64)
    wide: list[NDArray[Any]] = [np.asarray(column, dtype=np.float32) for column in columns]
    return Scene(*[*wide, seed])


def _draw_scene(rng: np.random.Generator) -> tuple[Any, ...]:
    """The fields of `Scene` for one moment, in their order."""
    side = np.array([rng.uniform(-0.75, 0.75), rng.uniform(-0.75, 0.1), 1.0])
    warm = rng.uniform(-1, 1)
    ambient = rng.uniform(0.22, 0.50)
    spots = [rng.uniform(low, high, 3) for low, high in ((-1, 1), (-1, 1), (0.1, 0.4), (-0.8, 0.8))]
    return (
        side / np.sqrt((side * side).sum()),
        np.array([1 + 0.10 * warm, 1.0, 1 - 0.12 * warm]),
        ambient,
        rng.uniform(0.85, 1.2) - ambient,
        _draw_backdrop(rng),
        np.stack(spots, 1),
        rng.uniform(0.1, 0.8, 3),
        rng.uniform(-1, 1),
        rng.integers(0, 2**31),
    )


def _draw_backdrop(rng: np.random.Generator) -> NDArray[Any]:
    """Two muted colours."""
    grey = np.repeat(rng.uniform(0.12, 0.88, 2), 3)
    return np.clip(grey + 0.35 * (rng.uniform(0.1, 0.9, 6) - 0.5), 0, 1)


def _light_name(scene: Scene, k: int) -> str:
    x, y = float(scene.light[k, 0]), float(scene.light[k, 1])
    if x < -0.3:
        return "from the left"
    if x > 0.3:
        return "from the right"
    return "from above" if y < -0.3 else "from the front"
