"""Image-Guided Alignment (IGA) of the PCA letter, eqs (9) and (10); PDA calls it IFT."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from irfer_clip.prompting import normalize

MlpNorm = Literal["batch", "layer", "none"]
Split = Literal["contiguous", "interleaved"]


class ImageGuidedAlignment(nn.Module):
    """Attention of image features to the centres of the source and target banks.

    Args:
        width: D, the shared embedding; f_pr's two hidden layers have D/8 units.
        norm: after each hidden layer of f_pr; `batch` sees batch and centres in separate calls.
        epsilon: divisor of Q K^T; `learnable` makes it a parameter that starts there.
        split: how f_pr's output divides into Q, K, V: PDA interleaves, d * 3 + j.
    """

    def __init__(
        self,
        width: int,
        *,
        norm: MlpNorm = "batch",
        epsilon: float,
        learnable: bool = False,
        split: Split = "contiguous",
    ) -> None:
        super().__init__()
        hidden = width // 8
        sizes = (width, hidden, hidden, 3 * width)
        self.pre = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.bn = nn.ModuleList(_norm(norm, hidden) for _ in range(2))
        self.post = nn.Linear(width, width)
        self.log_epsilon = nn.Parameter(torch.tensor(epsilon).log()) if learnable else None
        self.fixed_epsilon = epsilon
        self.split = split

    def f_pr(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The three-layer MLP shared by queries and banks: (n, D) to Q, K, V, each (n, D)."""
        for linear, norm in zip(self.pre, self.bn, strict=False):
            x = norm(linear(x)).relu()
        x = self.pre[2](x)
        if self.split == "interleaved":
            q, k, v = x.reshape(*x.shape[:-1], -1, 3).unbind(-1)
        else:
            q, k, v = x.chunk(3, dim=-1)
        return q, k, v

    def forward(
        self, x: Tensor, source: Tensor, target: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """x' = n(x + x_a,sc) + n(x + x_a,tc), and the two attentions (B, C).

        Args:
            x: (B, D) unit image features. source, target: (C, D) centres.
        """
        q, _, _ = self.f_pr(x)
        aligned, maps = [], []
        for centres in (source, target):
            _, k, v = self.f_pr(centres)
            attention = (q @ k.T / self.epsilon).softmax(dim=-1)
            aligned.append(normalize(x + self.post(attention @ v)))
            maps.append(attention)
        return aligned[0] + aligned[1], (maps[0], maps[1])

    @property
    def epsilon(self) -> Tensor | float:
        return self.fixed_epsilon if self.log_epsilon is None else self.log_epsilon.exp()


def entropy(attention: Tensor) -> Tensor:
    """Mean entropy over rows as a fraction of log C; at 1, uniform, IGA only adds a constant."""
    p = attention.clamp_min(1e-12)
    rows = -(p * p.log()).sum(dim=-1)
    return rows.mean() / torch.log(torch.tensor(float(max(attention.shape[-1], 2))))


def _norm(kind: MlpNorm, width: int) -> nn.Module:
    if kind == "batch":
        return nn.BatchNorm1d(width)
    return nn.LayerNorm(width) if kind == "layer" else nn.Identity()
