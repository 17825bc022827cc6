"""EGSDE: denoise the noised source with a model of the target, guided by two energies.

Min Zhao, Fan Bao, Chongxuan Li, Jun Zhu, "EGSDE: Unpaired Image-to-Image Translation via
Energy-Guided Stochastic Differential Equations", NeurIPS 2022. The published code has no licence,
so nothing of it is here; this follows the equations and was checked against the code's numbers.

As in that code: M = 500 of 1000 levels; posterior variance; one noise e for the start and for the
source at every level; E_s is the mean cosine over 8 x 8 positions of a domain classifier's
features, E_i a sum over pixels, lambda_s = 500, lambda_i = 2; the low-pass A resizes by N = 32
(size / 8 here) with a triangle kernel; the classifier learns from images at all levels, AdamW 3e-4,
weight decay 0.05, batch 32, rate falling to 0.

Choices and deviations. The network is the unconditional one that all such methods share here; the
authors' own is `net = ddpm` or `bench_base` with `weights`, of whose learned variance nothing is
used. The classifier starts from random weights, with 25,000 steps for 5000, because its ImageNet
checkpoint is not shipped (`dse_weights`). `bench` has the network and training of NFER-SDE's
baseline, and a classifier of half the width; `quick` too, with 5 steps, a classifier of 0.7 M
parameters on a pixel-unshuffled 16 x 16 grid, 120 steps, batch 16, rate 2e-3, and lambda_i = 0.1:
beta reaches 0.67 where five steps are taken, lambda_i = 2 would step beyond the minimum of E_i, and
what E_i keeps of the source's brightness costs PSNR. The frames of a clip share their noise, so
that videos do not flicker.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from irfer_bench.api import Context, State, TranslationData
from irfer_translators.diffusion.domain_net import build_domain_net
from irfer_translators.diffusion.domain_training import domain_part
from irfer_translators.diffusion.egsde_params import EgsdeParams
from irfer_translators.diffusion.lowpass import LowPass, low_pass_energy
from irfer_translators.diffusion.process import VPProcess
from irfer_translators.diffusion.sampling import (
    Callback,
    EpsModel,
    NoiseSource,
    TimedNet,
    levels,
    noise_model,
)
from irfer_translators.diffusion.sampling import sample as denoise
from irfer_translators.diffusion.translator import ClipNoise, DiffusionTranslator

Similarity: TypeAlias = Literal["cosine", "neg_l2"]


def similarity(form: Similarity, a: Tensor, b: Tensor) -> Tensor:
    """S(a, b) per sample (B,): the mean cosine over positions, or minus the squared distance."""
    if form == "neg_l2":
        return -(a - b).square().flatten(1).sum(1)
    unit_a, unit_b = (nnf.normalize(x.flatten(2), dim=1, eps=1e-10) for x in (a, b))
    return (unit_a * unit_b).sum(1).mean(1)


def specific_energy(
    E: TimedNet, y: Tensor, x_t: Tensor, t: Tensor, form: Similarity = "cosine"
) -> tuple[Tensor, Tensor]:
    """E_s = S_s(E(y, t), E(x_t, t)) per sample (B,), and grad_y: features of a domain go."""
    with torch.no_grad():
        reference = E(x_t, t)
    with torch.enable_grad():
        free = y.detach().requires_grad_(True)
        energy = similarity(form, E(free, t), reference)
        (gradient,) = torch.autograd.grad(energy.sum(), free)
    return energy.detach(), gradient


def independent_energy(
    A: LowPass, y: Tensor, x_t: Tensor, form: Similarity = "neg_l2"
) -> tuple[Tensor, Tensor]:
    """E_i = -S_i(A y, A x_t) per sample (B,), and grad_y: low frequencies stay."""
    if form == "neg_l2":
        return low_pass_energy(A, y, x_t)
    with torch.enable_grad():
        free = y.detach().requires_grad_(True)
        energy = -similarity(form, A(free), A(x_t))
        (gradient,) = torch.autograd.grad(energy.sum(), free)
    return energy.detach(), gradient


def egsde(
    eps_model: EpsModel, x0: Tensor, process: VPProcess, e: NoiseSource, z: NoiseSource, *,
    E: TimedNet | None, lambda_s: float = 500.0, form_s: Similarity = "cosine",
    A: LowPass | None, lambda_i: float = 2.0, form_i: Similarity = "neg_l2", rounds: int = 1,
    callback: Callback | None = None,
) -> Tensor:
    """Translate source images x0 (B, C, S, S) in [-1, 1]; the result is not clipped.

    Args:
        process: of the visited levels; the last is M. e: noise of each round's start, and of the
            source in that round. z: noise of each step.
        E: the domain-specific extractor. A: the low-pass. None leaves an energy out.
        rounds: K; later rounds start from the result, and their energies compare with x0.
    """
    M = len(process) - 1
    y = x0
    for k in range(rounds):
        noise = e()
        y = process.q_sample(y, M, noise)

        def energies(y: Tensor, i: int, k: int = k, noise: Tensor = noise) -> Tensor | None:
            if k == 0 and i == M:
                return None  # y is the noised source itself, where both gradients vanish
            x_t, t = process.q_sample(x0, i, noise), levels(process.levels[i], y)
            gradient = torch.zeros_like(y)
            if E is not None:
                gradient = gradient + lambda_s * specific_energy(E, y, x_t, t, form_s)[1]
            if A is not None:
                gradient = gradient + lambda_i * independent_energy(A, y, x_t, form_i)[1]
            return gradient

        # y <- mean - beta / sqrt(alpha) * (lambda_s grad E_s + lambda_i grad E_i) + sigma z
        y = denoise(eps_model, y, process, z, guidance=energies, callback=callback)
    return y


class Egsde(DiffusionTranslator[EgsdeParams]):
    """The translator: the unconditional part `score_net`, and the part `domain_net`."""

    name: ClassVar[str] = "egsde"
    left_out: ClassVar[str] = "the energies E_s and E_i"
    advice: ClassVar[str] = "lower lambda_s or lambda_i, or take more steps"

    def train(self, data: TranslationData, ctx: Context) -> Mapping[str, State]:
        """Get or train both networks."""
        return {"domain": domain_part(self.params, data, ctx), **super().train(data, ctx)}

    def build(self, name: str) -> nn.Module:
        """An untrained score or domain network."""
        p = self.params
        return build_domain_net(p.dse_net, p.size) if name == "domain" else super().build(name)

    def sample(self, c: Tensor, noise: ClipNoise, ctx: Context, callback: Callback) -> Tensor:
        """Translate a batch; the extractor is never autocast, so that E_s stays exact."""
        p, process = self.params, self.process()
        return egsde(
            noise_model(self.net("score", ctx), process, p.prediction), c, process,
            noise.stream("start"), noise.stream("step"),
            E=self.nets["domain"].to(ctx.device) if p.lambda_s else None, lambda_s=p.lambda_s,
            form_s=p.energy_s,
            A=LowPass(p.size, p.filter_factor or p.size // 8) if p.lambda_i else None,
            lambda_i=p.lambda_i, form_i=p.energy_i, rounds=p.rounds, callback=callback,
        )
