"""NFER-SDE's four trajectories from the paper's equations, by the production code."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import UNet2DModel
from safetensors.numpy import save_file
from torch import Tensor
from torch.nn import functional as nnf

from irfer_translators.diffusion.lowpass import LowPass, resize_matrix
from irfer_translators.diffusion.nfer_sde import (
    high_pass_energy,
    landmark_energy,
    sample,
    score_loss,
)
from irfer_translators.diffusion.process import VPProcess
from irfer_translators.diffusion.sampling import SamplerStep
from irfer_translators.diffusion.unet import TimedUNet, freeze
from tests.parity.fixtures import error, fixtures, load, partner

SPECS = fixtures("translators", "nfer_spec")
WEIGHTS: dict[str, tuple[bool, bool]] = {
    "cond": (False, False), "cond_h": (True, False), "cond_f": (False, True), "full": (True, True),
}


class ToyLandmarks:
    """The fixture's heat-map network, as its README describes it."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self.w = {k.removeprefix("H."): v for k, v in tensors.items() if k.startswith("H.")}

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        half = self.w["t1.weight"].shape[1] // 2
        angles = t[:, None].float() * torch.exp(-math.log(1e4) * torch.arange(half) / half)
        emb = torch.cat([angles.cos(), angles.sin()], 1)
        emb = self._linear("t2", nnf.silu(self._linear("t1", emb)))
        h = nnf.conv2d(x, self.w["c1.weight"], self.w["c1.bias"], stride=2, padding=1)
        h = nnf.silu(h + emb[:, :, None, None])
        h = nnf.silu(nnf.conv2d(h, self.w["c2.weight"], self.w["c2.bias"], padding=1))
        return nnf.conv2d(h, self.w["c3.weight"], self.w["c3.bias"])

    def _linear(self, name: str, x: Tensor) -> Tensor:
        return nnf.linear(x, self.w[f"{name}.weight"], self.w[f"{name}.bias"])


class Spec:
    """One fixture file with everything the production code needs to follow it."""

    def __init__(self, path: Path) -> None:
        raw, self.metadata = load(path)
        self.t = {name: torch.from_numpy(value) for name, value in raw.items()}
        m = self.metadata
        self.M = int(m["M"])
        self.full = VPProcess.linear(int(m["T"]), float(m["beta_start"]), float(m["beta_end"]))
        self.process = self.full.respaced(range(self.M))
        self.A = LowPass(int(m["size"]), int(m["N"]))
        self.H = ToyLandmarks(self.t)
        self.fresh = m["fresh_ct_noise"] == "True"
        self.net = score_net(path)

    def trajectory(self, name: str, sign: float = 1.0, **changed: Any) -> list[Tensor]:
        """x_M .. x_0; `changed` swaps one ingredient and `sign` turns the energies, for the
        sensitivity tests."""
        c, e, m = self.t["c"], self.t["e"], self.metadata
        z = iter(self.t["z"])
        fresh = iter(self.t["e_fresh"]) if self.fresh else None
        with_h, with_f = WEIGHTS[name]
        states: list[Tensor] = []

        def keep(step: SamplerStep) -> None:
            states.append(step.x)
            if step.i == 0:
                states.append(step.x_next)

        sample(
            changed.get("net", self.net), c, changed.get("process", self.process), e,
            lambda: next(z), H=self.H if with_h else None, lambda_h=sign * float(m["lambda_h"]),
            A=self.A if with_f else None, lambda_f=sign * float(m["lambda_f"]),
            fresh=None if fresh is None else lambda: next(fresh), callback=keep,
        )
        return states

    def gradient(self, x: Tensor, c_t: Tensor, i: int) -> Tensor:
        """The weighted sum of both energies' gradients."""
        t = torch.full((len(x),), float(i))
        return (
            float(self.metadata["lambda_h"]) * landmark_energy(self.H, x, c_t, t)[1]
            + float(self.metadata["lambda_f"]) * high_pass_energy(self.A, x, c_t)[1]
        )


def score_net(path: Path) -> TimedUNet:
    """The score network of the partner file, sizes read from its tensors."""
    raw, _ = load(partner(path, "nfer_spec_weights"))
    weights = {k.removeprefix("score."): torch.from_numpy(v) for k, v in raw.items()
               if k.startswith("score.")}
    blocks = 1 + max(int(k.split(".")[1]) for k in weights if k.startswith("down_blocks."))
    channels = tuple(
        weights[f"down_blocks.{b}.resnets.0.conv1.weight"].shape[0] for b in range(blocks)
    )
    layers = 1 + max(
        int(k.split(".")[3]) for k in weights if k.startswith("down_blocks.0.resnets.")
    )
    net = UNet2DModel(
        in_channels=weights["conv_in.weight"].shape[1],
        out_channels=weights["conv_out.weight"].shape[0],
        block_out_channels=channels, layers_per_block=layers,
        down_block_types=("DownBlock2D",) * blocks, up_block_types=("UpBlock2D",) * blocks,
        add_attention=False, downsample_padding=0, flip_sin_to_cos=False, freq_shift=1,
        norm_eps=1e-6, norm_num_groups=math.gcd(32, channels[0]),
    )
    net.load_state_dict(weights)
    return freeze(TimedUNet(net))  # type: ignore[return-value]


def deviation(found: list[Tensor], expected: Tensor) -> float:
    return max(error(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("name", sorted(WEIGHTS))
@pytest.mark.parametrize("path", SPECS)
def test_trajectory(path: Path, name: str) -> None:
    spec = Spec(path)
    assert deviation(spec.trajectory(name), spec.t[f"{name}.x"]) < 1e-5


@pytest.mark.parametrize("path", SPECS)
def test_every_quantity_of_the_full_method(path: Path) -> None:
    spec = Spec(path)
    assert error(spec.full.betas, spec.t["betas_f64"]) < 1e-12
    for j in range(spec.M):
        i = spec.M - 1 - j
        x = spec.t["full.x"][j]
        e = spec.t["e_fresh"][j] if spec.fresh else spec.t["e"]
        c_t = spec.process.q_sample(spec.t["c"], i, e)
        assert error(c_t, spec.t["full.ct"][j]) < 1e-5
        t = torch.full((len(x),), float(i))
        with torch.no_grad():
            eps = spec.net(torch.cat([x, spec.t["c"]], 1), t)
        assert error(eps, spec.t["full.eps"][j]) < 1e-5
        Eh, gh = landmark_energy(spec.H, x, c_t, t)
        Ef, gf = high_pass_energy(spec.A, x, c_t)
        for found, key in ((Eh, "Eh"), (gh, "gh"), (Ef, "Ef"), (gf, "gf")):
            assert error(found, spec.t[f"full.{key}"][j]) < 1e-5, (key, j)


@pytest.mark.parametrize("path", SPECS)
def test_training_losses(path: Path) -> None:
    spec = Spec(path)
    t, noise, x0 = spec.t["train.t"], spec.t["train.noise"], spec.t["train.target"]
    x_t = spec.full.q_sample(x0, t, noise)
    assert error(x_t, spec.t["train.x_t"]) < 1e-5
    with torch.no_grad():
        loss = score_loss(spec.net, spec.full, x0, spec.t["c"], t, noise)
        maps = spec.H(x_t, t)
    assert error(loss, spec.t["train.loss_eps"]) < 1e-5
    heat = nnf.mse_loss(maps, spec.t["train.heatmap_gt"])
    assert error(heat, spec.t["train.loss_heatmap"]) < 1e-5


class WithoutRootAlpha(VPProcess):
    """The ancestral step with sqrt(alpha) dropped."""

    def ancestral_step(
        self, x: Tensor, eps: Tensor, i: int, z: Tensor | None, std: Tensor | None = None
    ) -> Tensor:
        return super().ancestral_step(x, eps, i, z, std) * float((1 - self.betas[i]) ** 0.5)


class CleanSource(VPProcess):
    """Perturbs the start and leaves c_t clean."""

    def q_sample(self, x0: Tensor, i: int | Tensor, noise: Tensor) -> Tensor:
        return super().q_sample(x0, i, noise) if i == len(self) - 1 else x0


def flipped(spec: Spec) -> dict[str, Any]:
    return {"sign": -1.0}


def clean_source(spec: Spec) -> dict[str, Any]:
    return {"process": CleanSource(spec.process.betas, spec.process.levels)}


def swapped_inputs(spec: Spec) -> dict[str, Any]:
    return {"net": lambda xc, t: spec.net(torch.cat(list(reversed(xc.chunk(2, 1))), 1), t)}


def perturbed_condition(spec: Spec) -> dict[str, Any]:
    def net(xc: Tensor, t: Tensor) -> Tensor:
        x, c = xc.chunk(2, 1)
        c_t = spec.process.q_sample(c, int(t[0]), spec.t["e"])
        output: Tensor = spec.net(torch.cat([x, c_t], 1), t)
        return output

    return {"net": net}


def no_root_alpha(spec: Spec) -> dict[str, Any]:
    return {"process": WithoutRootAlpha(spec.process.betas, spec.process.levels)}


@pytest.mark.parametrize(
    "mutation", [flipped, clean_source, swapped_inputs, perturbed_condition, no_root_alpha]
)
@pytest.mark.parametrize("path", SPECS)
def test_the_fixture_notices(path: Path, mutation: Callable[[Spec], dict[str, Any]]) -> None:
    """Wrong sign, clean c in the energies, swapped inputs, c_t in the network, no sqrt(alpha)."""
    spec = Spec(path)
    assert deviation(spec.trajectory("full", **mutation(spec)), spec.t["full.x"]) > 1e-4


@pytest.mark.parametrize("name", ["cond_h", "cond_f"])
@pytest.mark.parametrize("path", SPECS)
def test_each_energy_alone_notices_a_flipped_sign(path: Path, name: str) -> None:
    spec = Spec(path)
    assert deviation(spec.trajectory(name, **flipped(spec)), spec.t[f"{name}.x"]) > 1e-4


@pytest.mark.parametrize("path", SPECS)
def test_first_guided_step_is_the_unguided_one(path: Path) -> None:
    """x_M == c_M, so all gradients vanish there; with noise of its own for c_M they do not."""
    spec = Spec(path)
    same = torch.equal(spec.trajectory("full")[1], spec.trajectory("cond")[1])
    assert same != spec.fresh
    x = spec.t["full.x"][0]
    gradient = spec.gradient(x, x, spec.M - 1)
    assert float(gradient.abs().max()) < 1e-6


@pytest.mark.parametrize("path", SPECS[:1])
def test_noise_of_the_source_drawn_anew_at_every_step(path: Path, tmp_path: Path) -> None:
    """A file with `fresh_ct_noise`, made by the README's formulas and autograd."""
    made = make_fresh(path, tmp_path)
    for name in WEIGHTS:
        test_trajectory(made, name)
    test_every_quantity_of_the_full_method(made)
    test_first_guided_step_is_the_unguided_one(made)


def make_fresh(path: Path, folder: Path) -> Path:
    """The given file once more, with noise of its own for every c_t."""
    raw, m = load(path)
    spec = Spec(path)
    (folder / "nfer_spec_weights_made.safetensors").symlink_to(partner(path, "nfer_spec_weights"))
    t, N = spec.t, int(m["N"])
    size = t["c"].shape[-1]
    D, U = (torch.from_numpy(resize_matrix(*pair, "triangle").copy()).float()
            for pair in ((size, size // N), (size // N, size)))
    fresh = torch.randn((spec.M, *t["c"].shape), generator=torch.Generator().manual_seed(8))
    betas = np.linspace(float(m["beta_start"]), float(m["beta_end"]), int(m["T"]))
    abar = np.cumprod(1 - betas)
    variance = betas * (1 - np.append(1.0, abar[:-1])) / (1 - abar)
    made: dict[str, list[Tensor]] = {}
    for name, (with_h, with_f) in WEIGHTS.items():
        x = float(abar[spec.M - 1] ** 0.5) * t["c"] + float((1 - abar[spec.M - 1]) ** 0.5) * t["e"]
        made[f"{name}.x"] = [x]
        for j in range(spec.M):
            i = spec.M - 1 - j
            c_t = float(abar[i] ** 0.5) * t["c"] + float((1 - abar[i]) ** 0.5) * fresh[j]
            time = torch.full((len(x),), float(i))
            with torch.no_grad():
                eps = spec.net(torch.cat([x, t["c"]], 1), time)
            free = x.clone().requires_grad_(True)
            Eh = 0.5 * (spec.H(free, time) - spec.H(c_t, time)).square().flatten(1).sum(1)
            d = free - c_t
            Ef = (d - U @ D @ d @ D.mT @ U.mT).square().flatten(1).sum(1)
            gh, gf = (torch.autograd.grad(E.sum(), free)[0] for E in (Eh, Ef))
            pull = with_h * float(m["lambda_h"]) * gh + with_f * float(m["lambda_f"]) * gf
            mean = (x - float(betas[i] / (1 - abar[i]) ** 0.5) * eps) / float((1 - betas[i]) ** 0.5)
            x = mean - float(betas[i] / (1 - betas[i]) ** 0.5) * pull
            if i:
                x = x + float(variance[i] ** 0.5) * t["z"][j]
            made[f"{name}.x"].append(x)
            if name == "full":
                facts = {"eps": eps, "Eh": Eh, "Ef": Ef, "gh": gh, "gf": gf, "ct": c_t}
                for key, value in facts.items():
                    made.setdefault(f"full.{key}", []).append(value.detach())
    raw |= {name: torch.stack(values).numpy() for name, values in made.items()}
    file = folder / "nfer_spec_made.safetensors"
    save_file({**raw, "e_fresh": fresh.numpy()}, file, {**m, "fresh_ct_noise": "True"})
    return file
