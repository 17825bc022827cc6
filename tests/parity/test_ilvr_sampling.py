"""Clipping, a learned variance and a projection, as ILVR's official sampler has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from irfer_translators.diffusion.lowpass import LowPass
from irfer_translators.diffusion.process import VPProcess, spaced
from irfer_translators.diffusion.sampling import SamplerStep, noise_model, sample
from irfer_translators.diffusion.unet import NetPreset, freeze, unet
from tests.parity.fixtures import error, fixtures, load, partner
from tests.parity.network_maps import adm_weights, group


@pytest.mark.parametrize("path", fixtures("translators", "ilvr"))
def test_projected_sampling_of_a_learned_variance(path: Path) -> None:
    raw, m = load(path)
    t = {name: torch.from_numpy(value) for name, value in raw.items()}
    learned = m["learn_sigma"] == "True"
    full = VPProcess.linear(int(m["steps"]), variance="fixedsmall" if learned else "fixedlarge")
    process = full.respaced(spaced(len(full), int(m["respacing"])))
    assert process.levels == tuple(raw["timestep_map"].tolist())
    np.testing.assert_allclose(process.betas, raw["betas_f64"], rtol=1e-9)
    A = LowPass(int(m["size"]), int(m["down_N"]), "cubic")
    last = len(process) - 1
    proposals: list[Tensor] = []

    def project(x: Tensor, i: int) -> Tensor:
        proposals.append(x)
        if i <= int(m["range_t"]):
            return x
        reference = process.q_sample(t["reference"], i, t["ref_noise"][last - i])
        return x - A(x) + A(reference)

    steps: list[SamplerStep] = []
    z = iter(t["z"])
    sample(
        noise_model(adm(path, 6 if learned else 3), process), t["x_T"], process, lambda: next(z),
        clip=True, project=project, callback=steps.append,
    )
    for s, step in enumerate(steps):
        predicted = process.predicted_x0(step.eps, step.x, step.i).clamp(-1, 1)
        # x_0 divides the rounding of the network's output by sqrt(abar), 0.006 at the first step.
        tolerance = 1e-5 / float(np.sqrt(process.abar[step.i]))
        assert error(predicted, t["pred_xstart"][s]) < tolerance, step.i
        assert error(proposals[s], t["proposal"][s]) < 1e-5, step.i
        assert error(step.x_next, t["sample"][s]) < 1e-5, step.i


def adm(path: Path, outputs: int) -> Any:
    """The partner file's network in the preset family `adm`, called as net(x, t)."""
    raw = group(load(partner(path, "ilvr_weights"))[0])
    width, side = raw["input_blocks.0.0.weight"].shape[0], int(load(path)[1]["size"])
    preset = NetPreset((width, width), 1, attention=(side // 2,), head_width=16)
    net = unet(preset, side, 3, outputs)
    net.load_state_dict(adm_weights(raw, preset.head_width))
    freeze(net)
    return lambda x, t: net(x, t, return_dict=False)[0]
