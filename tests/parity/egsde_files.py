"""EGSDE's fixture files: reading one, and making one whose branches no published file switches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor
from torch.nn import functional as nnf

from irfer_translators.diffusion.domain_net import DomainNet
from irfer_translators.diffusion.egsde import Similarity, egsde
from irfer_translators.diffusion.key_maps import rename
from irfer_translators.diffusion.lowpass import LowPass, resize_matrix
from irfer_translators.diffusion.process import Variance, VPProcess
from irfer_translators.diffusion.sampling import SamplerStep, noise_model
from irfer_translators.diffusion.unet import freeze
from tests.parity.fixtures import load, partner
from tests.parity.network_maps import adm_preset, group, timed


class Spec:
    """One file: process, noise, both networks, and the call of the production code."""

    def __init__(self, path: Path) -> None:
        self.raw, self.m = load(path)
        self.t = {name: torch.from_numpy(value) for name, value in self.raw.items()}
        self.M, self.rounds = int(self.m["M"]), int(self.m["K"])
        self.size = int(self.m["size"])
        self.full = VPProcess.linear(
            int(self.m["T"]), float(self.m["beta_start"]), float(self.m["beta_end"]),
            cast("Variance", self.m["var_type"]),
        )
        self.process = self.full.respaced(range(self.M))
        self.A = LowPass(self.size, int(self.m["down_N"]))
        self.form_s, self.form_i = (cast("Similarity", self.m[key]) for key in ("s1", "s2"))
        family = self.m["backbone"].lower()
        self.net = timed(partner(path, f"egsde_weights_{family}"), self.size)
        self.domain = domain_net(partner(path, f"egsde_dse_{family}"), self.size)
        self.e = self.t["noise"][:: self.M + 1]

    def eps(self, x: Tensor, i: int) -> Tensor:
        """An ADM network's second half, the range of its variance, is not used."""
        return noise_model(lambda x, t: self.net(x, t)[:, : x.shape[1]], self.process)(x, i)

    def run(self, **changed: Any) -> list[SamplerStep]:
        rows = self.t["noise"].unflatten(0, (self.rounds, self.M + 1))
        # The official loop also draws noise for the last step of a round and multiplies it by 0.
        e, z = iter(self.e), iter(rows[:, 1 : self.M].flatten(0, 1))
        steps: list[SamplerStep] = []
        given: dict[str, Any] = {
            "E": self.domain, "lambda_s": float(self.m["lambda_s"]), "form_s": self.form_s,
            "A": self.A, "lambda_i": float(self.m["lambda_i"]), "form_i": self.form_i,
            "rounds": self.rounds,
        }
        with torch.no_grad():
            egsde(
                self.eps, self.t["source"].double(), self.process, lambda: next(e).double(),
                lambda: next(z).double(), callback=steps.append, **{**given, **changed},
            )
        return steps


def domain_net(path: Path, side: int) -> Any:
    """The fixture's classifier without its head, sizes read from its tensors."""
    weights = {k: v for k, v in group(load(path)[0], "dse.").items() if "I2Iout" not in k}
    preset = adm_preset(weights, side)
    net = DomainNet(preset, side)
    own = {k for k in net.state_dict() if not k.startswith("head.")}
    renamed = rename(weights, preset, side)
    assert own == renamed.keys()
    net.load_state_dict(renamed, strict=False)
    frozen = freeze(net)
    return lambda x, t: frozen(x.float(), t).to(x.dtype)


def make_file(source: Path, folder: Path, **changed: str) -> Path:
    """The given file once more with other metadata, by the README's formulas and autograd."""
    spec = Spec(source)
    raw, m = dict(spec.raw), {**spec.m, **changed}
    for part in ("egsde_weights", "egsde_dse"):
        found = partner(source, f"{part}_{m['backbone'].lower()}")
        (folder / f"{part}_{m['backbone'].lower()}_made.safetensors").symlink_to(found)
    T, M, rounds = int(m["T"]), int(m["M"]), int(m["K"])
    betas = np.linspace(float(m["beta_start"]), float(m["beta_end"]), T)
    abar = np.cumprod(1 - betas)
    before = np.append(1.0, abar[:-1])
    posterior = np.maximum(betas * (1 - before) / (1 - abar), 1e-20)
    variance = betas if m["var_type"] == "fixedlarge" else posterior
    generator = torch.Generator().manual_seed(int(m["seed"]))
    x0 = spec.t["source"].double()
    noise = torch.randn((rounds * (M + 1), *x0.shape), generator=generator)
    draws: Iterator[Tensor] = iter(noise.double())
    names = ("t", "y_in", "source_t", "eps", "energy_specific_sum", "grad_specific",
             "energy_independent_sum", "grad_independent", "y_out")
    made: dict[str, list[Tensor]] = {name: [] for name in names}
    y = x0
    for _ in range(rounds):
        e = next(draws)
        y = abar[M - 1] ** 0.5 * y + (1 - abar[M - 1]) ** 0.5 * e
        for i in reversed(range(M)):
            c_t = abar[i] ** 0.5 * x0 + (1 - abar[i]) ** 0.5 * e
            t = torch.full((len(y),), float(i))
            with torch.no_grad():
                eps = spec.net(y, t)[:, :3]
            E_s, g_s = _by_autograd(lambda a, t=t: spec.domain(a, t), y, c_t, m["s1"], 1.0)
            low = _low_pass(int(m["size"]), int(m["down_N"]))
            E_i, g_i = _by_autograd(low, y, c_t, m["s2"], -1.0)
            mean = (y - betas[i] / (1 - abar[i]) ** 0.5 * eps) / (1 - betas[i]) ** 0.5
            weight = betas[i] / (1 - betas[i]) ** 0.5
            mean = mean - weight * (float(m["lambda_s"]) * g_s + float(m["lambda_i"]) * g_i)
            z = next(draws)
            y_out = mean + (variance[i] ** 0.5 * z if i else 0)
            values = (t, y, c_t, eps, E_s, g_s, E_i, g_i, y_out)
            for name, value in zip(names, values, strict=True):
                made[name].append(value)
            y = y_out
    final = (((y + 1) / 2).clamp(0, 1) * 255 + 0.5).to(torch.uint8).permute(0, 2, 3, 1)
    raw |= {name: torch.stack(values).float().numpy() for name, values in made.items()}
    raw |= {"noise": noise.numpy(), "final_uint8": final.contiguous().numpy(),
            "logvar": np.log(variance)}
    path = folder / f"egsde_traj_{m['backbone'].lower()}_made.safetensors"
    save_file(raw, path, m)
    return path


def _low_pass(size: int, N: int) -> Any:
    D, U = (torch.from_numpy(resize_matrix(*pair, "triangle").copy())
            for pair in ((size, size // N), (size // N, size)))
    return lambda x: U @ D @ x @ D.mT @ U.mT


def _by_autograd(
    f: Any, y: Tensor, c_t: Tensor, form: str, sign: float
) -> tuple[Tensor, Tensor]:
    free = y.detach().requires_grad_(True)
    a, b = f(free), f(c_t).detach()
    if form == "cosine":
        value = nnf.cosine_similarity(a, b, dim=1, eps=1e-20).mean((1, 2)).sum()
    else:
        value = -((a - b) ** 2).sum()
    (gradient,) = torch.autograd.grad(sign * value, free)
    return (sign * value).detach(), gradient
