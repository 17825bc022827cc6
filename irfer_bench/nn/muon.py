"""Muon: momentum made orthogonal, for the hidden weights of a network that is trained briefly.

Keller Jordan, Yuchen Jin, Vlado Boza, Jiacheng You, Franz Cesista, Laker Newhouse, Jeremy
Bernstein, "Muon: An optimizer for hidden layers in neural networks", 2024. Kernels of convolutions
are matrices of (output channels, all the rest), as there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the post's quintic, whose iteration brings singular values from (0, 1] near to 1."""


class Muon(torch.optim.Optimizer):
    """One update is lr * size times the orthogonalized Nesterov momentum.

    Args:
        weights: of two axes or more. lr: about ten times AdamW's.
        attention: for transformers. The size is 0.2 sqrt(max(rows, columns)), as large as AdamW's
            updates, instead of sqrt(max(1, rows / columns)), and the three projections that one
            weight of an attention stacks are matrices of their own.
    """

    def __init__(
        self, weights: Iterable[Tensor], lr: float = 0.02, weight_decay: float = 0.0,
        attention: bool = False,
    ) -> None:
        super().__init__(weights, {"lr": lr, "weight_decay": weight_decay})
        self.attention = attention

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Update every weight that has a gradient."""
        for group in self.param_groups:
            pieces: list[tuple[Tensor, Tensor]] = []
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                momentum.lerp_(weight.grad, 1 - MOMENTUM)
                change = weight.grad.lerp(momentum, MOMENTUM).flatten(1)
                count = 3 if self.attention and len(change) == 3 * change.shape[1] else 1
                pieces += zip(weight.chunk(count), change.chunk(count), strict=True)
            changes = orthogonalize([change for _, change in pieces])
            for (weight, _), change in zip(pieces, changes, strict=True):
                if group["weight_decay"]:
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.sub_(change.view_as(weight), alpha=group["lr"] * self._size(*change.shape))

    def _size(self, rows: int, columns: int) -> float:
        side = 0.04 * max(rows, columns) if self.attention else max(1.0, rows / columns)
        return float(side**0.5)


def orthogonalize(matrices: Sequence[Tensor], steps: int = 5) -> list[Tensor]:
    """Matrices with the same singular vectors as those given, whose singular values lie near 1.

    A Newton-Schulz iteration from a norm of 1, x <- p(x x^T) x. Since all p(x x^T) commute, their
    product is found from x x^T alone, which is small where a kernel has nine times as many columns;
    those of one size are taken together, whatever their columns.
    """
    flat = [m.mT if m.shape[0] > m.shape[1] else m for m in matrices]
    flat = [m / (m.norm() + 1e-7) for m in flat]
    found: list[Tensor] = [*matrices]
    for side in {m.shape[0] for m in flat}:
        own = [k for k, m in enumerate(flat) if m.shape[0] == side]
        products = _product(torch.stack([flat[k] @ flat[k].mT for k in own]), steps)
        for k, product in zip(own, products, strict=True):
            x = product @ flat[k]
            found[k] = x.mT if matrices[k].shape[0] > matrices[k].shape[1] else x
    return found


def _product(gram: Tensor, steps: int) -> Tensor:
    """(N, n, n) products of all p(x x^T) of the iteration, from the x x^T that it starts with."""
    a, b, c = COEFFICIENTS
    start = a * torch.eye(gram.shape[-1], device=gram.device, dtype=gram.dtype)
    product = gram
    for step in range(steps):
        p = torch.baddbmm(torch.add(start, gram, alpha=b), gram, gram, alpha=c)
        product = p if step == 0 else p @ product
        if step < steps - 1:
            gram = p @ gram @ p
    return product


def split_optimizers(
    net: nn.Module, lr: float, muon_lr: float, weight_decay: float = 0.0,
    outer: Iterable[str] = (),
) -> list[torch.optim.Optimizer]:
    """AdamW for all parameters, or Muon for the hidden weights and AdamW for the rest.

    Args:
        muon_lr: 0 for AdamW alone.
        outer: parts of names whose weights AdamW keeps: the first and the last layer.
    """
    named = list(net.named_parameters())
    hidden = [p for n, p in named if muon_lr and p.ndim > 1 and not any(o in n for o in outer)]
    own = {id(p) for p in hidden}
    rest = [p for _, p in named if id(p) not in own]
    made: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(rest, lr, weight_decay=weight_decay, fused=True)
    ]
    return [*made, Muon(hidden, muon_lr)] if hidden else made
