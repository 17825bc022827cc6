"""Linear probes of an image tower's class token, by which the mini CLIP is judged and released."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2.functional import resize

from irfer_bench.api import BASIC
from irfer_synth.faces import Camera, draw_moments, render
from irfer_synth.identity import PRETRAIN
from irfer_synth.pretrain_views import normalise

FOLDS = 5
AIM = {"vis_to_vis": 0.88, "nir_to_nir": 0.80}
"""Probes from which the tower is worth prompting."""
GAP = 0.15
"""At least so much worse is a probe of visible images on near-infrared than near-infrared's own,
and, in each spectrum, sentences without training than a probe."""


@dataclass(frozen=True, slots=True)
class Probes:
    """Accuracies over six classes and five folds of people."""

    vis_to_vis: float
    nir_to_nir: float
    vis_to_nir: float


def view_plainly(images: Any, size: int) -> Tensor:
    """(N, 64, 64, 3) uint8 to the tower's input, as recognizers prepare it at test time."""
    x = torch.from_numpy(images).permute(0, 3, 1, 2)
    if x.shape[-1] != size:
        x = resize(x, [size], interpolation=InterpolationMode.BICUBIC, antialias=True)
    return normalise(x.float() / 255)


def draw_probe_images(camera: Camera, numbers: range, population: int = PRETRAIN) -> Any:
    """(people * 6, 64, 64, 3) uint8, people outer."""
    each = [number for number in numbers for _ in BASIC]
    return render(draw_moments(each, BASIC * len(numbers), population), camera)[0]


def probe(encode: Callable[[Tensor], Tensor], size: int, images: dict[str, Any]) -> Probes:
    """Fit on four fifths of the people, test on the rest.

    Args:
        encode: prepared images to (B, width) features. images: of `vis` and `nir`, people outer.
    """
    x = {
        camera: np.concatenate([
            encode(view_plainly(part, size)).numpy()
            for part in np.array_split(drawn, max(1, len(drawn) // 120))
        ]).astype(np.float64)
        for camera, drawn in images.items()
    }  # fmt: skip
    people = len(x["vis"]) // len(BASIC)
    labels, fold = np.tile(np.arange(6), people), np.repeat(np.arange(people) % FOLDS, 6)
    hits = dict.fromkeys(("vis_vis", "nir_nir", "vis_nir"), 0)
    for k in range(FOLDS):
        train, test = fold != k, fold == k
        for name in hits:
            one, other = name.split("_")
            predicted = learn_linear(x[one][train], labels[train], x[other][test])
            hits[name] += int((predicted == labels[test]).sum())
    return Probes(*(round(hit / len(labels), 4) for hit in hits.values()))


def learn_linear(train: Any, labels: Any, test: Any) -> Any:
    """Logistic regression on standardised features (C = 0.1)."""
    from sklearn.linear_model import LogisticRegression

    mean, std = train.mean(0), train.std(0) + 1e-6
    model = LogisticRegression(C=0.1, max_iter=2000).fit((train - mean) / std, labels)
    return model.predict((test - mean) / std)


def refuse(found: Mapping[str, float]) -> str:
    """Why weights of these probes must not be released, whatever is there; empty if they may.

    Args:
        found: probes by their names above, and accuracies `zero_shot_vis` and `zero_shot_nir`.
    """
    for name, least in AIM.items():
        if found[name] < least:
            return f"the probe {name} is {found[name]:.3f}, and the aim {least:.2f}"
    for name, worse in (
        ("nir_to_nir", "vis_to_nir"), ("vis_to_vis", "zero_shot_vis"),
        ("nir_to_nir", "zero_shot_nir"),
    ):  # fmt: skip
        if found[name] - found[worse] < GAP:
            return (
                f"the probe {name} is {found[name]:.3f} and {worse} {found[worse]:.3f}: "
                f"the gap is below {GAP}"
            )
    return ""
