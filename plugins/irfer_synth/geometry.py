"""Geometry of a face: curves, depth and landmarks from identity and action units.

Coordinates: (u, v) on the frontal face, from -1 to 1, v downwards; depth z towards the camera.
All functions use only +, -, *, / and square roots, so that they give equal bits on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from irfer_synth.identity import Identities

Array = Any


@dataclass(frozen=True, slots=True)
class Pose:
    """Head pose and gaze, each (N,) float32: angles in radians, shifts in half image sides."""

    yaw: NDArray[Any]
    pitch: NDArray[Any]
    roll: NDArray[Any]
    scale: NDArray[Any]
    shift_x: NDArray[Any]
    shift_y: NDArray[Any]
    gaze_x: NDArray[Any]
    gaze_y: NDArray[Any]
    blink: NDArray[Any]

    def take(self, index: Any) -> Pose:
        """The poses at these positions."""
        return Pose(*(getattr(self, f.name)[index] for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Shape:
    """Curves of N faces, each (N,) or broadcastable float32, in frontal coordinates."""

    face_width: Array
    jaw: Array
    taper: Array
    chin: Array
    eye_x: Array
    eye_y: Array
    eye_w: Array
    eye_up: Array
    eye_down: Array
    eye_slant: Array
    brow_in_x: Array
    brow_out_x: Array
    brow_in: Array
    brow_mid: Array
    brow_out: Array
    brow_thick: Array
    nose_w: Array
    nose_y: Array
    mouth_w: Array
    mouth_y: Array
    corner_left: Array
    corner_right: Array
    open_up: Array
    open_down: Array
    lip_upper: Array
    lip_lower: Array

    def column(self) -> Shape:
        """The same with two axes appended, for grids."""
        return Shape(*(getattr(self, f.name)[:, None, None] for f in fields(self)))


def shape_faces(who: Identities, units: NDArray[Any], blink: NDArray[Any]) -> Shape:
    """Move the parts of N faces by their (N, 16) action units; `blink` (N,) closes the eyes."""
    (a1, a2, a4, a5, a6, a7, a9, a10, a12, a14, a15, a17, a20, a23, a25, a26) = (
        np.ascontiguousarray(units[:, k], dtype=np.float32) for k in range(units.shape[1])
    )
    wide = 1 + 0.20 * a12 + 0.24 * a20 - 0.20 * a26 - 0.14 * a23 - 0.04 * a17
    lift = -0.035 * a10 - 0.020 * a9 - 0.012 * a12 - 0.020 * a17 + 0.02 * a26
    corner = who.mouth_rest - 0.125 * a12 + 0.110 * a15 + 0.030 * a20 + 0.012 * a10
    thin = (1 - 0.50 * a23) * (1 - 0.22 * a12) * (1 - 0.2 * a20)
    open_eye = 1 - np.clip(blink, 0, 1) * 0.93
    return Shape(
        face_width=who.face_width,
        jaw=who.jaw,
        taper=who.taper,
        chin=who.chin + 0.075 * a26 - 0.012 * a17,
        eye_x=who.eye_distance,
        eye_y=who.eye_y,
        eye_w=who.eye_width,
        eye_up=who.eye_height
        * np.clip(1 + 0.50 * a5 - 0.36 * a7 - 0.20 * a6 - 0.25 * a9, 0.2, 2)
        * open_eye,
        eye_down=who.eye_height
        * 0.60
        * np.clip(1 + 0.10 * a5 - 0.50 * a7 - 0.60 * a6 - 0.25 * a9, 0.15, 2)
        * open_eye,
        eye_slant=who.eye_slant,
        brow_in_x=0.115 - 0.030 * a4 - 0.010 * a9,
        brow_out_x=0.475 + 0.0 * a4,
        brow_in=who.brow_y + 0.02 - 0.125 * a1 + 0.090 * a4 + 0.055 * a9,
        brow_mid=who.brow_y - who.brow_arch - 0.065 * a1 - 0.075 * a2 + 0.080 * a4 + 0.020 * a9,
        brow_out=who.brow_y + 0.03 - 0.125 * a2 + 0.020 * a4 + 0.03 * a1,
        brow_thick=who.brow_thick,
        nose_w=who.nose_width * (1 + 0.14 * a9 + 0.08 * a12 + 0.06 * a10),
        nose_y=who.nose_y - 0.040 * a9 - 0.012 * a10,
        mouth_w=who.mouth_width * wide,
        mouth_y=who.mouth_y + lift,
        corner_left=corner,
        corner_right=corner - 0.085 * a14,
        open_up=0.010 * a25 + 0.055 * a10 + 0.030 * a26 + 0.018 * a12 * a25,
        open_down=0.050 * a25 + 0.195 * a26 + 0.015 * a12 * a25,
        lip_upper=who.lip_upper * thin * (1 - 0.25 * a10),
        lip_lower=who.lip_lower * thin,
    )


def outline(s: Shape, u: Array, v: Array) -> Array:
    """Below 1 inside the face, 1 on its edge, above 1 outside."""
    below = np.maximum(v, 0)
    x = u / (s.face_width * (1 - s.taper * below * below))
    y = v / np.where(v > 0, s.chin, 0.92)
    x, y = x * x, y * y
    square = np.where(v > 0, s.jaw, 0.15)
    return (1 - square) * (x + y) + square * (x * x + y * y)


def depth(s: Shape, u: Array, v: Array) -> Array:
    """The smooth depth that pose turns: a head with a nose."""
    x, y = u / (1.25 * s.face_width), v / 1.25
    head = 0.62 * np.maximum(1 - x * x - y * y, -0.3)
    nx, ny = u / 0.17, (v - s.nose_y + 0.10) / 0.26
    nose = np.maximum(1 - (nx * nx + ny * ny) / 6, 0)
    return head + 0.16 * nose * nose * nose


def project(pose: Pose, u: Array, v: Array, z: Array) -> tuple[Array, Array]:
    """Frontal points (N, K) with depth to image coordinates from -1 to 1."""
    cy, sy, cp, sp, cr, sr = (t[:, None] for t in turns(pose))
    x1 = u * cy + z * sy
    z1 = z * cy - u * sy
    y1 = v * cp - z1 * sp
    scale = pose.scale[:, None]
    return (
        scale * (x1 * cr - y1 * sr) + pose.shift_x[:, None],
        scale * (x1 * sr + y1 * cr) + pose.shift_y[:, None],
    )


def unproject(pose: Pose, s: Shape, x: Array, y: Array) -> tuple[Array, Array, Array]:
    """The frontal (u, v) seen at image points (1, H, W), and the depth in camera direction."""
    cy, sy, cp, sp, cr, sr = (t[:, None, None] for t in turns(pose))
    scale = 1 / pose.scale[:, None, None]
    dx = (x - pose.shift_x[:, None, None]) * scale
    dy = (y - pose.shift_y[:, None, None]) * scale
    x1, y1 = dx * cr + dy * sr, dy * cr - dx * sr
    z = np.full(x1.shape, 0.4, dtype=np.float32)
    u, v = x1, y1
    for _ in range(3):
        u = (x1 - z * sy) / cy
        v = (y1 + (z * cy - u * sy) * sp) / cp
        z = depth(s, u, v)
    return u, v, v * sp + (z * cy - u * sy) * cp


def turns(pose: Pose) -> tuple[Array, ...]:
    """Cosines and sines of yaw, pitch and roll, each (N,) float32."""
    out: list[Array] = []
    for angle in (pose.yaw, pose.pitch, pose.roll):
        wide = angle.astype(np.float64)
        out += [np.cos(wide).astype(np.float32), np.sin(wide).astype(np.float32)]
    return tuple(out)


def brow_line(s: Shape, t: Array) -> Array:
    """Height of a brow at t, 0 at its inner and 1 at its outer end."""
    return (
        s.brow_in * (1 - t) * (1 - 2 * t)
        + 4 * s.brow_mid * t * (1 - t)
        - s.brow_out * t * (1 - 2 * t)
    )


def lip_lines(s: Shape, q: Array) -> tuple[Array, Array, Array, Array]:
    """Upper lip top and bottom, lower lip top and bottom at q, -1 to 1 across the mouth."""
    square = np.minimum(q * q, 1)
    bulge = 1 - square
    line = s.mouth_y + np.where(q > 0, s.corner_right, s.corner_left) * square
    upper = line - s.open_up * bulge
    lower = line + s.open_down * bulge
    dip = np.maximum(1 - 16 * square, 0)
    return (
        upper - s.lip_upper * bulge * (1 + 0.35 * square - 0.22 * dip),
        upper,
        lower,
        lower + s.lip_lower * bulge,
    )


def place_landmarks(s: Shape, pose: Pose, size: int) -> NDArray[Any]:
    """(N, 68, 2) float32 landmarks in iBUG order, x then y, in pixels of a `size`-pixel image.

    The centre of the first pixel is at 0.5.
    """
    s = Shape(*(getattr(s, f.name)[:, None] for f in fields(s)))
    points = [*_jaw(s), *_brows(s), *_nose(s), *_eyes(s), *_mouth(s)]
    u, v = (
        np.concatenate([np.broadcast_to(p[k], (len(s.jaw), 1)) for p in points], 1) for k in (0, 1)
    )
    x, y = project(pose, u, v, depth(s, u, v))
    pixels = np.stack([x, y], -1)
    return ((pixels + 1) * (size / 2)).astype(np.float32)


def _jaw(s: Shape) -> list[tuple[Array, Array]]:
    angle = np.pi * np.arange(17) / 16
    du, dv = -np.cos(angle).astype(np.float32)[None], np.sin(angle).astype(np.float32)[None]
    low = np.zeros((len(s.jaw), 17), dtype=np.float32)
    step = 0.7
    for _ in range(20):
        middle = low + step
        low = np.where(outline(s, du * middle, dv * middle) < 1, middle, low)
        step = step / 2
    return [
        (du[:, k : k + 1] * low[:, k : k + 1], dv[:, k : k + 1] * low[:, k : k + 1])
        for k in range(17)
    ]


def _brows(s: Shape) -> list[tuple[Array, Array]]:
    inner_to_outer = [
        (s.brow_in_x + t * (s.brow_out_x - s.brow_in_x), brow_line(s, t))
        for t in (0.04, 0.27, 0.5, 0.73, 0.96)
    ]
    return [(-u, v) for u, v in reversed(inner_to_outer)] + inner_to_outer


def _nose(s: Shape) -> list[tuple[Array, Array]]:
    tip = s.nose_y - 0.045
    bridge = [(0 * s.nose_w, s.eye_y + t * (tip - s.eye_y)) for t in (0.0, 1 / 3, 2 / 3, 1.0)]
    base = [
        (s.nose_w * t, s.nose_y + 0.02 + 0.035 * (1 - abs(t)))
        for t in (-0.95, -0.45, 0.0, 0.45, 0.95)
    ]
    return bridge + base


def _eyes(s: Shape) -> list[tuple[Array, Array]]:
    def point(side: int, q: float, lid: Array) -> tuple[Array, Array]:
        return side * (s.eye_x + q * s.eye_w), s.eye_y - s.eye_slant * q + lid * (1 - q * q)

    up, down = -s.eye_up, s.eye_down
    right = [(1.0, up), (0.4, up), (-0.4, up), (-1.0, up), (-0.4, down), (0.4, down)]
    left = [(-1.0, up), (-0.4, up), (0.4, up), (1.0, up), (0.4, down), (-0.4, down)]
    return [point(-1, q, lid) for q, lid in right] + [point(1, q, lid) for q, lid in left]


def _mouth(s: Shape) -> list[tuple[Array, Array]]:
    def point(q: float, line: int) -> tuple[Array, Array]:
        return s.mouth_w * np.float32(q), lip_lines(s, np.full_like(s.mouth_w, q))[line]

    return (
        [point(-1, 1)]
        + [point(q, 0) for q in (-0.66, -0.3, 0.0, 0.3, 0.66)]
        + [point(1, 1)]
        + [point(q, 3) for q in (0.66, 0.3, 0.0, -0.3, -0.66)]
        + [point(-0.85, 1)]
        + [point(q, 1) for q in (-0.4, 0.0, 0.4)]
        + [point(0.85, 1)]
        + [point(q, 2) for q in (0.4, 0.0, -0.4)]
    )
