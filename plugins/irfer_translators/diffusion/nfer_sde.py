"""NFER-SDE: a conditional diffusion from visible to near-infrared faces, guided by two energies.

Bingjun Luo, Zewen Wang, Jinpeng Wang, Junjie Zhu, Xibin Zhao, Yue Gao, "Multi-Energy Guided Image
Translation with Stochastic Differential Equations for Near-Infrared Facial Expression Recognition",
AAAI 2024. No official code is public; this follows the text.

Choices where the paper is silent. T = 1000 levels, linear beta from 1e-4 to 0.02; the U-Net and
training of T2V-DDPM, which the paper builds on, with three output channels and no learned
variance; EGSDE's discretisation with the posterior variance, its start at the source perturbed to
level M = 500, and one noise e for the start and all c_t; Phi = I - A, where A resizes down by
N = size / 8 and up again with a triangle kernel (`filter_kernel` has two others); energies are sums
over channels and pixels;
near-infrared images have three equal channels; averaged weights (0.9999); joint flips of a pair;
H entirely (`landmark_net.py`). The frames of a clip share their noise, so that videos do not
flicker. `baseline` has lr 1e-4, as the other unconditional translators.

Deviations of presets. `bench`: a 128-channel U-Net, lr 1e-4 with warm-up, 60,000 steps. `quick`:
48 px; a U-Net of 0.9 M parameters on a pixel-unshuffled 24 x 24 grid that adds its input back
through predicted gains and predicts x_0, by the mean absolute error; 320 steps of batch 16, hidden
weights by Muon (lr 0.02), the others by AdamW (lr 2e-3), with warm-up and linear decay, averaged
weights 0.99; H of 0.7 M parameters that corrects the mean heat maps, trained 110 steps on levels
below M with a fifth of the augmentation, batch 16, rates as above, averaged weights 0.95; its grid
is 24 x 24 with Gaussians one cell wide, which weakens E_h by (64 / 24)^2, about 7, against the
64 x 64 grid; 5 evenly spaced steps, in which beta reaches 0.67: the step along E_f is implicit and
that along E_h no longer than the step's noise, since explicit ones overshoot there at the paper's
weights (in hundreds of steps they do not), and lambda_h = 0.5, the best of five steps on an
unconditional model. bfloat16 networks where the processor has it. `baseline` in `quick` has 3.6 M
parameters on a 12 x 12 grid and the squared error, 230 steps of batch 16 by AdamW, averaged weights
0.98.

The variants `ddim25`, `dpmpp25` and `unipc25` solve the probability-flow ODE in 25 steps with the
same guidance: other methods than the paper's, and rows of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as nnf

from irfer_translators.diffusion.lowpass import LowPass
from irfer_translators.diffusion.process import Prediction, Solver, VPProcess
from irfer_translators.diffusion.sampling import (
    Callback,
    NoiseSource,
    SamplerStep,
    TimedNet,
    guided_eps,
    levels,
)
from irfer_translators.diffusion.solvers import make_step

Distance: TypeAlias = Callable[[Tensor, Tensor], Tensor]


def score_loss(
    net: TimedNet, process: VPProcess, x0: Tensor, c: Tensor, t: Tensor, noise: Tensor,
    prediction: Prediction = "eps", distance: Distance | None = None,
) -> Tensor:
    """|| noise - eps_theta([x_t, c], t) ||^2 with the clean source c (equation 9)."""
    x_t = process.q_sample(x0, t, noise)
    output = net(torch.cat([x_t, c], 1), t)
    target = process.target(prediction, x0, t, noise)
    return (distance or nnf.mse_loss)(output.float(), target)


def landmark_energy(H: TimedNet, x: Tensor, c_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """E_h = 1/2 || H(x, t) - H(c_t, t) ||^2 per sample (B,), and grad_x E_h (equation 6).

    H's parameters are frozen; heat maps are compared raw, without softmax or decoding.
    """
    with torch.no_grad():
        reference = H(c_t, t)
    with torch.enable_grad():
        free = x.detach().requires_grad_(True)
        energy = 0.5 * (H(free, t) - reference).square().flatten(1).sum(1)
        (gradient,) = torch.autograd.grad(energy.sum(), free)
    return energy.detach(), gradient


def high_pass_energy(A: LowPass, x: Tensor, c_t: Tensor) -> tuple[Tensor, Tensor]:
    """E_f = || Phi x - Phi c_t ||^2, Phi = I - A, per sample (B,), and grad_x E_f (equation 7).

    The gradient is 2 Phi^T Phi (x - c_t), because Phi is linear.
    """
    d = x - c_t
    high = d - A(d)
    return high.square().flatten(1).sum(1), 2 * (high - A.transposed(high))


def bounded(gradient: Tensor, process: VPProcess, i: int, solver: Solver) -> Tensor:
    """The gradient, shortened per sample to a step as long as noise of variance beta.

    An explicit step along E_h is unstable where few steps are taken and beta is large.
    """
    length = gradient.square().mean((1, 2, 3), keepdim=True).sqrt()
    longest = float(process.betas[i]) ** 0.5 / process.energy_scale(i, solver)
    shortened: Tensor = gradient * (longest / length.clamp(min=longest))
    return shortened


@torch.no_grad()
def sample(
    net: TimedNet, c: Tensor, process: VPProcess, e: Tensor, z: NoiseSource, *,
    H: TimedNet | None = None, lambda_h: float = 100.0, A: LowPass | None = None,
    lambda_f: float = 0.5, conditional: bool = True, prediction: Prediction = "eps",
    solver: Solver = "ancestral", from_source: bool = True, fresh: NoiseSource | None = None,
    stable: bool = False, callback: Callback | None = None,
) -> Tensor:
    """Translate visible images c (B, 3, S, S) in [-1, 1]; the result is not clipped.

    Args:
        process: of the visited levels; the last is M. e: noise of the start and of every c_t.
        z: noise of a step. fresh: draws the noise of c_t anew at every step.
        H, A: None leaves E_h, E_f out.
        conditional: False for the paper's baseline, whose network sees x_t alone.
        stable: bound the step along E_h and take that along E_f implicitly, for few steps.
    """
    M, step = len(process) - 1, make_step(process, solver)
    x = process.q_sample(c, M, e) if from_source else e              # x_M = c_M, or pure noise
    for i in reversed(range(M + 1)):
        t = levels(process.levels[i], x)
        output = net(torch.cat([x, c], 1) if conditional else x, t)  # the clean c (equation 9)
        eps = process.to_eps(prediction, output.to(x.dtype), x, i)

        gradient = None
        # With shared noise x_M equals c_M, where both gradients are exactly zero.
        at_source = i == M and from_source and fresh is None
        if not at_source and (H is not None or A is not None):
            c_t = process.q_sample(c, i, e if fresh is None else fresh())  # the perturbed source
            gradient = torch.zeros_like(x)
            if H is not None:
                pull = lambda_h * landmark_energy(H, x, c_t, t)[1]
                gradient = gradient + (bounded(pull, process, i, solver) if stable else pull)
            if A is not None and not stable:
                gradient = gradient + lambda_f * high_pass_energy(A, x, c_t)[1]

        # The score -eps / sqrt(1 - abar) minus the energies' gradients (equation 5), put into the
        # reverse-time step: equation 3 (solver "em"), its ancestral form, or an ODE solver's.
        eps_hat = eps if gradient is None else guided_eps(eps, gradient, process, i)
        x_next = step(x, eps_hat, i, z() if i > 0 else None)
        if stable and A is not None:
            below = c if i == 0 else process.q_sample(c, i - 1, e if fresh is None else fresh())
            x_next = A.high_pass_step(x_next, below, lambda_f * process.energy_scale(i, solver))
        if callback is not None:
            callback(SamplerStep(i, x, eps, gradient, x_next))
        x = x_next
    return x
