"""Muon: momentum made orthogonal, for the hidden weights of a network that is trained briefly.

Keller Jordan, Yuchen Jin, Vlado Boza, Jiacheng You, Franz Cesista, Laker Newhouse, Jeremy
Bernstein, "Muon: An optimizer for hidden layers in neural networks", 2024. Kernels of convolutions
are matrices of (output channels, all the rest), as there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the post's quintic, whose iteration brings singular values from (0, 1] near to 1."""


class Muon(torch.optim.Optimizer):
    """One update is lr * sqrt(max(1, rows / columns)) times the orthogonalized Nesterov momentum.

    Args:
        weights: of two axes or more. lr: about ten times AdamW's.
    """

    def __init__(self, weights: Iterable[Tensor], lr: float = 0.02) -> None:
        super().__init__(weights, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Update every weight that has a gradient; those of one shape are taken together."""
        for group in self.param_groups:
            alike: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                momentum.lerp_(weight.grad, 1 - MOMENTUM)
                change = weight.grad.lerp(momentum, MOMENTUM).flatten(1)
                alike.setdefault((change.shape[0], change.shape[1]), []).append((weight, change))
            for (rows, columns), members in alike.items():
                changes = orthogonalize(torch.stack([change for _, change in members]))
                scale = group["lr"] * max(1.0, rows / columns) ** 0.5
                for (weight, _), change in zip(members, changes, strict=True):
                    weight.sub_(change.view_as(weight), alpha=scale)


def orthogonalize(matrices: Tensor, steps: int = 5) -> Tensor:
    """(N, rows, columns) with the same singular vectors, whose singular values lie near 1.

    A Newton-Schulz iteration from a norm of 1, x <- p(x x^T) x. Since all p(x x^T) commute, their
    product is found from x x^T alone, which is small where a kernel has nine times as many columns.
    """
    a, b, c = COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    gram: Tensor = x @ x.mT
    identity = torch.eye(gram.shape[-1], device=x.device, dtype=x.dtype)
    product: Tensor = identity
    for step in range(steps):
        p = a * identity + b * gram + c * gram @ gram
        product = p @ product
        if step < steps - 1:
            gram = p @ gram @ p
    found: Tensor = product @ x
    return found.mT if tall else found


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
