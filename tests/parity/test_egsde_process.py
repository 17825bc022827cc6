"""EGSDE's sampling from its stored network outputs and energy gradients, by the shared sampler."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from irfer_bench.nn.images import to_frames
from irfer_translators.diffusion.lowpass import LowPass, low_pass_energy
from irfer_translators.diffusion.process import Variance, VPProcess
from irfer_translators.diffusion.sampling import SamplerStep, guided_eps, sample
from tests.parity.fixtures import error, fixtures, load

TRAJECTORIES = fixtures("translators", "egsde_traj")


def read_process(metadata: dict[str, str]) -> VPProcess:
    return VPProcess.linear(
        int(metadata["T"]), float(metadata["beta_start"]), float(metadata["beta_end"]),
        cast("Variance", metadata["var_type"]),
    )


def draw(noise: Iterator[Tensor]) -> Tensor:
    return next(noise).double()


@pytest.mark.parametrize("path", TRAJECTORIES)
def test_tables(path: Path) -> None:
    tensors, metadata = load(path)
    process = read_process(metadata)
    assert error(process.betas, tensors["betas"]) < 1e-6
    # Index 0 has no posterior variance: the official table holds a floor there that is never used.
    assert error(np.log(process.step_variance)[1:], tensors["logvar"][1:]) < 1e-5


@pytest.mark.parametrize("path", TRAJECTORIES)
def test_sampling_from_stored_outputs(path: Path) -> None:
    raw, metadata = load(path)
    t = {name: torch.from_numpy(value) for name, value in raw.items()}
    M, rounds = int(metadata["M"]), int(metadata["K"])
    ls, li = float(metadata["lambda_s"]), float(metadata["lambda_i"])
    full = read_process(metadata)
    process = full.respaced(range(M))
    x = t["source"].double()
    for k in range(rounds):
        noise = iter(t["noise"][k * (M + 1) :])
        e = next(noise)
        x = process.q_sample(x, M - 1, e)

        def at(i: int, k: int = k) -> int:
            return k * M + (M - 1 - i)

        def eps(x: Tensor, i: int) -> Tensor:
            return t["eps"][at(i)].to(x)

        def guidance(x: Tensor, i: int) -> Tensor:
            gradients = ls * t["grad_specific"][at(i)] + li * t["grad_independent"][at(i)]
            return gradients.to(x)

        def check(step: SamplerStep, e: Tensor = e) -> None:
            s = at(step.i)
            assert float(t["t"][s][0]) == process.levels[step.i]
            assert error(step.x, t["y_in"][s]) < 1e-5, step.i
            assert error(step.x_next, t["y_out"][s]) < 1e-5, step.i
            c_t = process.q_sample(t["source"].double(), step.i, e)
            assert error(c_t, t["source_t"][s]) < 1e-5

        x = sample(eps, x, process, partial(draw, noise), guidance=guidance, callback=check)
    assert np.abs(to_frames(x).astype(int) - raw["final_uint8"]).max() <= 1
    assert (to_frames(x) == raw["final_uint8"]).mean() > 0.999


@pytest.mark.parametrize("path", TRAJECTORIES)
def test_domain_independent_energy(path: Path) -> None:
    raw, metadata = load(path)
    if metadata["s2"] != "neg_l2":
        pytest.skip(f"E_i is {metadata['s2']} in this file; ours is the squared distance")
    A = LowPass(int(metadata["size"]), int(metadata["down_N"]))
    for s in range(len(raw["y_in"])):
        x, c_t = (torch.from_numpy(raw[key][s]) for key in ("y_in", "source_t"))
        energy, gradient = low_pass_energy(A, x, c_t)
        assert error(energy.sum(), raw["energy_independent_sum"][s]) < 1e-5
        assert error(gradient, raw["grad_independent"][s]) < 1e-5


@pytest.mark.parametrize("path", TRAJECTORIES)
def test_guidance_adds_to_the_noise_prediction(path: Path) -> None:
    """`mean -= lambda * beta / sqrt(alpha) * grad` is the plain step with eps_hat."""
    raw, metadata = load(path)
    process = read_process(metadata)
    i = int(raw["t"][0][0]) - 1
    keys = ("y_in", "eps", "grad_independent")
    x, eps, g = (torch.from_numpy(raw[key][1]).double() for key in keys)
    beta = process.betas[i]
    literal = process.ancestral_step(x, eps, i, None) - beta / np.sqrt(1 - beta) * g
    guided = process.ancestral_step(x, guided_eps(eps, g, process, i), i, None)
    assert error(guided, literal) < 1e-12
