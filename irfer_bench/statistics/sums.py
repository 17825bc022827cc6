"""Metrics as functions of sums: what lets a bootstrap draw from one small table per row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
MetricName: TypeAlias = Literal["accuracy", "uar", "macro_f1"]
Value: TypeAlias = Callable[[Floats], Floats]


def ratio(sums: Floats) -> Floats:
    """A mean from (..., 2): the sum and the count."""
    result: Floats = sums[..., 0] / sums[..., 1]
    return result


def square(sums: Floats) -> Floats:
    """(..., classes, classes) counts of (true, said) from (..., classes²)."""
    side = round(sums.shape[-1] ** 0.5)
    return sums.reshape(*sums.shape[:-1], side, side)


def uar(sums: Floats) -> Floats:
    """Mean recall over the classes that have a true item (recognizers.md §12)."""
    confusion = square(sums)
    support = confusion.sum(-1)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    recall = np.divide(hits, support, out=np.zeros_like(support), where=support > 0)
    result: Floats = recall.sum(-1) / (support > 0).sum(-1)
    return result


def macro_f1(sums: Floats) -> Floats:
    """F1 averaged over all classes of the protocol; a class without truth or guess counts 0."""
    confusion = square(sums)
    total = confusion.sum(-1) + confusion.sum(-2)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    result: Floats = np.divide(2 * hits, total, out=np.zeros_like(total), where=total > 0).mean(-1)
    return result


def right(sums: Floats) -> Floats:
    """Accuracy of a confusion matrix."""
    confusion = square(sums)
    result: Floats = np.trace(confusion, axis1=-2, axis2=-1) / confusion.sum((-2, -1))
    return result


OF_SUMS: dict[MetricName, Value] = {"accuracy": ratio, "uar": uar, "macro_f1": macro_f1}
OF_CONFUSION: dict[MetricName, Value] = OF_SUMS | {"accuracy": right}
