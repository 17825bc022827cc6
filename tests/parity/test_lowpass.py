"""Low-pass operators and closed-form gradients against EGSDE's and ILVR's resizers."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
import torch

from irfer_translators.diffusion.lowpass import (
    Filter,
    Kernel,
    LowPass,
    low_pass_energy,
    resize_matrix,
)
from irfer_translators.diffusion.nfer_sde import high_pass_energy
from tests.parity.fixtures import error, fixtures, load

KERNELS: dict[str, Kernel] = {"egsde_linear": "triangle", "ilvr_cubic": "cubic"}
KINDS: tuple[Filter, ...] = ("triangle", "cubic", "fft_gaussian")


@pytest.mark.parametrize("path", fixtures("translators", "lowpass"))
def test_lowpass(path: Path) -> None:
    tensors, _ = load(path)
    image, shifted = (torch.from_numpy(tensors[key]) for key in ("image", "shifted"))
    size = image.shape[-1]
    groups = sorted({key.rsplit(".", 1)[0] for key in tensors if re.search(r"\.N\d+\.", key)})
    assert groups
    for group in groups:
        name, factor = group.split(".N")
        kernel, N = KERNELS[name], int(factor)
        A = LowPass(size, N, kernel)
        assert error(resize_matrix(size, size // N, kernel), tensors[f"{group}.D"]) < 1e-5
        assert error(resize_matrix(size // N, size, kernel), tensors[f"{group}.U"]) < 1e-5
        assert error(A(image), tensors[f"{group}.lowpass"]) < 1e-5
        assert error(image - A(image), tensors[f"{group}.highpass"]) < 1e-5
        low, grad_low = low_pass_energy(A, image, shifted)
        high, grad_high = high_pass_energy(A, image, shifted)
        assert error(low.sum(), tensors[f"{group}.E_low"]) < 1e-5
        assert error(high.sum(), tensors[f"{group}.E_high"]) < 1e-5
        assert error(grad_low, tensors[f"{group}.grad_E_low"]) < 1e-5
        assert error(grad_high, tensors[f"{group}.grad_E_high"]) < 1e-5


@pytest.mark.parametrize("wave", [(0, 0), (1, 0), (0, 3), (2, 5), (-4, 7), (16, 16)])
def test_a_gaussian_filter_scales_each_wave_by_its_gain(wave: tuple[int, int]) -> None:
    """A of cos(2 pi (u x + v y) / S + 0.3) is itself times exp(-f^2 / (2 f_0^2)), f_0 = 1 / 2N."""
    size, factor = 32, 4
    place = torch.arange(size, dtype=torch.float64) / size
    x = torch.cos(2 * torch.pi * (wave[1] * place[:, None] + wave[0] * place) + 0.3)[None, None]
    squared = (wave[0] ** 2 + wave[1] ** 2) / size**2
    gain = math.exp(-squared / (2 * (1 / (2 * factor)) ** 2))
    A = LowPass(size, factor, "fft_gaussian")
    assert error(A(x), gain * x) < 1e-12
    assert error(A.transposed(x), gain * x) < 1e-12


@pytest.mark.parametrize("kernel", KINDS)
def test_closed_form_gradients_equal_autograd(kernel: Filter) -> None:
    A = LowPass(24, 4, kernel)
    generator = torch.Generator().manual_seed(1)
    x, c = (torch.randn(2, 3, 24, 24, generator=generator, dtype=torch.float64) for _ in range(2))
    for energy in (low_pass_energy, high_pass_energy):
        free = x.clone().requires_grad_(True)
        value, closed = energy(A, free, c)
        (automatic,) = torch.autograd.grad(value.sum(), free)
        assert error(closed, automatic) < 1e-12


@pytest.mark.parametrize("kernel", KINDS)
@pytest.mark.parametrize("step", [1e-3, 0.5, 1e3])
def test_the_implicit_step_is_where_the_gradients_balance(step: float, kernel: Filter) -> None:
    """(y - x) + step * grad E_f(y) = 0, for steps at which the explicit one diverges as well."""
    A = LowPass(32, 4, kernel)
    generator = torch.Generator().manual_seed(0)
    x, c = torch.randn(2, 2, 3, 32, 32, generator=generator, dtype=torch.float64)
    y = A.high_pass_step(x, c, step)
    residual = (y - x) + step * high_pass_energy(A, y, c)[1]
    assert float(residual.abs().max()) < 1e-9 * (1 + step)
    assert float(high_pass_energy(A, y, c)[0].sum()) < float(high_pass_energy(A, x, c)[0].sum())


def test_a_factor_that_does_not_divide_the_size_is_refused() -> None:
    with pytest.raises(ValueError, match="factor 7"):
        LowPass(48, 7)
