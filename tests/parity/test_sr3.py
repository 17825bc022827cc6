"""SR3 against the usual unofficial code: its network, loss, gradient and every sampling step."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch import Tensor

from irfer_translators.diffusion.process import VPProcess
from irfer_translators.diffusion.sampling import SamplerStep
from irfer_translators.diffusion.sr3 import (
    by_noise_level,
    draw_levels,
    noise_levels,
    sr3_loss,
    sr3_sample,
)
from irfer_translators.diffusion.sr3_unet import Sr3UNet
from tests.parity.fixtures import error, fixtures, load
from tests.parity.network_maps import group

SR3 = fixtures("translators", "sr3")


class Spec:
    """One file: the process, and the network with sizes read from its tensors."""

    def __init__(self, path: Path) -> None:
        self.raw, self.m = load(path)
        self.t = {k: torch.from_numpy(v) for k, v in self.raw.items()}
        m = self.m
        self.process = by_noise_level(
            VPProcess.linear(int(m["T"]), float(m["beta_start"]), float(m["beta_end"])))
        weights = group(self.raw)
        inner, size = weights["downs.0.weight"].shape[0], int(m["size"])
        widths = [inner, *(w.shape[0] for k, w in weights.items()
                           if re.fullmatch(r"downs\.\d+\.res_block\.block2\.block\.3\.weight", k))]
        depth = sum(1 for k in weights if re.fullmatch(r"downs\.\d+\.conv\.weight", k)) + 1
        layers = (len(widths) - 1) // depth
        self.net = Sr3UNet(
            size, inputs=weights["downs.0.weight"].shape[1], inner=inner,
            multipliers=tuple(w // inner for w in widths[1::layers]), layers=layers,
            attention=(size // 2,), groups=int(m["groups"]), dropout=0.0,
        )
        self.net.load_state_dict(weights)
        self.net.eval()

    def loss(self) -> Tensor:
        t, norm = self.t, cast("Literal['l1', 'l2']", self.m["loss"])
        return sr3_loss(self.net, t["target"], t["cond"], t["gamma"], t["noise"], norm=norm)

    def sample(self) -> list[SamplerStep]:
        z, steps = iter(self.t["z"].double()), list[SamplerStep]()

        def net(x: Tensor, gamma: Tensor) -> Tensor:
            return cast("Tensor", self.net(x.float(), gamma)).double()

        with torch.no_grad():
            sr3_sample(net, self.t["cond"].double(), self.process, self.t["x_T"].double(),
                       lambda: next(z), callback=steps.append)
        return steps


@pytest.mark.parametrize("path", SR3)
def test_tables(path: Path) -> None:
    spec = Spec(path)
    assert error(spec.process.betas, spec.t["betas"]) < 1e-7
    assert error(noise_levels(spec.process), spec.t["noise_level_table_f64"]) < 1e-12


@pytest.mark.parametrize("path", SR3)
def test_network_loss_and_gradient(path: Path) -> None:
    spec = Spec(path)
    signal = spec.t["gamma"].view(-1, 1, 1, 1)
    x = signal * spec.t["target"] + (1 - signal**2).sqrt() * spec.t["noise"]
    assert error(x, spec.t["x_noisy"]) < 1e-5
    with torch.no_grad():
        eps = spec.net(torch.cat([spec.t["cond"], x], 1), spec.t["gamma"])
    assert error(eps, spec.t["eps_pred"]) < 1e-5
    loss = spec.loss()
    loss.backward()  # type: ignore[no-untyped-call]
    assert error(loss, spec.t["loss_normalised"]) < 1e-5
    # The sum is over some 6000 pixels; relative to it the tolerance is the same.
    assert error(loss * x.numel(), spec.t["loss_sum"]) < 1e-5
    conv = cast("Any", spec.net.downs[0])
    assert error(conv.weight.grad, spec.t["grad_conv_in"]) < 1e-5


@pytest.mark.parametrize("path", SR3)
def test_every_sampling_step(path: Path) -> None:
    spec = Spec(path)
    steps = spec.sample()
    assert len(steps) == len(spec.t["traj"]) == int(spec.m["T"])
    for s, step in enumerate(steps):
        assert error(step.x_next, spec.t["traj"][s]) < 1e-5, s
    assert error(steps[-1].x_next[-1], spec.t["returned"]) < 1e-5


@pytest.mark.parametrize("path", SR3)
def test_the_fixture_notices_swapped_inputs_and_the_next_noise_level(path: Path) -> None:
    spec = Spec(path)
    t = spec.t
    with torch.no_grad():
        swapped = sr3_loss(
            lambda xc, gamma: spec.net(torch.cat(list(reversed(xc.chunk(2, 1))), 1), gamma),
            t["target"], t["cond"], t["gamma"], t["noise"],
        )
        assert error(swapped, t["loss_normalised"]) > 1e-3
    spec.process = VPProcess(
        spec.process.betas, tuple(noise_levels(spec.process)[:-1].tolist()))
    assert error(spec.sample()[-1].x_next, spec.t["traj"][-1]) > 1e-4


@pytest.mark.parametrize("path", SR3)
def test_the_squared_loss(path: Path, tmp_path: Path) -> None:
    """A file with the other norm: the sum of squares, and its gradient by the chain rule."""
    spec = Spec(path)
    other = "l2" if spec.m["loss"] == "l1" else "l1"
    spec.net.zero_grad()
    x = torch.cat([spec.t["cond"], spec.t["x_noisy"]], 1)
    off = spec.net(x, spec.t["gamma"]) - spec.t["noise"]
    total = (off**2).sum() if other == "l2" else off.abs().sum()
    (total / off.numel()).backward()
    conv = cast("Any", spec.net.downs[0])
    raw = {**spec.raw, "loss_sum": np.asarray(total.item(), np.float32),
           "loss_normalised": np.asarray(total.item() / off.numel(), np.float32),
           "grad_conv_in": conv.weight.grad.numpy()}
    made = tmp_path / "sr3_made.safetensors"
    save_file(raw, made, {**spec.m, "loss": other})
    test_network_loss_and_gradient(made)


def test_noise_levels_are_drawn_between_neighbours() -> None:
    process = VPProcess.linear(8, 1e-3, 0.3)
    table = noise_levels(process).float()
    t = torch.arange(8).repeat(200)
    gamma = draw_levels(process, t)
    assert (gamma <= table[t]).all()
    assert (gamma >= table[t + 1]).all()
    assert len(gamma.unique()) > 1000
