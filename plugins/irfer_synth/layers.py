"""The parts of a face as soft masks over the picture: what is drawn, before any light or colour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from irfer_synth.geometry import Shape, brow_line, lip_lines, outline, unproject

if TYPE_CHECKING:
    from irfer_synth.geometry import Pose
    from irfer_synth.identity import Identities

Array = Any
ONE = np.float32(1)


@dataclass(slots=True)
class Layers:
    """Masks from 0 to 1 and fields of B pictures, each (B, H, W) float32.

    `x`, `y` are image coordinates, `u`, `v` frontal ones; `nx`, `ny`, `nz` the surface normal.
    """

    x: Array
    y: Array
    u: Array
    v: Array
    nx: Array
    ny: Array
    nz: Array
    mask: dict[str, Array] = field(default_factory=dict)


def edge(distance: Array, width: Array) -> Array:
    """A soft step: 0 below -width, 1 above width."""
    t = np.clip(distance / (2 * width) + np.float32(0.5), 0, 1)
    return t * t * (3 - 2 * t)


def bump(square: Array) -> Array:
    """Close to exp(-square / 2), zero from square = 6 on, and exact on every machine."""
    t = np.maximum(1 - square * np.float32(1 / 6), 0)
    return t * t * t


def spot(u: Array, v: Array, at_u: Array, at_v: Array, wide: Array, high: Array) -> Array:
    """A smooth spot."""
    a, b = (u - at_u) / wide, (v - at_v) / high
    return bump(a * a + b * b)


def lay_out(who: Identities, s: Shape, units: Array, pose: Pose, size: int) -> Layers:
    """Every mask of B faces at `size` pixels; `s` and `units` (B, 16) as `shape_faces` has them."""
    axis = ((np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(2 / size)) - ONE
    x, y = axis[None, None, :], axis[None, :, None]
    c = s.column()
    u, v, z = unproject(pose, c, x, y)
    a = np.abs(u)
    soft = np.float32(max(1.3 / size, 0.016))
    fold = {name: units[:, k][:, None, None] for k, name in enumerate(_UNITS)}
    mask = _skin(who, c, u, v, a, soft)
    mask |= _eye(c, u, v, a, pose, soft)
    mask |= _mouth(c, u, v, soft)
    t = (a - c.brow_in_x) / (c.brow_out_x - c.brow_in_x)
    tt = np.clip(t, 0, 1)
    thick = c.brow_thick * (ONE - np.float32(0.55) * tt)
    brow = edge(thick - np.abs(v - brow_line(c, tt)), soft * np.float32(1.3))
    mask["brow"] = brow * edge(np.float32(0.5) - np.abs(t - np.float32(0.5)), np.float32(0.09))
    mask["crease"] = _creases(c, fold, u, v, a)
    if np.any(who.glasses):
        mask |= _glasses(who, c, v, a, soft)
    z = z + _relief(c, fold, u, v, a)
    z = np.where(mask["face"] > 0.02, z, z - np.float32(0.05))
    nx, ny, nz = _normals(z, size)
    return Layers(np.broadcast_to(x, u.shape), np.broadcast_to(y, u.shape), u, v, nx, ny, nz, mask)


_UNITS = (
    "inner", "outer", "lower", "lid", "cheek", "tight", "wrinkle", "lip", "smile", "dimple", "drop",
    "chin", "stretch", "lips_tight", "part", "jaw",
)


def _skin(who: Identities, c: Shape, u: Array, v: Array, a: Array, soft: Array) -> dict[str, Array]:
    inside = outline(c, u, v)
    head = u / (c.face_width * np.float32(1.13))
    top = (v + np.float32(0.12)) / np.float32(0.98)
    skull = head * head + top * top
    style = who.style[:, None, None]
    long = (style == 1).astype(np.float32)
    haired = (style != 2).astype(np.float32)
    sides = edge(c.face_width * np.float32(1.16) - a, soft * 3) * edge(v + np.float32(0.3), np.float32(0.1))
    sides = sides * edge(np.float32(0.72) - v, np.float32(0.12)) * long
    back = np.maximum(edge((1 - skull) * np.float32(0.5), soft * np.float32(1.6)), sides) * haired
    line = who.hairline[:, None, None]
    fringe = line + who.fringe[:, None, None] * u * u + np.float32(0.9) * np.maximum(a - np.float32(0.38), 0)
    front = edge(fringe - v, soft * 2) * edge((1 - skull) * np.float32(0.5), soft * np.float32(1.6)) * haired
    temple = edge(a - c.face_width * np.float32(0.86), soft * 2) * edge(np.float32(-0.1) - v, np.float32(0.1))
    front = np.maximum(front, temple * haired * edge((1 - skull) * np.float32(0.5), soft * 2))
    ears = spot(a, v, c.face_width * np.float32(1.02), np.float32(0.0), np.float32(0.05), np.float32(0.085))
    neck_wide = np.float32(0.36) + np.float32(0.5) * np.maximum(v - np.float32(0.98), 0)
    beard = who.beard[:, None, None] * edge(v - np.float32(0.30) - np.float32(0.25) * (1 - a * a * 4), np.float32(0.12))
    return {
        "face": edge((1 - inside) * np.float32(0.42), soft * np.float32(1.2)),
        "hair_back": back, "hair": front,
        "ears": np.minimum(ears * 3, 1) * (1 - long * np.float32(0.9)),
        "neck": edge(neck_wide - a, soft * 2) * edge(v - np.float32(0.5), np.float32(0.1)),
        "cloth": edge(v - np.float32(1.12) + np.float32(0.22) * np.minimum(a, 1), soft * 2),
        "beard": beard,
    }


def _eye(c: Shape, u: Array, v: Array, a: Array, pose: Pose, soft: Array) -> dict[str, Array]:
    q = (a - c.eye_x) / c.eye_w
    bulge = 1 - np.minimum(q * q, np.float32(1.6))
    base = c.eye_y - c.eye_slant * q
    upper, lower = base - c.eye_up * bulge, base + c.eye_down * bulge
    thin = soft * np.float32(0.8)
    opening = edge(v - upper, thin) * edge(lower - v, thin)
    side = np.where(u > 0, ONE, -ONE)
    iu = a - c.eye_x - side * pose.gaze_x[:, None, None]
    iv = v - c.eye_y + np.float32(0.012) - pose.gaze_y[:, None, None]
    radius = iu * iu + iv * iv
    iris = edge((np.float32(0.0050) - radius) * 7, soft)
    pupil = edge((np.float32(0.0011) - radius) * 14, soft)
    window = edge(np.float32(1.12) - np.abs(q), np.float32(0.15))
    near = (v - upper) / np.float32(0.022)
    lash = bump(near * near * 2) * window
    under = (v - lower) / np.float32(0.020)
    lid = (v - upper + c.eye_up * np.float32(0.35) + np.float32(0.030)) / np.float32(0.020)
    return {
        "eye": opening, "iris": iris * opening, "pupil": pupil * opening,
        "glint": spot(iu, iv, np.float32(0.022), np.float32(-0.022), np.float32(0.014), np.float32(0.014)) * opening,
        "lash": lash, "lid": np.maximum(bump(under * under * 2) * np.float32(0.4), bump(lid * lid * 2) * np.float32(0.5)) * window,
        "socket": spot(a, v, c.eye_x, c.eye_y - np.float32(0.02), np.float32(0.12), np.float32(0.075)),
        "canthus": spot(a, v, c.eye_x - c.eye_w, c.eye_y + np.float32(0.02), np.float32(0.05), np.float32(0.05)),
    }


def _mouth(c: Shape, u: Array, v: Array, soft: Array) -> dict[str, Array]:
    q = u / c.mouth_w
    top, inner_top, inner_low, low = lip_lines(c, q)
    ends = edge(np.float32(1.0) - np.abs(q), np.float32(0.07))
    thin = soft * np.float32(0.8)
    gap = edge(v - inner_top, thin) * edge(inner_low - v, thin) * ends
    width = np.minimum((inner_low - inner_top) / (2 * thin), 1)
    seam = (v - (inner_top + inner_low) / 2) / np.float32(0.016)
    lips = edge(v - top, thin) * edge(low - v, thin) * ends
    lower = lips * edge(v - inner_low, thin)
    teeth = edge(inner_top + np.float32(0.052) - v, thin) * edge(np.float32(0.86) - np.abs(q), np.float32(0.1))
    space = edge(inner_low - inner_top - np.float32(0.045), np.float32(0.02))
    return {
        "lips": lips, "lower_lip": lower, "gap": gap * np.maximum(width, 0),
        "seam": bump(seam * seam) * ends * (1 - np.clip(width, 0, 1)),
        "teeth": teeth * gap * space,
        "under_lip": spot(u, v, np.float32(0), low + np.float32(0.05), np.float32(0.13), np.float32(0.035)),
    }


def _creases(c: Shape, f: dict[str, Array], u: Array, v: Array, a: Array) -> Array:
    wing, mouth_u = c.nose_w + np.float32(0.03), c.mouth_w + np.float32(0.06)
    t = np.clip((v - c.nose_y + np.float32(0.04)) / (c.mouth_y - c.nose_y + np.float32(0.06)), 0, 1)
    path = wing + (mouth_u - wing) * t + np.float32(0.05) * t * (1 - t) * 4
    d = (a - path) / np.float32(0.024)
    window = spot(a, v, path, (c.nose_y + c.mouth_y) / 2, np.float32(1), np.float32(0.115))
    smile = np.minimum(np.float32(0.12) + np.float32(0.60) * f["smile"] + np.float32(0.5) * f["lip"] + np.float32(0.4) * f["wrinkle"], 1)
    folds = bump(d * d) * window * smile
    frown = (a - np.float32(0.045)) / np.float32(0.018)
    between = spot(u, v, np.float32(0), c.brow_in + np.float32(0.01), np.float32(0.2), np.float32(0.075))
    folds = folds + bump(frown * frown) * between * f["lower"] * np.float32(0.75)
    k = (v - c.eye_y + np.float32(0.01)) / np.float32(0.055)
    k = k - np.floor(k) - np.float32(0.5)
    bridge = spot(u, v, np.float32(0), c.eye_y + np.float32(0.0), np.float32(0.085), np.float32(0.065))
    folds = folds + bump(k * k * 40) * bridge * f["wrinkle"] * np.float32(0.8)
    h = (v + np.float32(0.53) - np.float32(0.12) * u * u) / np.float32(0.085)
    h = h - np.floor(h) - np.float32(0.5)
    forehead = spot(u, v, np.float32(0), np.float32(-0.50), np.float32(0.2), np.float32(0.055))
    folds = folds + bump(h * h * 45) * forehead * np.minimum(f["inner"] * np.float32(0.45) + f["outer"] * np.float32(0.3), 1)
    crow = spot(a, v, c.eye_x + c.eye_w + np.float32(0.06), c.eye_y + np.float32(0.03), np.float32(0.035), np.float32(0.035))
    folds = folds + crow * f["cheek"] * np.float32(0.4)
    bag = spot(a, v, c.eye_x, c.eye_y + c.eye_down + np.float32(0.05), np.float32(0.08), np.float32(0.018))
    folds = folds + bag * (f["cheek"] + f["tight"]) * np.float32(0.35)
    dent = spot(a, v, c.mouth_w + np.float32(0.03), c.mouth_y + c.corner_right + np.float32(0.01), np.float32(0.022), np.float32(0.03))
    folds = folds + dent * np.where(u > 0, f["dimple"], 0) * np.float32(0.7)
    sag = spot(a, v, c.mouth_w + np.float32(0.02), c.mouth_y + np.float32(0.12), np.float32(0.03), np.float32(0.05))
    return np.minimum(folds + sag * f["drop"] * np.float32(0.4), 1)


def _relief(c: Shape, f: dict[str, Array], u: Array, v: Array, a: Array) -> Array:
    part = np.float32
    z = -part(0.055) * spot(a, v, c.eye_x, c.eye_y, part(0.13), part(0.075))
    z = z + part(0.022) * spot(a, v, c.eye_x, c.eye_y, part(0.09), part(0.05))
    z = z + part(0.030) * spot(a, v, part(0.26), c.brow_mid + part(0.03), part(0.18), part(0.06))
    high = c.nose_y - part(0.02) - part(0.05) * f["cheek"]
    z = z + (part(0.040) + part(0.045) * f["cheek"] + part(0.025) * f["smile"]) * spot(
        a, v, part(0.34), high, part(0.11), part(0.095))
    z = z + part(0.105) * spot(u, v, part(0), c.nose_y - part(0.045), part(0.058), part(0.062))
    z = z + part(0.055) * spot(a, v, c.nose_w * part(0.74), c.nose_y - part(0.01), part(0.036), part(0.040))
    z = z + part(0.040) * spot(u, v, part(0), c.mouth_y, c.mouth_w * part(0.75), part(0.075))
    z = z + (part(0.035) + part(0.03) * f["chin"]) * spot(u, v, part(0), c.chin - part(0.13), part(0.12), part(0.06))
    z = z - part(0.018) * spot(u, v, part(0), c.mouth_y + part(0.125), part(0.12), part(0.03))
    return z + _muscles(c, f, u, v, a)


def _muscles(c: Shape, f: dict[str, Array], u: Array, v: Array, a: Array) -> Array:
    """The mounds and hollows that contracted muscles raise under the skin."""
    part = np.float32
    z = part(0.050) * f["inner"] * spot(a, v, part(0.13), c.brow_in - part(0.09), part(0.075), part(0.035))
    z = z + part(0.050) * f["outer"] * spot(a, v, part(0.36), c.brow_out - part(0.11), part(0.085), part(0.035))
    z = z + part(0.055) * f["lower"] * spot(u, v, part(0), c.brow_in + part(0.01), part(0.055), part(0.060))
    z = z + part(0.045) * f["wrinkle"] * spot(a, v, part(0.085), c.eye_y + part(0.11), part(0.040), part(0.060))
    z = z + part(0.050) * f["lip"] * spot(a, v, c.nose_w + part(0.075), c.nose_y + part(0.06), part(0.045), part(0.050))
    z = z + part(0.060) * f["smile"] * spot(a, v, c.mouth_w + part(0.085), c.mouth_y - part(0.12), part(0.065), part(0.070))
    z = z + part(0.050) * f["drop"] * spot(a, v, c.mouth_w + part(0.015), c.mouth_y + part(0.13), part(0.050), part(0.045))
    z = z + part(0.045) * f["stretch"] * spot(a, v, c.mouth_w + part(0.075), c.mouth_y + part(0.03), part(0.030), part(0.075))
    z = z + part(0.040) * f["lips_tight"] * spot(u, v, part(0), c.mouth_y - part(0.085), part(0.110), part(0.028))
    return z - part(0.060) * f["jaw"] * spot(a, v, c.mouth_w + part(0.09), c.mouth_y + part(0.02), part(0.060), part(0.120))


def _glasses(who: Identities, c: Shape, v: Array, a: Array, soft: Array) -> dict[str, Array]:
    worn = who.glasses[:, None, None]
    gu, gv = (a - c.eye_x) / np.float32(0.215), (v - c.eye_y - np.float32(0.02)) / np.float32(0.160)
    ring = gu * gu * gu * gu + gv * gv * gv * gv
    lens = edge((1 - ring) * np.float32(0.05), soft) * worn
    frame = bump((ring - 1) * (ring - 1) * np.float32(7)) * worn
    bridge = spot(a, v, np.float32(0), c.eye_y - np.float32(0.03), np.float32(0.04), np.float32(0.018))
    arm = edge(a - c.eye_x - np.float32(0.215), soft) * edge(c.face_width * np.float32(0.98) - a, soft) * spot(a, v, a, c.eye_y - np.float32(0.02), ONE, np.float32(0.018))
    return {"lens": lens, "frame": np.minimum(np.maximum(frame, np.maximum(bridge, arm) * worn), 1)}


def _normals(z: Array, size: int) -> tuple[Array, Array, Array]:
    """Unit normals from central differences of the depth."""
    scale = np.float32(size / 4)
    dx, dy = np.zeros_like(z), np.zeros_like(z)
    dx[:, :, 1:-1] = (z[:, :, 2:] - z[:, :, :-2]) * scale
    dy[:, 1:-1, :] = (z[:, 2:, :] - z[:, :-2, :]) * scale
    dx[:, :, 0], dx[:, :, -1] = dx[:, :, 1], dx[:, :, -2]
    dy[:, 0, :], dy[:, -1, :] = dy[:, 1, :], dy[:, -2, :]
    norm = 1 / np.sqrt(1 + dx * dx + dy * dy)
    return -dx * norm, -dy * norm, norm
