"""Loss of networks that learn the range of the reverse step's variance beside the noise.

Nichol and Dhariwal, Improved Denoising Diffusion Probabilistic Models, ICML 2021, equations 15 and
16, with the weights of guided-diffusion's loss type MSE: the variational term is added unscaled.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from irfer_translators.diffusion.process import Prediction, Table, VPProcess


def learned_range_losses(
    output: Tensor, process: VPProcess, x0: Tensor, x_t: Tensor, t: Tensor, noise: Tensor,
    prediction: Prediction = "eps",
) -> tuple[Tensor, Tensor]:
    """L_simple and L_vlb per sample, (B,) each; the gradient of L_vlb reaches the variance alone.

    Args:
        output: (B, 2C, H, W), the prediction and v, whose range [-1, 1] spans the log-variances
            from the posterior's to beta's. t: (B,) indices.
    """
    predicted, v = output.float().chunk(2, 1)
    simple = _mean(torch.square(process.target(prediction, x0, t, noise) - predicted))
    eps = process.to_eps(prediction, predicted.detach(), x_t, t)
    log_variance = _learned_log_variance(process, v, t)
    signal, sigma = process.factors(t, x0)
    x0_predicted = (x_t - sigma * eps) / signal
    mean = _posterior_mean(process, x0_predicted, x_t, t)
    true_mean, true_log_variance = _posterior_mean(process, x0, x_t, t), _table(
        _posterior_log_variance(process), t, x0)
    bits = _normal_kl(true_mean, true_log_variance, mean, log_variance)
    first = -_discretized_log_likelihood(x0, mean, 0.5 * log_variance)
    vlb = torch.where(t == 0, _mean(first), _mean(bits)) / math.log(2)
    return simple, vlb


def _mean(x: Tensor) -> Tensor:
    return x.flatten(1).mean(1)


def _table(values: Table, t: Tensor, like: Tensor) -> Tensor:
    picked = torch.as_tensor(values)[t.cpu()].to(like)
    return picked.view(-1, *[1] * (like.ndim - 1))


def _posterior_log_variance(process: VPProcess) -> Table:
    """At index 0, where the posterior's variance is 0, that of index 1 stands."""
    variance = process.betas * (1 - process.abar_before) / (1 - process.abar)
    logarithms: Table = np.log(np.append(variance[1 if len(process) > 1 else 0], variance[1:]))
    return logarithms


def _posterior_mean(process: VPProcess, x0: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
    """Mean of q(x_{t-1} | x_t, x_0) (Ho et al. 2020, equation 7)."""
    beta, abar, before = process.betas, process.abar, process.abar_before
    of_x0 = _table(beta * np.sqrt(before) / (1 - abar), t, x0)
    of_x = _table((1 - before) * np.sqrt(1 - beta) / (1 - abar), t, x0)
    return of_x0 * x0 + of_x * x_t


def _learned_log_variance(process: VPProcess, v: Tensor, t: Tensor) -> Tensor:
    share = (v + 1) / 2
    large, small = np.log(process.betas), _posterior_log_variance(process)
    return share * _table(large, t, v) + (1 - share) * _table(small, t, v)


def _normal_kl(mean1: Tensor, log1: Tensor, mean2: Tensor, log2: Tensor) -> Tensor:
    """KL divergence of two normal distributions in nats, elementwise."""
    return 0.5 * (
        log2 - log1 - 1 + torch.exp(log1 - log2) + (mean1 - mean2).square() * torch.exp(-log2)
    )


def _discretized_log_likelihood(x: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """Log-probability in nats of an 8-bit value in [-1, 1] under a normal distribution.

    Ho et al. 2020, equation 13, with the usual tanh approximation of the normal CDF.
    """
    scale = torch.exp(-log_scale)
    plus = _cdf(scale * (x - mean + 1 / 255))
    minus = _cdf(scale * (x - mean - 1 / 255))
    inner = torch.log((plus - minus).clamp(min=1e-12))
    lowest = torch.log(plus.clamp(min=1e-12))
    highest = torch.log((1 - minus).clamp(min=1e-12))
    return torch.where(x < -0.999, lowest, torch.where(x > 0.999, highest, inner))


def _cdf(x: Tensor) -> Tensor:
    return 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
