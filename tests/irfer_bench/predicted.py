"""Made-up rows of predictions, and their scores by other libraries."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import balanced_accuracy_score, f1_score

from irfer_bench.statistics.comparison import Predictions

SCORES = {
    "accuracy": lambda y, p, c: float(np.mean(y == p)),
    "uar": lambda y, p, c: float(balanced_accuracy_score(y, p)),
    "macro_f1": lambda y, p, c: float(
        f1_score(y, p, labels=range(c), average="macro", zero_division=0)
    ),
}


def predictions(
    accuracy: float, *, seed: int = 0, subjects: int = 24, each: int = 30, classes: int = 6,
    labels_seed: int = 0,
) -> Predictions:
    """A made-up row that is right with the given probability."""
    labels = np.random.default_rng(labels_seed).integers(classes, size=subjects * each)
    generator = np.random.default_rng(seed + 1)
    wrong = (labels + generator.integers(1, classes, size=labels.size)) % classes
    predicted = np.where(generator.random(labels.size) < accuracy, labels, wrong)
    return Predictions(
        ids=[f"i{n}" for n in range(labels.size)],
        subjects=[f"p{n // each}" for n in range(labels.size)],
        labels=labels, predicted=predicted, classes=classes,
    )
