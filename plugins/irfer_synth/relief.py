"""Soft shapes, and the relief of the skin that contracting muscles cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from irfer_synth.geometry import Shape

Array = Any
UNITS = (
    "inner",
    "outer",
    "lower",
    "lid",
    "cheek",
    "tight",
    "wrinkle",
    "lip",
    "smile",
    "dimple",
    "drop",
    "chin",
    "stretch",
    "lips_tight",
    "part",
    "jaw",
)


def name_units(units: Array) -> dict[str, Array]:
    """Action units (B, 16) as named (B, 1, 1) columns."""
    return {name: units[:, k][:, None, None] for k, name in enumerate(UNITS)}


def edge(distance: Array, width: Array) -> Array:
    """A soft step: 0 below -width, 1 above width."""
    t = distance / (2 * width)
    t += 0.5
    np.clip(t, 0, 1, out=t)
    rest = 3 - 2 * t
    t *= t
    t *= rest
    return t


def bump(square: Array) -> Array:
    """Close to exp(-square / 2), zero from square = 6 on, and exact on every machine."""
    t = square * (-1 / 6)
    t += 1
    np.maximum(t, 0, out=t)
    cube = t * t
    cube *= t
    return cube


def spot(u: Array, v: Array, at_u: Array, at_v: Array, wide: Array, high: Array) -> Array:
    """A smooth spot."""
    a, b = (u - at_u) / wide, (v - at_v) / high
    return bump(a * a + b * b)


def find_creases(c: Shape, f: dict[str, Array], u: Array, v: Array, a: Array) -> Array:
    wing, mouth_u = c.nose_w + 0.03, c.mouth_w + 0.06
    t = np.clip((v - c.nose_y + 0.04) / (c.mouth_y - c.nose_y + 0.06), 0, 1)
    path = wing + (mouth_u - wing) * t + 0.05 * t * (1 - t) * 4
    d = (a - path) / 0.024
    window = spot(a, v, path, (c.nose_y + c.mouth_y) / 2, 1, 0.115)
    smile = np.minimum(0.12 + 0.60 * f["smile"] + 0.5 * f["lip"] + 0.4 * f["wrinkle"], 1)
    folds = bump(d * d) * window * smile
    frown = (a - 0.045) / 0.018
    between = spot(u, v, 0, c.brow_in + 0.01, 0.2, 0.075)
    folds = folds + bump(frown * frown) * between * f["lower"] * 0.75
    k = (v - c.eye_y + 0.01) / 0.055
    k = k - np.floor(k) - 0.5
    bridge = spot(u, v, 0, c.eye_y + 0.0, 0.085, 0.065)
    folds = folds + bump(k * k * 40) * bridge * f["wrinkle"] * 0.8
    h = (v + 0.53 - 0.12 * u * u) / 0.085
    h = h - np.floor(h) - 0.5
    forehead = spot(u, v, 0, -0.50, 0.2, 0.055)
    folds = folds + bump(h * h * 45) * forehead * np.minimum(
        f["inner"] * 0.45 + f["outer"] * 0.3, 1
    )
    crow = spot(a, v, c.eye_x + c.eye_w + 0.06, c.eye_y + 0.03, 0.035, 0.035)
    folds = folds + crow * f["cheek"] * 0.4
    bag = spot(a, v, c.eye_x, c.eye_y + c.eye_down + 0.05, 0.08, 0.018)
    folds = folds + bag * (f["cheek"] + f["tight"]) * 0.35
    dent = spot(a, v, c.mouth_w + 0.03, c.mouth_y + c.corner_right + 0.01, 0.022, 0.03)
    folds = folds + dent * np.where(u > 0, f["dimple"], 0) * 0.7
    sag = spot(a, v, c.mouth_w + 0.02, c.mouth_y + 0.12, 0.03, 0.05)
    return np.minimum(folds + sag * f["drop"] * 0.4, 1)


def raise_relief(c: Shape, f: dict[str, Array], u: Array, v: Array, a: Array) -> Array:
    z = -0.055 * spot(a, v, c.eye_x, c.eye_y, 0.13, 0.075)
    z = z + 0.022 * spot(a, v, c.eye_x, c.eye_y, 0.09, 0.05)
    z = z + 0.030 * spot(a, v, 0.26, c.brow_mid + 0.03, 0.18, 0.06)
    high = c.nose_y - 0.02 - 0.05 * f["cheek"]
    z = z + (0.040 + 0.045 * f["cheek"] + 0.025 * f["smile"]) * spot(a, v, 0.34, high, 0.11, 0.095)
    z = z + 0.105 * spot(u, v, 0, c.nose_y - 0.045, 0.058, 0.062)
    z = z + 0.055 * spot(a, v, c.nose_w * 0.74, c.nose_y - 0.01, 0.036, 0.040)
    z = z + 0.040 * spot(u, v, 0, c.mouth_y, c.mouth_w * 0.75, 0.075)
    z = z + (0.035 + 0.03 * f["chin"]) * spot(u, v, 0, c.chin - 0.13, 0.12, 0.06)
    z = z - 0.018 * spot(u, v, 0, c.mouth_y + 0.125, 0.12, 0.03)
    return z + _muscles(c, f, u, v, a)


def _muscles(c: Shape, f: dict[str, Array], u: Array, v: Array, a: Array) -> Array:
    """The mounds and hollows that contracted muscles raise under the skin."""
    z = 0.050 * f["inner"] * spot(a, v, 0.13, c.brow_in - 0.09, 0.075, 0.035)
    z = z + 0.050 * f["outer"] * spot(a, v, 0.36, c.brow_out - 0.11, 0.085, 0.035)
    z = z + 0.055 * f["lower"] * spot(u, v, 0, c.brow_in + 0.01, 0.055, 0.060)
    z = z + 0.045 * f["wrinkle"] * spot(a, v, 0.085, c.eye_y + 0.11, 0.040, 0.060)
    z = z + 0.050 * f["lip"] * spot(a, v, c.nose_w + 0.075, c.nose_y + 0.06, 0.045, 0.050)
    z = z + 0.060 * f["smile"] * spot(a, v, c.mouth_w + 0.085, c.mouth_y - 0.12, 0.065, 0.070)
    z = z + 0.050 * f["drop"] * spot(a, v, c.mouth_w + 0.015, c.mouth_y + 0.13, 0.050, 0.045)
    z = z + 0.045 * f["stretch"] * spot(a, v, c.mouth_w + 0.075, c.mouth_y + 0.03, 0.030, 0.075)
    z = z + 0.040 * f["lips_tight"] * spot(u, v, 0, c.mouth_y - 0.085, 0.110, 0.028)
    return z - 0.060 * f["jaw"] * spot(a, v, c.mouth_w + 0.09, c.mouth_y + 0.02, 0.060, 0.120)


def find_normals(z: Array, size: int) -> tuple[Array, Array, Array]:
    """Unit normals from central differences of the depth."""
    scale = np.float32(size / 4)
    dx, dy = np.zeros_like(z), np.zeros_like(z)
    dx[:, :, 1:-1] = (z[:, :, 2:] - z[:, :, :-2]) * scale
    dy[:, 1:-1, :] = (z[:, 2:, :] - z[:, :-2, :]) * scale
    dx[:, :, 0], dx[:, :, -1] = dx[:, :, 1], dx[:, :, -2]
    dy[:, 0, :], dy[:, -1, :] = dy[:, 1, :], dy[:, -2, :]
    norm = 1 / np.sqrt(1 + dx * dx + dy * dy)
    return -dx * norm, -dy * norm, norm
