"""Match metrics from labels and log-probabilities (recognizers.md §12).

All are functions of the confusion matrix; rows are true classes, columns predicted ones. The
label set is the protocol's: a class without a true item is treated as each name says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from irfer_bench.api import Params, ScoreInputs, UnavailableError

Floats: TypeAlias = NDArray[np.float64]
Formula: TypeAlias = Callable[[NDArray[Any]], float]


def confusion_matrix(labels: NDArray[Any], predicted: NDArray[Any], classes: int) -> Floats:
    """(classes, classes) counts of (true, predicted)."""
    cells = np.asarray(labels, np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes).astype(np.float64)


def accuracy(confusion: NDArray[Any]) -> float:
    """Share of items that are right; the literature's WAR."""
    return float(np.trace(confusion) / confusion.sum())


def uar(confusion: NDArray[Any]) -> float:
    """Mean recall over classes with a true item; sklearn's `balanced_accuracy_score`."""
    return float(_recall(confusion)[confusion.sum(1) > 0].mean())


def uar_all_labels(confusion: NDArray[Any]) -> float:
    """Mean recall over every class of the protocol; one without a true item counts 0."""
    return float(_recall(confusion).mean())


def uar_official(confusion: NDArray[Any]) -> float:
    """UAR as MMA-DFER's code has it: over labels seen in truth or guesses, so NaN where a class
    was guessed but never true. For reading published numbers only."""
    seen = (confusion.sum(0) + confusion.sum(1)) > 0
    support = confusion.sum(1)[seen]
    if np.any(support == 0):
        return float("nan")
    return float((confusion.diagonal()[seen] / support).mean())


def macro_f1(confusion: NDArray[Any]) -> float:
    """F1 averaged over every class of the protocol; one without truth or guess counts 0."""
    return float(_f1(confusion).mean())


def macro_f1_present(confusion: NDArray[Any]) -> float:
    """F1 averaged over classes seen in truth or guesses; sklearn's default label set."""
    return float(_f1(confusion)[(confusion.sum(0) + confusion.sum(1)) > 0].mean())


def weighted_f1(confusion: NDArray[Any]) -> float:
    """F1 averaged with the number of true items as weight."""
    return float(np.average(_f1(confusion), weights=confusion.sum(1)))


def mean_scores(
    logits: Sequence[NDArray[Any]], by: Literal["probability", "logit"] = "probability"
) -> Floats:
    """Log-probabilities of several clips of one item: mean of softmax, or softmax of the mean.

    Args:
        logits: arrays of (N, classes), one per clip; log-probabilities are logits too.
    """
    stacked = np.asarray(logits, np.float64)
    if by == "logit":
        return _log_softmax(stacked.mean(0))
    logs = _log_softmax(stacked)
    return np.asarray(np.logaddexp.reduce(logs, axis=0) - np.log(len(logs)), np.float64)


def fold_mean(confusions: Sequence[NDArray[Any]], formula: Formula) -> float:
    """The official summary over folds: the mean of each fold's own value, not the pooled one."""
    return float(np.mean([formula(confusion) for confusion in confusions]))


class ScoreMetric:
    """A share of something, from labels and log-probabilities."""

    consumes: frozenset[str] = frozenset({"scores"})
    direction: Literal["higher", "lower", "none"] = "higher"
    unit: str = "fraction"
    range: tuple[float, float] = (0.0, 1.0)

    def __init__(self, params: Params | None = None) -> None:
        self.params = params


class ConfusionMetric(ScoreMetric):
    """A metric that reads the confusion matrix of `scores` against `labels`."""

    formula: ClassVar[staticmethod[[NDArray[Any]], float]]

    def compute(self, inputs: ScoreInputs, index: NDArray[Any] | None = None) -> float:
        """Raises UnavailableError where there is no test prediction."""
        predicted = guesses(inputs, "scores")
        labels = inputs.labels
        if index is not None:
            predicted, labels = predicted[index], labels[index]
        return type(self).formula(confusion_matrix(labels, predicted, len(inputs.classes)))


class Accuracy(ConfusionMetric):
    """Micro accuracy; `war` is the same number under the name the video literature uses."""

    formula = staticmethod(accuracy)


class Uar(ConfusionMetric):
    """Unweighted average recall over classes that have a true item."""

    formula = staticmethod(uar)


class UarAllLabels(ConfusionMetric):
    """Unweighted average recall over all classes of the protocol."""

    formula = staticmethod(uar_all_labels)


class MacroF1(ConfusionMetric):
    """Macro F1 over all classes of the protocol."""

    formula = staticmethod(macro_f1)


class MacroF1Present(ConfusionMetric):
    """Macro F1 over classes seen in truth or guesses."""

    formula = staticmethod(macro_f1_present)


class WeightedF1(ConfusionMetric):
    """F1 weighted by the number of true items."""

    formula = staticmethod(weighted_f1)


class JudgeAccuracy(ScoreMetric):
    """Accuracy of this cell's recognizer on the translated test partners.

    A translation that lost the expression loses it here too, whatever its PSNR.
    """

    consumes = frozenset({"pair_scores"})

    def compute(self, inputs: ScoreInputs, index: NDArray[Any] | None = None) -> float:
        """Raises UnavailableError where the recognizer has not seen translated partners."""
        right = guesses(inputs, "pair_scores") == pair_labels(inputs)
        return float((right if index is None else right[index]).mean())


class JudgeKept(ScoreMetric):
    """Share of the recognizer's above-chance accuracy that the translations keep.

    (accuracy on translated partners - 1/C) / (accuracy on true partners - 1/C); the true partners
    are `pair_target_scores`, or the whole test set where those were not computed.
    """

    consumes = frozenset({"pair_scores", "scores"})
    range = (-float("inf"), float("inf"))

    def compute(self, inputs: ScoreInputs, index: NDArray[Any] | None = None) -> float:
        """Raises UnavailableError without partners, or with a recognizer at chance."""
        chance = 1 / len(inputs.classes)
        kept = JudgeAccuracy().compute(inputs, index) - chance
        if inputs.pair_target_scores is not None:
            right = guesses(inputs, "pair_target_scores") == pair_labels(inputs)
            whole = float((right if index is None else right[index]).mean()) - chance
        else:
            whole = Accuracy().compute(inputs) - chance
        if whole <= 0 and index is not None:
            return float("nan")  # such a resample has no value and is left out
        if whole <= 0:
            raise UnavailableError("the recognizer is at chance on true images: nothing to keep")
        return kept / whole


def guesses(inputs: ScoreInputs, field: str) -> NDArray[Any]:
    """(N,) predicted columns of one field of scores, computed once.

    Raises:
        UnavailableError: the cell has no such scores.
    """
    scores = getattr(inputs, field)
    if scores is None:
        raise UnavailableError(_REASONS[field])
    predicted: NDArray[Any] = inputs.once(
        f"recognition.{field}", lambda: np.asarray(scores).argmax(1)
    )
    return predicted


def pair_labels(inputs: ScoreInputs) -> NDArray[Any]:
    """(pairs,) true columns.

    Raises:
        UnavailableError: the partners have no labels here.
    """
    if inputs.pair_labels is None:
        raise UnavailableError("the test partners have no labels")
    return np.asarray(inputs.pair_labels)


_REASONS = {
    "scores": "nothing was predicted in this cell",
    "pair_scores": "no recognizer has judged translated test partners in this cell",
    "pair_target_scores": "no recognizer has judged the true test partners in this cell",
}


def _recall(confusion: NDArray[Any]) -> Floats:
    return _share(confusion.diagonal(), confusion.sum(1))


def _f1(confusion: NDArray[Any]) -> Floats:
    return _share(2 * confusion.diagonal(), confusion.sum(0) + confusion.sum(1))


def _share(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """part / whole, and 0 where there is nothing."""
    shares = np.zeros(len(part))
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares


def _log_softmax(logits: Floats) -> Floats:
    return np.asarray(logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True), np.float64)
