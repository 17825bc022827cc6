"""Feature banks and class centres: PCA's, and PDA's running ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

BankRule = Literal["true_class_prob", "pda_correct_only"]


@dataclass(frozen=True, slots=True)
class Bank:
    """The best samples of each class.

    Args:
        index: (C, N) positions of the chosen samples, best first; -1 is an empty slot.
        centres: (C, D) means of the chosen features, not normalized again.
    """

    index: Tensor
    centres: Tensor

    @property
    def empty_classes(self) -> int:
        """How many classes have no sample at all; their centre is zero."""
        return int((self.index < 0).all(dim=1).sum())


def build_bank(
    features: Tensor,
    probabilities: Tensor,
    labels: Tensor,
    *,
    size: int,
    rule: BankRule = "true_class_prob",
    divide_by_size: bool = False,
) -> Bank:
    """The `size` best samples of each class by zero-shot confidence.

    Args:
        features: (M, D) unit plain features. probabilities: (M, C) zero-shot softmax.
        labels: (M,) columns; pass the arg-max for pseudo-labels.
        rule: score p[true class], or max p among samples whose arg-max is the label (PDA).
        divide_by_size: PDA's mean, which counts empty slots as zero features.
    """
    classes = probabilities.shape[1]
    index = torch.full((classes, size), -1, dtype=torch.long, device=features.device)
    centres = features.new_zeros(classes, features.shape[1])
    for c in range(classes):
        chosen = labels == c
        if rule == "pda_correct_only":
            chosen = chosen & (probabilities.argmax(dim=1) == c)
        members = chosen.nonzero()[:, 0]
        best = probabilities[members, c].argsort(descending=True, stable=True)[:size]
        members = members[best]
        index[c, : len(members)] = members
        if len(members):
            centres[c] = features[members].sum(dim=0) / (size if divide_by_size else len(members))
    return Bank(index, centres)


class RunningBank:
    """PDA's bank: a sample replaces the smallest score of its class if it is strictly larger.

    Empty slots score 0, stay zero features and count in the mean, as in the public code.
    """

    def __init__(self, classes: int, size: int, width: int) -> None:
        self.score = torch.zeros(classes, size)
        self.feature = torch.zeros(classes, size, width)

    def add(self, features: Tensor, probabilities: Tensor, labels: Tensor | None = None) -> None:
        """Offer samples in order; with labels only those whose arg-max is their label."""
        best, predicted = probabilities.max(dim=1)
        for i, c in enumerate(predicted.tolist()):
            if labels is not None and int(labels[i]) != c:
                continue
            scores = self.score[c].tolist()
            slot = scores.index(min(scores))
            if best[i] > self.score[c, slot]:
                self.score[c, slot] = best[i]
                self.feature[c, slot] = features[i]

    @property
    def centres(self) -> Tensor:
        """(C, D) means over all slots."""
        return self.feature.mean(dim=1)
