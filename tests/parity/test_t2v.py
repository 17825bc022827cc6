"""T2V-DDPM against the official code: losses, gradients, both ways of sampling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from irfer_translators.diffusion.process import VPProcess, spaced
from irfer_translators.diffusion.sampling import SamplerStep
from irfer_translators.diffusion.t2v_ddpm import t2v_losses, t2v_sample
from tests.parity.fixtures import error, fixtures, load, partner
from tests.parity.network_maps import group, official_net, timed

T2V = fixtures("translators", "t2v")


class Spec:
    """One file: the respaced process and the network."""

    def __init__(self, path: Path) -> None:
        self.raw, self.m = load(path)
        self.t = {name: torch.from_numpy(value) for name, value in self.raw.items()}
        T = int(self.m["steps"])
        full = VPProcess.linear(T)
        self.process = full.respaced(spaced(T, int(self.m["respacing"]))).rescaled(1000 / T)
        self.weights = partner(path, "t2v_weights")

    def sample(self, way: str, skip: int = 0, first: int = 0) -> list[SamplerStep]:
        """The steps of one way of sampling, from its start or from the file's own state `first`."""
        z, steps = iter(self.t[f"{way}.z"][first:].double()), list[SamplerStep]()
        e = self.t["skip.init_noise"] if way == "skip" else self.t["full.init"]
        process = self.process
        if first:
            e = self.t[f"{way}.traj"][first - 1]
            process = process.respaced(range(len(self.t[f"{way}.z"]) - first))
        with torch.no_grad():
            t2v_sample(
                timed(self.weights, int(self.m["size"])), self.t["cond"].double(), process,
                e.double(), lambda: next(z), skip=skip, callback=steps.append,
            )
        return steps


@pytest.mark.parametrize("path", T2V)
def test_respaced_process(path: Path) -> None:
    spec = Spec(path)
    np.testing.assert_allclose(spec.process.betas, spec.raw["betas_f64"], rtol=1e-9)
    base = 1000 / int(spec.m["steps"])
    assert spec.process.levels == tuple((spec.raw["timestep_map"] * base).tolist())


@pytest.mark.parametrize("path", T2V)
def test_losses_and_gradients(path: Path) -> None:
    spec = Spec(path)
    groups = sorted({key.split(".")[1] for key in spec.t if key.startswith("train.")})
    assert groups
    for k in groups:
        found, expected = losses(spec, k), spec.t
        for name, value in found.items():
            assert error(value, expected[f"train.{k}.{name}"]) < 1e-5, (k, name)


def losses(spec: Spec, k: str) -> dict[str, Tensor]:
    """The quantities of one training step by the production loss."""
    net: Any = official_net(group(load(spec.weights)[0]), int(spec.m["size"]))
    net.requires_grad_(True)
    seen: dict[str, Tensor] = {}

    def call(xc: Tensor, t: Tensor) -> Tensor:
        seen["x_t"], seen["net_out"] = xc[:, :3], net(xc, t, return_dict=False)[0]
        return seen["net_out"]

    t = spec.t[f"train.{k}.t_index"].long()
    mse, vb = t2v_losses(
        call, spec.process, spec.t["target"], spec.t["cond"], t, spec.t["noise"])
    (mse + vb).mean().backward()
    gradients = {"grad_conv_in": net.conv_in.weight.grad, "grad_out": net.conv_out.weight.grad}
    return {**seen, "mse": mse, "vb": vb, "loss": mse + vb, **gradients}


@pytest.mark.parametrize(("way", "skipping"), [("full", False), ("skip", True)])
@pytest.mark.parametrize("path", T2V)
def test_sampling(path: Path, way: str, skipping: bool) -> None:
    spec = Spec(path)
    steps = spec.sample(way, int(spec.m["skip"]) if skipping else 0)
    assert len(steps) == len(spec.t[f"{way}.traj"])
    assert error(steps[0].x, spec.t[f"{way}.init"]) < 1e-5
    for s, step in enumerate(steps):
        # The official float32 states carry rounding from step to step, which float64 here has not.
        assert error(step.x_next, spec.t[f"{way}.traj"][s]) < 5e-5, s
        if s:
            step = spec.sample(way, first=s)[0]
        assert error(step.x_next, spec.t[f"{way}.traj"][s]) < 1e-5, s


@pytest.mark.parametrize("path", T2V)
def test_the_fixture_notices_a_start_at_the_level_of_the_first_step(path: Path) -> None:
    spec = Spec(path)
    skip = int(spec.m["skip"])
    first = len(spec.process) - skip - 1
    x = spec.process.q_sample(spec.t["cond"], first, spec.t["skip.init_noise"])
    assert error(x, spec.t["skip.init"]) > 1e-3
