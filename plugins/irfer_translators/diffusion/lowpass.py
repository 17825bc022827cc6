"""The low-pass filter A of the diffusion translators, as exact linear operators.

With a triangle kernel it is EGSDE's (Zhao et al., EGSDE: Unpaired Image-to-Image Translation via
Energy-Guided Stochastic Differential Equations, NeurIPS 2022), with Keys' cubic ILVR's (Choi et
al., ILVR: Conditioning Method for Denoising Diffusion Probabilistic Models, ICCV 2021). A third
one, for NFER-SDE, whose paper names no filter, is a Gaussian in the frequency domain.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Kernel: TypeAlias = Literal["triangle", "cubic"]
Filter: TypeAlias = Literal["triangle", "cubic", "fft_gaussian"]


def _triangle(u: Any) -> Any:
    return np.maximum(0.0, 1.0 - np.abs(u))


def _cubic(u: Any) -> Any:
    """Keys' cubic convolution with a = -0.5."""
    u = np.abs(u)
    near = 1.5 * u**3 - 2.5 * u**2 + 1
    far = -0.5 * u**3 + 2.5 * u**2 - 4 * u + 2
    return np.where(u <= 1, near, np.where(u < 2, far, 0.0))


_KERNELS: dict[str, tuple[Callable[[Any], Any], float]] = {
    "triangle": (_triangle, 1.0), "cubic": (_cubic, 2.0),
}


@lru_cache(maxsize=32)
def resize_matrix(n_in: int, n_out: int, kernel: Kernel) -> NDArray[np.float64]:
    """(n_out, n_in) antialiased 1-D resize, float64; edges are mirrored with the edge repeated.

    Row o is centred on p = (o + 0.5) / s - 0.5 with s = n_out / n_in, has weights k(st (p - j))
    with st = min(s, 1), and sums to 1.
    """
    weigh, support = _KERNELS[kernel]
    s = n_out / n_in
    stretch = min(s, 1.0)
    matrix = np.zeros((n_out, n_in))
    for o in range(n_out):
        p = (o + 0.5) / s - 0.5
        j = np.arange(int(np.floor(p - support / stretch)), int(np.ceil(p + support / stretch)) + 1)
        w = weigh(stretch * (p - j))
        folded = j % (2 * n_in)
        np.add.at(matrix[o], np.where(folded < n_in, folded, 2 * n_in - 1 - folded), w / w.sum())
    matrix.flags.writeable = False
    return matrix


@lru_cache(maxsize=32)
def gaussian_matrix(n: int, factor: int) -> NDArray[np.float64]:
    """(n, n) circular filter of gain exp(-f^2 / (2 f_0^2)) at f cycles per pixel, float64.

    f_0 = 1 / (2 factor) is the highest frequency that an image reduced by `factor` can hold.
    """
    gain = np.exp(-2.0 * (factor * np.fft.fftfreq(n)) ** 2)
    response = np.fft.ifft(gain).real
    matrix: NDArray[np.float64] = response[(np.arange(n)[:, None] - np.arange(n)) % n]
    matrix.flags.writeable = False
    return matrix


class LowPass:
    """A x = U (D x D^T) U^T: down by `factor` and up again, as exact linear operators.

    For `fft_gaussian` D keeps the size and U does nothing: D x D^T multiplies the 2-D Fourier
    transform of x by the product of both directions' gains, as if opposite edges were neighbours.

    Args:
        size: side of the square images. factor: N, a divisor of `size`.
    """

    def __init__(self, size: int, factor: int, kernel: Filter = "triangle") -> None:
        if factor < 1 or size % factor:
            raise ValueError(f"filter factor {factor} does not divide the image size {size}")
        if kernel == "fft_gaussian":
            self.D = torch.from_numpy(gaussian_matrix(size, factor).copy())
            self.U = torch.eye(size, dtype=self.D.dtype)
        else:
            self.D = torch.from_numpy(resize_matrix(size, size // factor, kernel).copy())
            self.U = torch.from_numpy(resize_matrix(size // factor, size, kernel).copy())

    def __call__(self, x: Tensor) -> Tensor:
        D, U = self.D.to(x), self.U.to(x)
        return U @ (D @ x @ D.mT) @ U.mT

    def transposed(self, x: Tensor) -> Tensor:
        """A^T x, which equals A x where U D is symmetric, as with a triangle kernel."""
        D, U = self.D.to(x), self.U.to(x)
        return D.mT @ (U.mT @ x @ U) @ D

    def high_pass_step(self, x: Tensor, c: Tensor, step: float) -> Tensor:
        """An implicit Euler step: argmin_y 1/2 ||y - x||^2 + step ||Phi (y - c)||^2, Phi = I - A.

        (I + 2 step Phi^T Phi) (y - c) = x - c, solved in the eigenvectors V of U D, where Phi is
        diagonal: stable for every step, unlike x - step * gradient.
        """
        w, V = (part.to(x) for part in self._eigen)
        shrunk = V.mT @ (x - c) @ V / (1 + 2 * step * (1 - w[:, None] * w).square())
        return c + V @ shrunk @ V.mT

    @cached_property
    def _eigen(self) -> tuple[Tensor, Tensor]:
        """Eigenvalues and eigenvectors of U D, which is symmetric for all kernels."""
        w, V = torch.linalg.eigh(self.U @ self.D)
        return w, V


def low_pass_energy(A: LowPass, x: Tensor, c_t: Tensor) -> tuple[Tensor, Tensor]:
    """EGSDE's E_i = ||A x - A c_t||^2 per sample (B,), and its gradient 2 A^T A (x - c_t).

    A sum over channels and pixels, never a mean: its weight lambda presumes it.
    """
    low = A(x - c_t)
    return low.square().flatten(1).sum(1), 2 * A.transposed(low)
