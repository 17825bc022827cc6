"""Made-up rows of predictions as sums, and their scores by other libraries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import balanced_accuracy_score, f1_score

from irfer_bench.statistics.bootstrap import Sums
from irfer_bench.statistics.measurement import mean_of_sums, table_of
from irfer_bench.statistics.resampling import name_clusters
from irfer_metrics import recognition

SCORES = {
    "accuracy": lambda y, p, c: float(np.mean(y == p)),
    "uar": lambda y, p, c: float(balanced_accuracy_score(y, p)),
    "macro_f1": lambda y, p, c: float(
        f1_score(y, p, labels=range(c), average="macro", zero_division=0)
    ),
}


@dataclass
class Predictions:
    """One row's test predictions."""

    ids: list[str]
    subjects: list[str | None]
    labels: Any
    predicted: Any
    classes: int = 6

    def sums(self, metric: str = "accuracy") -> Sums:
        groups, _ = name_clusters(self.subjects, self.ids)
        cells = np.eye(self.classes**2)[self.labels * self.classes + self.predicted]
        formula = getattr(recognition, metric)

        def from_sums(sums: Any) -> Any:
            return formula(sums.reshape(*sums.shape[:-1], self.classes, self.classes))

        facts = sorted(zip(self.ids, map(str, self.subjects), self.labels.tolist(), strict=True))
        return Sums(table_of(cells, groups)[None], from_sums, tuple(facts))


def mean_row(values: Any, subjects: Any = None, items: object = None) -> Sums:
    """A row whose metric is a mean over items; each item is a subject where none is said."""
    values = np.asarray(values, np.float64)
    groups = np.arange(len(values)) if subjects is None else np.asarray(subjects)
    summands = np.stack([values, np.ones(len(values))], axis=1)
    return Sums(table_of(summands, groups)[None], mean_of_sums, items)


def seeds(*rows: Sums) -> Sums:
    """One row of several fits."""
    return Sums(np.concatenate([row.table for row in rows]), rows[0].from_sums, rows[0].items)


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
        ids=[f"i{n:04d}" for n in range(labels.size)],
        subjects=[f"p{n // each}" for n in range(labels.size)],
        labels=labels, predicted=predicted, classes=classes,
    )
