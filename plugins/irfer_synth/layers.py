"""Parts of a face as soft masks over the image, before shading."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from irfer_synth.geometry import Shape, brow_line, lip_lines, outline, unproject
from irfer_synth.relief import (
    bump,
    edge,
    find_creases,
    find_normals,
    name_units,
    raise_relief,
    spot,
)

if TYPE_CHECKING:
    from irfer_synth.geometry import Pose
    from irfer_synth.identity import Identities

Array = Any


@dataclass(slots=True)
class Layers:
    """Masks from 0 to 1 and fields of B images, each (B, H, W) float32.

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


def lay_out(who: Identities, s: Shape, units: Array, pose: Pose, size: int) -> Layers:
    """Every mask of B faces at `size` pixels; `s` and `units` (B, 16) as `shape_faces` has them."""
    axis = ((np.arange(size, dtype=np.float32) + 0.5) * np.float32(2 / size)) - 1
    x, y = axis[None, None, :], axis[None, :, None]
    c = s.column()
    u, v, z = unproject(pose, c, x, y)
    a = np.abs(u)
    soft = np.float32(max(1.3 / size, 0.016))
    fold = name_units(units)
    mask = _skin(who, c, u, v, a, soft)
    mask |= _eye(c, u, v, a, pose, soft)
    mask |= _mouth(c, u, v, soft)
    t = (a - c.brow_in_x) / (c.brow_out_x - c.brow_in_x)
    tt = np.clip(t, 0, 1)
    thick = c.brow_thick * (1 - 0.55 * tt)
    brow = edge(thick - np.abs(v - brow_line(c, tt)), soft * 1.3)
    mask["brow"] = brow * edge(0.5 - np.abs(t - 0.5), 0.09)
    mask["crease"] = find_creases(c, fold, u, v, a)
    if np.any(who.glasses):
        mask |= _glasses(who, c, v, a, soft)
    z = z + raise_relief(c, fold, u, v, a)
    z = z - 0.04 * (1 - np.maximum(mask["face"], np.maximum(mask["hair"], mask["hair_back"])))
    nx, ny, nz = find_normals(z, size)
    return Layers(np.broadcast_to(x, u.shape), np.broadcast_to(y, u.shape), u, v, nx, ny, nz, mask)


def _skin(who: Identities, c: Shape, u: Array, v: Array, a: Array, soft: Array) -> dict[str, Array]:
    inside = outline(c, u, v)
    head = u / (c.face_width * 1.13)
    top = (v + 0.12) / 0.98
    skull = head * head + top * top
    style = who.style[:, None, None]
    long = (style == 1).astype(np.float32)
    haired = (style != 2).astype(np.float32)
    sides = edge(c.face_width * 1.16 - a, soft * 3) * edge(v + 0.3, 0.1)
    sides = sides * edge(0.72 - v, 0.12) * long
    back = np.maximum(edge((1 - skull) * 0.5, soft * 1.6), sides) * haired
    line = who.hairline[:, None, None]
    fringe = line + who.fringe[:, None, None] * u * u + 0.9 * np.maximum(a - 0.38, 0)
    front = edge(fringe - v, soft * 2) * edge((1 - skull) * 0.5, soft * 1.6) * haired
    temple = edge(a - c.face_width * 0.86, soft * 2) * edge(-0.1 - v, 0.1)
    front = np.maximum(front, temple * haired * edge((1 - skull) * 0.5, soft * 2))
    ears = spot(a, v, c.face_width * 1.02, 0.0, 0.05, 0.085)
    neck_wide = 0.36 + 0.5 * np.maximum(v - 0.98, 0)
    beard = who.beard[:, None, None] * edge(v - 0.30 - 0.25 * (1 - a * a * 4), 0.12)
    return {
        "face": edge((1 - inside) * 0.42, soft * 1.2),
        "hair_back": back,
        "hair": front,
        "ears": np.minimum(ears * 3, 1) * (1 - long * 0.9),
        "neck": edge(neck_wide - a, soft * 2) * edge(v - 0.5, 0.1),
        "cloth": edge(v - 1.12 + 0.22 * np.minimum(a, 1), soft * 2),
        "beard": beard,
    }


def _eye(c: Shape, u: Array, v: Array, a: Array, pose: Pose, soft: Array) -> dict[str, Array]:
    q = (a - c.eye_x) / c.eye_w
    bulge = 1 - np.minimum(q * q, 1.6)
    base = c.eye_y - c.eye_slant * q
    upper, lower = base - c.eye_up * bulge, base + c.eye_down * bulge
    thin = soft * 0.8
    opening = edge(v - upper, thin) * edge(lower - v, thin)
    side = np.where(u > 0, np.float32(1), -np.float32(1))
    iu = a - c.eye_x - side * pose.gaze_x[:, None, None]
    iv = v - c.eye_y + 0.012 - pose.gaze_y[:, None, None]
    radius = iu * iu + iv * iv
    iris = edge((0.0050 - radius) * 7, soft)
    pupil = edge((0.0011 - radius) * 14, soft)
    window = edge(1.12 - np.abs(q), 0.15)
    near = (v - upper) / 0.022
    lash = bump(near * near * 2) * window
    under = (v - lower) / 0.020
    lid = (v - upper + c.eye_up * 0.35 + 0.030) / 0.020
    return {
        "eye": opening,
        "iris": iris * opening,
        "pupil": pupil * opening,
        "glint": spot(iu, iv, 0.022, -0.022, 0.014, 0.014) * opening,
        "lash": lash,
        "lid": np.maximum(bump(under * under * 2) * 0.4, bump(lid * lid * 2) * 0.5) * window,
        "socket": spot(a, v, c.eye_x, c.eye_y - 0.02, 0.12, 0.075),
        "canthus": spot(a, v, c.eye_x - c.eye_w, c.eye_y + 0.02, 0.05, 0.05),
    }


def _mouth(c: Shape, u: Array, v: Array, soft: Array) -> dict[str, Array]:
    q = u / c.mouth_w
    top, inner_top, inner_low, low = lip_lines(c, q)
    ends = edge(1.0 - np.abs(q), 0.07)
    thin = soft * 0.8
    gap = edge(v - inner_top, thin) * edge(inner_low - v, thin) * ends
    width = np.minimum((inner_low - inner_top) / (2 * thin), 1)
    seam = (v - (inner_top + inner_low) / 2) / 0.016
    lips = edge(v - top, thin) * edge(low - v, thin) * ends
    lower = lips * edge(v - inner_low, thin)
    teeth = edge(inner_top + 0.052 - v, thin) * edge(0.86 - np.abs(q), 0.1)
    space = edge(inner_low - inner_top - 0.045, 0.02)
    return {
        "lips": lips,
        "lower_lip": lower,
        "gap": gap * np.maximum(width, 0),
        "seam": bump(seam * seam) * ends * (1 - np.clip(width, 0, 1)),
        "teeth": teeth * gap * space,
        "under_lip": spot(u, v, 0, low + 0.05, 0.13, 0.035),
    }


def _glasses(who: Identities, c: Shape, v: Array, a: Array, soft: Array) -> dict[str, Array]:
    worn = who.glasses[:, None, None]
    gu, gv = (a - c.eye_x) / 0.215, (v - c.eye_y - 0.02) / 0.160
    ring = gu * gu * gu * gu + gv * gv * gv * gv
    lens = edge((1 - ring) * 0.05, soft) * worn
    frame = bump((ring - 1) * (ring - 1) * 7) * worn
    bridge = spot(a, v, 0, c.eye_y - 0.03, 0.04, 0.018)
    arm = (
        edge(a - c.eye_x - 0.215, soft)
        * edge(c.face_width * 0.98 - a, soft)
        * spot(a, v, a, c.eye_y - 0.02, 1.0, 0.018)
    )
    return {"lens": lens, "frame": np.minimum(np.maximum(frame, np.maximum(bridge, arm) * worn), 1)}
