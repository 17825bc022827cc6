"""One shading model for three cameras: visible, near-infrared and thermal."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from irfer_synth.identity import HAIR_COLOURS, HAIR_NIR, IRIS_COLOURS, Identities
from irfer_synth.layers import Layers
from irfer_synth.relief import spot

if TYPE_CHECKING:
    from numpy.typing import NDArray

Array = Any

_HAIR = np.array(list(HAIR_COLOURS.values()), dtype=np.float32)
_HAIR_NIR = np.array(list(HAIR_NIR.values()), dtype=np.float32)
_IRIS = np.array(list(IRIS_COLOURS.values()), dtype=np.float32)
_LIGHT_SKIN = np.array((0.95, 0.78, 0.68), dtype=np.float32)
_DARK_SKIN = np.array((0.36, 0.23, 0.16), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Scene:
    """Illumination, colours, backdrop and sensor, each (N,) or (N, k) float32.

    `light` (N, 3) points to the lamp; `tint` (N, 3); `ambient` and `lamp` are strengths;
    `backdrop` (N, 6) is two colours; `blobs` (N, 3, 4) are x, y, width, weight; `cloth` (N, 3);
    `seed` (N,) int64 feeds the sensor noise.
    """

    light: NDArray[Any]
    tint: NDArray[Any]
    ambient: NDArray[Any]
    lamp: NDArray[Any]
    backdrop: NDArray[Any]
    blobs: NDArray[Any]
    cloth: NDArray[Any]
    warmth: NDArray[Any]
    seed: NDArray[Any]

    def take(self, index: Any) -> Scene:
        """The scenes at these positions."""
        return Scene(*(getattr(self, f.name)[index] for f in fields(self)))


def over(below: Array, mask: Array, value: Array) -> Array:
    """Paint a value through a mask."""
    return below + mask * (value - below)


def shade_visible(layers: Layers, who: Identities, scene: Scene) -> Array:
    """(B, H, W, 3) float32 in 0 to 1: coloured light from one side over everything."""
    light = scene.light
    lambert, half = (
        np.maximum(
            layers.nx * _grid(light[:, 0]) * side
            + layers.ny * _grid(light[:, 1]) * side
            + layers.nz * front,
            0,
        )
        for side, front in ((1.0, _grid(light[:, 2])), (0.5, 0.85))
    )
    shine = half * half
    shine = shine * shine
    shine = shine * shine
    shine = shine * shine * 0.14 * _grid(scene.lamp)
    haze = _backdrop(layers, scene)
    out = np.empty((*layers.u.shape, 3), dtype=np.float32)
    for channel in range(3):
        out[..., channel] = _paint_visible(
            layers, who, scene, haze[channel], lambert, shine, channel
        )
    return out


def _paint_visible(
    layers: Layers,
    who: Identities,
    scene: Scene,
    haze: Array,
    lambert: Array,
    shine: Array,
    channel: int,
) -> Array:
    """One colour channel, from the backdrop to the glasses."""
    m, g = layers.mask, _grid
    tint = g(scene.tint[:, channel])
    lit = (g(scene.ambient) + g(scene.lamp) * lambert) * tint
    skin = _skin_colour(who, channel)
    hair = _HAIR[who.hair.astype(int), channel]
    streak = _streaks(layers)
    base = np.broadcast_to(g(scene.cloth[:, channel]), layers.u.shape)
    base = over(base, 1 - m["cloth"], g(skin * 0.80))
    image = over(haze, m["hair_back"], g(hair * 0.8) * streak * lit)
    body = base * (g(scene.ambient) + g(scene.lamp) * 0.45) * tint
    image = over(image, np.maximum(m["neck"], m["cloth"]), body)
    image = over(image, m["ears"], g(skin * 0.82) * lit)
    albedo = _visible_albedo(layers, who, channel)
    image = over(image, m["face"], albedo * lit + shine * (1 - 0.6 * m["brow"]))
    wet = (g(scene.ambient) + g(scene.lamp) * 0.75) * tint
    image = over(image, m["eye"], 0.88 * wet * (1 - 0.2 * m["socket"]))
    image = over(image, m["iris"], g(_IRIS[who.iris.astype(int), channel]) * wet)
    image = over(image, m["pupil"], 0.03)
    image = over(image, m["glint"], 0.95)
    image = over(image, m["lash"] * 0.85, 0.06)
    image = over(image, m["gap"], (0.16, 0.05, 0.05)[channel])
    image = over(image, m["seam"] * 0.75, g(skin * 0.25) * lit)
    image = over(image, m["teeth"], (0.90, 0.88, 0.82)[channel] * wet)
    image = over(image, m["hair"], g(hair) * streak * lit + shine * 0.6)
    if "frame" in m:
        image = over(image, m["lens"] * 0.10, 0.9)
        image = over(image, m["frame"], 0.08)
    return image


def _skin_colour(who: Identities, channel: int) -> Array:
    return _LIGHT_SKIN[channel] + who.melanin * (_DARK_SKIN[channel] - _LIGHT_SKIN[channel])


def _visible_albedo(layers: Layers, who: Identities, channel: int) -> Array:
    """Skin with everything that is painted on it rather than shaded."""
    m, g = layers.mask, _grid
    skin = _skin_colour(who, channel)
    hair = _HAIR[who.hair.astype(int), channel]
    red = (1.0, 0.56, 0.56)[channel]
    cheeks = spot(np.abs(layers.u), layers.v, 0.36, 0.22, 0.15, 0.13)
    blush = (0.03, -0.035, -0.03)[channel] * who.ruddy
    a = np.broadcast_to(g(skin), layers.u.shape) + cheeks * g(blush)
    a = over(a, m["beard"] * 0.5, g(hair))
    a = over(a, m["socket"] * 0.22, a * 0.75)
    a = over(a, m["lips"], g(skin * (1 - who.lip_red * (1 - red)) * 0.86))
    a = over(a, m["lower_lip"] * 0.25, a + 0.15)
    a = a * (1 - 0.50 * m["crease"]) * (1 - 0.22 * m["under_lip"])
    a = over(a, m["lid"] * 0.6, a * 0.55)
    a = over(a, _nostrils(layers, who) * 0.7, a * 0.35)
    return over(a, m["brow"] * g(0.55 + 0.45 * who.brow_dark), g(hair * 0.85))


def shade_nir(layers: Layers, who: Identities, scene: Scene) -> Array:
    """(B, H, W) float32: lamp at the lens, bright even skin, dark iris, pale lips, dark ground."""
    m, g = layers.mask, _grid
    facing = layers.nz * layers.nz
    shine = facing * facing
    shine = shine * shine
    shine = shine * shine * 0.12
    lit = 0.30 + 0.70 * facing
    hair = _HAIR_NIR[who.hair.astype(int)]
    skin = 0.86 - 0.13 * who.melanin
    a = np.broadcast_to(g(skin), layers.u.shape)
    a = over(a, m["beard"] * 0.25, g(hair))
    a = over(a, m["lips"], g(skin * 1.0))
    a = over(a, m["lower_lip"], g(skin * 1.02))
    a = a * (1 - 0.08 * m["crease"])
    a = over(a, m["lid"] * 0.3, a * 0.8)
    a = over(a, _nostrils(layers, who) * 0.7, 0.22)
    a = over(a, m["brow"] * g(0.13 + 0.13 * who.brow_dark), g(hair * 0.9 + 0.12))
    streak = _streaks(layers)
    haze = 0.035 + 0.05 * _backdrop(layers, scene)[0]
    image = over(haze, m["hair_back"], g(hair * 0.75) * streak * lit)
    cloth = np.broadcast_to(g(0.12 + 0.4 * scene.cloth[:, 1]), a.shape)
    cloth = over(cloth, 1 - m["cloth"], g(skin * 0.60))
    image = over(image, np.maximum(m["neck"], m["cloth"]), cloth)
    image = over(image, m["ears"], g(skin * 0.75) * lit)
    image = over(image, m["face"], a * lit + shine)
    image = over(image, m["eye"], 0.66)
    image = over(image, m["iris"], 0.20)
    image = over(image, m["pupil"], 0.05)
    image = over(image, m["glint"], 1.0)
    image = over(image, m["lash"] * 0.45, 0.25)
    image = over(image, m["gap"], 0.34)
    image = over(image, m["seam"] * 0.50, 0.38)
    image = over(image, m["teeth"], 0.80)
    image = over(image, m["hair"], g(hair) * streak * lit)
    if "frame" in m:
        image = over(image, m["lens"] * 0.10, 0.1)
        image = over(image, m["frame"], 0.10)
    return image


def shade_thermal(layers: Layers, who: Identities, scene: Scene) -> Array:
    """(B, H, W) float32: temperature from 20 to 37 degrees, cold nose, brows and glasses."""
    m, g = layers.mask, _grid
    u, v, a = layers.u, layers.v, np.abs(layers.u)
    warm = 0.80 + 0.07 * scene.warmth
    t = g(warm) * (0.80 + 0.20 * np.minimum(layers.nz * 1.2, 1))
    t = t + 0.07 * spot(u, v, 0, -0.45, 0.25, 0.09)
    t = t - 0.07 * spot(a, v, 0.38, 0.28, 0.12, 0.12)
    t = t - 0.24 * spot(u, v, 0, g(who.nose_y) - 0.04, 0.085, 0.10)
    t = t + 0.10 * m["canthus"]
    t = t - 0.12 * m["beard"]
    t = t - 0.22 * m["brow"] * g(0.5 + 0.5 * who.brow_dark)
    t = t + 0.05 * m["lips"] + 0.09 * m["crease"]
    image = 0.10 + 0.04 * _backdrop(layers, scene)[1]
    image = over(image, m["hair_back"], 0.40)
    image = over(image, m["cloth"], 0.36)
    image = over(image, m["neck"] * (1 - m["cloth"]), g(warm * 1.03))
    image = over(image, m["ears"], g(warm * 0.72))
    image = over(image, m["face"], t)
    image = over(image, m["eye"], g(warm * 0.90))
    image = over(image, m["gap"], g(warm * 1.16))
    image = over(image, m["teeth"], g(warm * 0.95))
    image = over(image, m["hair"], 0.42)
    if "frame" in m:
        image = over(image, np.maximum(m["lens"], m["frame"]), 0.24)
    return blur(image, max(1, round(layers.u.shape[-1] / 64)))


def blur(image: Array, times: int) -> Array:
    """A 1-2-1 filter along both axes, repeated; the image's edge is repeated outwards."""
    for _ in range(2 * times):
        for axis in (1, 2):
            pads = [(1, 1) if k == axis else (0, 0) for k in range(3)]
            p = np.pad(image, pads, mode="edge")
            left, right = (p[:, :-2], p[:, 2:]) if axis == 1 else (p[:, :, :-2], p[:, :, 2:])
            image = 0.5 * image + 0.25 * (left + right)
    return image


def _grid(column: Array) -> Array:
    return column[:, None, None]


def _streaks(layers: Layers) -> Array:
    k = layers.u * 9 + layers.v * 2.5
    k = np.abs(k - np.floor(k) - 0.5)
    return 0.82 + 0.5 * k


def _nostrils(layers: Layers, who: Identities) -> Array:
    a, g = np.abs(layers.u), _grid
    return spot(a, layers.v, g(who.nose_width) * 0.48, layers.mask["nose_y"], 0.032, 0.020)


def _backdrop(layers: Layers, scene: Scene) -> list[Array]:
    g = _grid
    mix = layers.y * 0.5 + 0.5
    for k in range(3):
        x, y, wide, weight = (g(scene.blobs[:, k, j]) for j in range(4))
        mix = mix + weight * spot(layers.x, layers.y, x, y, wide, wide)
    mix = np.clip(mix, 0, 1)
    one, other = scene.backdrop[:, :3], scene.backdrop[:, 3:]
    return [g(one[:, c]) + mix * g(other[:, c] - one[:, c]) for c in range(3)]
