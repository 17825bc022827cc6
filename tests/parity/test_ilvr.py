"""ILVR against the official sampler: clipping, both variances, and the steering by a reference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch import Tensor

from irfer_translators.diffusion.ilvr import ilvr
from irfer_translators.diffusion.lowpass import LowPass, resize_matrix
from irfer_translators.diffusion.process import VPProcess, spaced
from irfer_translators.diffusion.sampling import SamplerStep, noise_model
from tests.parity.fixtures import error, find, fixtures, load, partner
from tests.parity.network_maps import timed

ILVR = fixtures("translators", "ilvr")


class Spec:
    """One file: the process, the noise in the official order, and the network."""

    def __init__(self, path: Path) -> None:
        self.raw, m = load(path)
        self.t = {name: torch.from_numpy(value).double() for name, value in self.raw.items()}
        learned = m["learn_sigma"] == "True"
        full = VPProcess.linear(int(m["steps"]), variance="fixedsmall" if learned else "fixedlarge")
        self.process = full.respaced(spaced(len(full), int(m["respacing"])))
        self.phi = LowPass(int(m["size"]), int(m["down_N"]), "cubic")
        self.range_t = int(m["range_t"])
        self.net = timed(partner(path, "ilvr_weights"), int(m["size"]))

    def run(self, before: bool = True, range_t: int | None = None) -> list[SamplerStep]:
        z, reference_noise = iter(self.t["z"]), iter(self.t["ref_noise"])
        steps: list[SamplerStep] = []
        with torch.no_grad():
            ilvr(
                noise_model(self.net, self.process), self.t["reference"], self.process,
                self.t["x_T"], lambda: next(z), lambda: next(reference_noise), phi=self.phi,
                range_t=self.range_t if range_t is None else range_t, before=before,
                callback=steps.append,
            )
        return steps


@pytest.mark.parametrize("path", ILVR)
def test_every_step(path: Path) -> None:
    spec = Spec(path)
    assert spec.process.levels == tuple(spec.raw["timestep_map"].tolist())
    np.testing.assert_allclose(spec.process.betas, spec.raw["betas_f64"], rtol=1e-9)
    np.testing.assert_allclose(spec.process.abar, spec.raw["alphas_cumprod_f64"], rtol=1e-9)
    steps = spec.run()
    assert len(steps) == len(spec.t["sample"]) == len(spec.process)
    for s, step in enumerate(steps):
        predicted = spec.process.predicted_x0(step.eps, step.x, step.i).clamp(-1, 1)
        # x_0 divides the rounding of the network's output by sqrt(abar), 0.006 at the first step.
        tolerance = 1e-5 / float(np.sqrt(spec.process.abar[step.i]))
        assert error(predicted, spec.t["pred_xstart"][s]) < tolerance, step.i
        assert error(step.x_next, spec.t["sample"][s]) < 1e-5, step.i
        if step.i <= spec.range_t:
            assert error(step.x_next, spec.t["proposal"][s]) < 1e-5, step.i


def level_of_the_paper(spec: Spec) -> list[SamplerStep]:
    return spec.run(before=False)


def to_the_end(spec: Spec) -> list[SamplerStep]:
    return spec.run(range_t=0)


@pytest.mark.parametrize("change", [level_of_the_paper, to_the_end])
@pytest.mark.parametrize("path", ILVR)
def test_the_fixture_notices(path: Path, change: Callable[[Spec], list[SamplerStep]]) -> None:
    """Each change moves the image; a file with `range_t = 0` is steered to the end as it is."""
    spec = Spec(path)
    moved = error(change(spec)[-1].x_next, spec.t["sample"][-1])
    assert moved < 1e-5 if change is to_the_end and spec.range_t == 0 else moved > 1e-3


def test_a_network_of_three_outputs_has_the_larger_fixed_variance(tmp_path: Path) -> None:
    """A file with `learn_sigma` False, made by the formulas of guided-diffusion's p_sample."""
    if not find("translators", "ilvr"):
        pytest.skip("no file with weights to begin from")
    (source, *_) = find("translators", "ilvr")
    test_every_step(make_file(source, tmp_path))


def test_a_file_that_is_steered_to_the_end(tmp_path: Path) -> None:
    """The same with `range_t` 0."""
    if not find("translators", "ilvr"):
        pytest.skip("no file with weights to begin from")
    (source, *_) = find("translators", "ilvr")
    made = make_file(source, tmp_path, range_t="0")
    test_every_step(made)
    for change in (level_of_the_paper, to_the_end):
        test_the_fixture_notices(made, change)


def make_file(source: Path, folder: Path, **changed: str) -> Path:
    """The given file once more with a network that predicts noise alone, and other metadata."""
    raw, m = load(source)
    m |= {"learn_sigma": "False", **changed}
    weights = load(partner(source, "ilvr_weights"))[0]
    for key in ("score.out.2.weight", "score.out.2.bias"):
        weights[key] = weights[key][:3]
    save_file(weights, folder / "ilvr_weights_three.safetensors")
    net = timed(folder / "ilvr_weights_three.safetensors", int(m["size"]))
    abar = np.cumprod(1 - np.linspace(1e-4, 0.02, int(m["steps"])))[raw["timestep_map"].astype(int)]
    betas = 1 - abar / np.append(1.0, abar[:-1])
    variance = betas * (1 - np.append(1.0, abar[:-1])) / (1 - abar)
    variance = np.append(variance[1], betas[1:])  # FIXED_LARGE of guided-diffusion
    size, N = int(m["size"]), int(m["down_N"])
    D, U = (torch.from_numpy(resize_matrix(*pair, "cubic").copy())
            for pair in ((size, size // N), (size // N, size)))

    def low(x: Tensor) -> Tensor:
        return U @ D @ x @ D.mT @ U.mT

    t = {name: torch.from_numpy(value).double() for name, value in raw.items()}
    made: dict[str, list[Tensor]] = {"pred_xstart": [], "proposal": [], "sample": []}
    x = t["x_T"]
    for s, i in enumerate(reversed(range(len(betas)))):
        a, before = float(abar[i]), float(abar[i - 1]) if i else 1.0
        with torch.no_grad():
            eps = net(x, torch.full((len(x),), float(raw["timestep_map"][i])))
        x0 = (x / a**0.5 - (1 / a - 1) ** 0.5 * eps).clamp(-1, 1)
        mean = (before**0.5 * betas[i] * x0 + (1 - betas[i]) ** 0.5 * (1 - before) * x) / (1 - a)
        x = mean + (variance[i] ** 0.5 * t["z"][s] if i else 0)
        made["pred_xstart"].append(x0)
        made["proposal"].append(x)
        if i > int(m["range_t"]):
            x = x - low(x) + low(a**0.5 * t["reference"] + (1 - a) ** 0.5 * t["ref_noise"][s])
        made["sample"].append(x)
    found = {name: torch.stack(values).float().numpy() for name, values in made.items()}
    path = folder / "ilvr_three.safetensors"
    save_file({**raw, **found}, path, m)
    return path


