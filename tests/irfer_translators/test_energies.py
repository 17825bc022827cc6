"""Each energy does its work: drawn faces, translated by an unconditional model and one energy.

The score is exact: that of a Gaussian with the mean and covariance of near-infrared training
images. Nothing but an energy then ties a translation to its source below the first level.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from irfer_bench.api import BASIC, Clip, TranslationData
from irfer_bench.contracts.params import resolve
from irfer_bench.nn.images import to_tensor
from irfer_bench.nn.training import load_module
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_synth.dataset import SynthDataset
from irfer_translators.diffusion.frames import normalized_landmarks
from irfer_translators.diffusion.landmark_net import build_landmark_net, normalized_error, peaks
from irfer_translators.diffusion.landmark_training import train_landmark_net
from irfer_translators.diffusion.lowpass import LowPass
from irfer_translators.diffusion.nfer_sde import sample
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.process import VPProcess, spaced
from irfer_translators.diffusion.unet import freeze

SIDE, SHOWN, SUBJECTS, COMPONENTS = 32, 36, 66, 150
PROCESS = VPProcess.linear()


@dataclass
class Faces:
    """Pairs of 60 people to learn from, and of six others to translate."""

    source: list[Clip]
    target: list[Clip]

    def images(self, clips: list[Clip]) -> Tensor:
        return torch.cat([to_tensor(clip.frames, SIDE) for clip in clips])

    def points(self, clips: list[Clip]) -> Tensor:
        return torch.from_numpy(np.concatenate([normalized_landmarks(clip) for clip in clips]))


class GaussianModel:
    """E[x_0 | x_t] for a Gaussian, and a linear reading of landmarks from an image."""

    def __init__(self, images: Tensor, points: Tensor) -> None:
        flat = images.flatten(1)
        self.mean = flat.mean(0)
        _, values, axes = torch.linalg.svd(flat - self.mean, full_matrices=False)
        variances = values.square() / len(flat)
        self.axes, self.variances = axes[:COMPONENTS], variances[:COMPONENTS]
        self.rest = float(variances[COMPONENTS:].sum()) / (flat.shape[1] - COMPONENTS)
        known = (flat - self.mean) @ self.axes.T
        self.points = points.mean(0)
        ridge = 30 * self.variances.mean() * torch.eye(COMPONENTS)
        wanted = known.T @ (points - self.points).flatten(1)
        self.reading = torch.linalg.solve(known.T @ known + ridge, wanted)

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        signal, sigma = (float(each) for each in PROCESS.factors(int(t[0]), x))
        around = x.flatten(1) - signal * self.mean
        kept, rest = (
            signal * v / (signal**2 * v + sigma**2) for v in (self.variances, self.rest)
        )
        return (
            self.mean + rest * around + (around @ self.axes.T * (kept - rest)) @ self.axes
        ).view_as(x)

    def landmarks(self, x: Tensor) -> Tensor:
        offsets = (x.flatten(1) - self.mean) @ self.axes.T @ self.reading
        return self.points + offsets.view(-1, 68, 2)


@pytest.fixture(scope="module")
def faces() -> Faces:
    dataset = SynthDataset()
    found: dict[str, list[Any]] = {"vis": [], "nir": []}
    for item in dataset.index(None):
        shown = item.part == "stills" and item.lighting == "normal" and item.label in BASIC
        if shown and item.spectrum in found and int(item.subject[1:]) < SUBJECTS:
            found[item.spectrum].append(item)
    ordered = (sorted(items, key=lambda i: (i.subject, i.label)) for items in found.values())
    source, target = (list(dataset.read_many(items)) for items in ordered)
    assert [clip.pair for clip in source] == [clip.pair for clip in target]
    return Faces(source, target)


@pytest.fixture(scope="module")
def model(faces: Faces) -> GaussianModel:
    learned = faces.target[:-SHOWN]
    return GaussianModel(faces.images(learned), faces.points(learned))


@pytest.fixture(scope="module")
def translate(faces: Faces, model: GaussianModel) -> Any:
    """Ten steps from the visible images, energies as given."""
    c = faces.images(faces.source[-SHOWN:])

    def run(**energies: Any) -> Tensor:
        draw = partial(torch.randn, c.shape, generator=torch.Generator().manual_seed(0))
        process = PROCESS.respaced(spaced(500, 10))
        x = sample(
            model, c, process, draw(), draw, prediction="sample", conditional=False, **energies
        )
        return x.clamp(-1, 1)

    return run


@torch.no_grad()
def held_out_errors(H: torch.nn.Module, faces: Faces) -> tuple[float, float]:
    """NME of H and of the mean landmarks, on clean images of people that neither learned from."""
    learned = [*faces.source[:-SHOWN], *faces.target[:-SHOWN]]
    shown = [*faces.source[-SHOWN:], *faces.target[-SHOWN:]]
    true, mean = faces.points(shown), faces.points(learned).mean(0)
    images = faces.images(shown)
    found = peaks(H(images, torch.zeros(len(images), dtype=torch.long)))
    return tuple(float(normalized_error(p, true).mean()) for p in (found, mean))  # type: ignore[return-value]


def psnr(faces: Faces, x: Tensor) -> float:
    error = (x - faces.images(faces.target[-SHOWN:])).square().mean((1, 2, 3))
    return float((10 * torch.log10(4 / error)).mean())


def test_the_high_pass_energy_brings_images_nearer_to_their_true_partners(
    faces: Faces, translate: Any
) -> None:
    A = LowPass(SIDE, SIDE // 8)
    free = psnr(faces, translate())
    guided = psnr(faces, translate(A=A, lambda_f=0.5, stable=True))
    assert guided > free + 0.3
    assert psnr(faces, translate(A=A, lambda_f=0.5)) > free + 0.3


def test_a_strong_high_pass_energy_needs_the_stable_step_where_steps_are_few(
    faces: Faces, translate: Any
) -> None:
    A = LowPass(SIDE, SIDE // 8)
    assert psnr(faces, translate(A=A, lambda_f=5.0)) < 8
    assert psnr(faces, translate(A=A, lambda_f=5.0, stable=True)) > 16


def test_the_landmark_energy_brings_landmarks_nearer_to_the_true_ones(
    faces: Faces, model: GaussianModel, translate: Any
) -> None:
    """Landmarks are read from the images linearly, not by the network that guides."""
    params = resolve(
        NferSdeParams, component="nfer_sde", preset="quick", given={"size": SIDE}
    )
    count = len(faces.target) - SHOWN
    data = TranslationData(
        ClipList(faces.source[:count]), ClipList(faces.target[:count]),
        [(k, k) for k in range(count)], "vis", "nir",
    )
    state = train_landmark_net(params, data, MemoryContext())
    H = build_landmark_net(params.h_net, SIDE)
    load_module(H, state.tensors)
    found, mean = held_out_errors(H, faces)
    assert found < 0.85 * mean
    true = faces.points(faces.target[-SHOWN:])

    def error(x: Tensor) -> float:
        return float(normalized_error(model.landmarks(x), true).mean())

    free = error(translate())
    guided = error(translate(H=freeze(H), lambda_h=1.0, stable=True))
    assert guided < 0.93 * free
