"""Multinomial logistic regression by L-BFGS, and the search of its C on validation images.

The objective is that of scikit-learn's LogisticRegression, which CLIP's and CoOp's linear probes
use:

    1/2 ||W||^2 + C sum_i w_i (-log softmax(W x_i + b)_(y_i)),

with an unpenalised b. Classes without images are part of the softmax, so that their probability is
small and finite; scikit-learn leaves them out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[Any]
COARSE = (1e6, 1e4, 1e2, 1.0, 1e-2, 1e-4, 1e-6)
STEPS = 8


@dataclass(frozen=True, slots=True)
class Examples:
    """(n, D) float64 features, (n,) columns of their classes, (n,) weights of mean 1."""

    x: Array
    y: Array
    weight: Array

    def pick(self, index: Array) -> Examples:
        """Some of them, their weights again of mean 1."""
        weight = self.weight[index]
        return Examples(self.x[index], self.y[index], weight / max(weight.mean(), 1e-12))


@dataclass(frozen=True, slots=True)
class Linear:
    """(C, D) weights and (C,) biases."""

    W: Array
    b: Array

    def accuracy(self, examples: Examples) -> float:
        """Weighted share of the examples whose class has the largest logit."""
        hit = (examples.x @ self.W.T + self.b).argmax(axis=1) == examples.y
        return float(np.average(hit, weights=examples.weight))


def fit_logistic(
    examples: Examples, classes: int, C: float, *, max_iter: int = 1000, start: Linear | None = None
) -> Linear:
    """The minimiser of the objective; `start` only saves iterations, the problem is convex."""
    x, weight = examples.x, examples.weight
    n, width = x.shape
    target = np.eye(classes)[examples.y]
    total, penalty = weight.sum(), 1.0 / (C * weight.sum())

    def objective(theta: Array) -> tuple[float, Array]:
        W, b = theta[: classes * width].reshape(classes, width), theta[classes * width :]
        logits = x @ W.T + b
        logits -= logits.max(axis=1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        loss = -(weight * log_p[np.arange(n), examples.y]).sum() / total
        error = (np.exp(log_p) - target) * (weight / total)[:, None]
        slope = np.concatenate([(error.T @ x + penalty * W).ravel(), error.sum(axis=0)])
        return float(loss + penalty / 2 * (W * W).sum()), slope

    first = np.zeros(classes * (width + 1))
    if start is not None:
        first = np.concatenate([start.W.ravel(), start.b])
    options = {"maxiter": max_iter, "gtol": 1e-4, "ftol": 64 * np.finfo(float).eps, "maxls": 50}
    found = minimize(objective, first, jac=True, method="L-BFGS-B", options=options).x
    return Linear(found[: classes * width].reshape(classes, width), found[classes * width :])


def search_inverse_strength(accuracy: Callable[[float], float]) -> tuple[float, float]:
    """C and its accuracy on validation images, as CoOp's linear probe chooses it.

    The best of the coarse grid, the larger C first; then eight steps of bisection in log10 C that
    start a decade on either side: both ends are tried, the better one stays (the left one where
    they are equal), and the other moves to the middle.
    """
    best = max(COARSE, key=accuracy)
    left, right = np.log10(best) - 1, np.log10(best) + 1
    chosen = (best, -1.0)
    for _ in range(STEPS):
        ends = {end: accuracy(float(10.0**end)) for end in (left, right)}
        middle = (left + right) / 2
        if ends[left] < ends[right]:
            chosen, left = (float(10.0**right), ends[right]), middle
        else:
            chosen, right = (float(10.0**left), ends[left]), middle
    return chosen


def hold_out(owners: list[str], y: Array, share: float, rng: np.random.Generator) -> Array:
    """(n,) bool: images of whole subjects, about `share` of all, that leave every class examples.

    Subjects come in random order; one whose images are the last of a class stays in training. Empty
    where there are no two subjects to divide.
    """
    held = np.zeros(len(y), dtype=bool)
    names = np.array(owners)
    order = rng.permutation(sorted(set(owners)))
    for name in order:
        if held.sum() >= share * len(y):
            break
        own = names == name
        rest = ~(held | own)
        if set(y[own]) <= set(y[rest]):
            held |= own
    return held
