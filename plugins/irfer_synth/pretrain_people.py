"""The people that the mini CLIP learns from: visible images, captions, facts and maps of parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from irfer_bench.api import BASIC
from irfer_synth.captions import write_caption
from irfer_synth.faces import Moments, describe, draw_moments, render
from irfer_synth.geometry import Shape, shape_faces
from irfer_synth.identity import PRETRAIN
from irfer_synth.layers import lay_out
from irfer_synth.pretraining import say

SIZE, MAP_SIZE = 64, 12
LABELS = (*BASIC, "neutral")
CAPTIONS_EACH = 4
FLASH_SHARE = 0.4
PARTS = (
    *("face", "hair", "brow", "eye", "iris", "lid", "lash", "lips", "gap", "teeth", "seam"),
    *("crease", "beard"),
)
"""Masks of `layers` whose maps are learned, besides the surface normal."""


@dataclass(frozen=True, slots=True)
class People:
    """N visible images with what is known about them.

    Args:
        images: (N, 3, 64, 64) uint8. ids: (N, captions, context) token ids.
        units: (N, 16) action units. shape: (N, 25) curves of the face. words: (N, 13) hair, style,
            skin, glasses, beard. All three are standardised.
        maps: (N, parts + 3, 12, 12) uint8: masks of the parts, then x, y and z of the normal.
    """

    images: Tensor
    ids: Tensor
    units: Tensor
    shape: Tensor
    words: Tensor
    maps: Tensor

    def __len__(self) -> int:
        return len(self.images)


def draw_people(people: int, seed: int, tokenizer: Any) -> People:
    """People 1 to `people` outside the benchmark, each with every label, in visible light."""
    columns: list[list[Any]] = [[] for _ in fields(People)]
    rng = np.random.default_rng(seed)
    for first in range(1, people + 1, 32):
        last = min(first + 32, people + 1)
        numbers = [number for number in range(first, last) for _ in LABELS]
        moments = draw_moments(numbers, list(LABELS) * (last - first), PRETRAIN)
        moments = flash(moments, np.random.default_rng([seed, first]))
        facts = describe(moments)
        found = (
            torch.from_numpy(render(moments, "vis", SIZE)[0]).permute(0, 3, 1, 2).contiguous(),
            torch.stack([
                tokenizer([write_caption(one, rng) for _ in range(CAPTIONS_EACH)]) for one in facts
            ]),
            torch.tensor([list(one["units"].values()) for one in facts]),
            torch.from_numpy(_curves(moments)),
            torch.tensor([_words(one) for one in facts]),
            torch.cat([
                _maps(moments.take(range(k, min(k + 8, len(moments)))))
                for k in range(0, len(moments), 8)
            ]),
        )  # fmt: skip
        for column, part in zip(columns, found, strict=True):
            column.append(part)
        say("drawing people", last - 1, people)
    images, ids, units, shape, words, maps = (torch.cat(column) for column in columns)
    units, shape, words = (_standardise(table) for table in (units, shape, words))
    return People(images, ids, units, shape, words, maps)


def flash(moments: Moments, rng: np.random.Generator) -> Moments:
    """Two in five of the moments as a flash at the lens lights them, before a darker ground."""
    lit, scene = rng.random(len(moments)) < FLASH_SHARE, moments.scene
    ambient = rng.uniform(0.15, 0.40, len(lit)).astype(np.float32)
    dim = rng.uniform(0.05, 0.8, (len(lit), 1)).astype(np.float32)
    made = {
        "light": np.array([[0, 0, 1]], dtype=np.float32),
        "ambient": ambient,
        "lamp": rng.uniform(0.85, 1.2, len(lit)).astype(np.float32) - ambient,
        "backdrop": scene.backdrop * dim,
    }
    mixed = {
        name: np.where(lit.reshape(-1, *[1] * (new.ndim - 1)), new, getattr(scene, name))
        for name, new in made.items()
    }
    return replace(moments, scene=replace(scene, **mixed))


def _curves(moments: Moments) -> Any:
    """(N, 25) what `shape_faces` says; the right corner of the mouth follows from the left."""
    s = shape_faces(moments.who, moments.units, moments.pose.blink)
    names = [field.name for field in fields(Shape) if field.name != "corner_right"]
    return np.stack([getattr(s, name) for name in names], axis=1).astype(np.float32)


def _words(facts: Mapping[str, Any]) -> list[float]:
    """Hair, style and skin one by one, glasses and beard."""
    words = [
        float(facts[key] == word)
        for key, choice in (
            ("hair", ("black", "brown", "blond", "red", "grey")),
            ("style", ("short", "long", "bald")),
            ("skin", ("light", "medium", "dark")),
        )
        for word in choice
    ]
    return [*words, float(facts["glasses"]), float(facts["beard"])]


def _maps(part: Moments) -> Tensor:
    """(N, parts + 3, 12, 12) uint8, drawn at twice that size."""
    s = shape_faces(part.who, part.units, part.pose.blink)
    layers = lay_out(part.who, s, part.units, part.pose, 2 * MAP_SIZE)
    normal = [(n + 1) / 2 for n in (layers.nx, layers.ny, layers.nz)]
    drawn = np.stack(
        [*(np.broadcast_to(layers.mask[k], layers.u.shape) for k in PARTS), *normal], 1
    )
    small = F.avg_pool2d(torch.from_numpy(drawn.astype(np.float32)), 2)
    return (small.clamp(0, 1) * 255 + 0.5).to(torch.uint8)


def _standardise(table: Tensor) -> Tensor:
    return (table - table.mean(0)) / (table.std(0) + 1e-3)
