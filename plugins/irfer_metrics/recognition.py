"""Recognition metrics from labels and log-probabilities.

All are functions of the confusion matrix; rows are true classes, columns predicted ones. The
label set is the protocol's: a class without a true item is treated as each name says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from irfer_bench.api import Params, ScoreInputs, UnavailableError

Floats: TypeAlias = NDArray[np.float64]


def confusion_matrix(labels: NDArray[Any], predicted: NDArray[Any], classes: int) -> Floats:
    """(classes, classes) counts of (true, predicted)."""
    cells = np.asarray(labels, np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes).astype(np.float64)


class Counts(NamedTuple):
    """What every formula here needs of a confusion matrix, each (..., classes).

    Args:
        hits: right items by class. true, predicted: items by true and by predicted class.
    """

    hits: NDArray[Any]
    true: NDArray[Any]
    predicted: NDArray[Any]


Confusion: TypeAlias = NDArray[Any] | Counts
Formula: TypeAlias = Callable[[Confusion], Floats]
"""(..., classes, classes) confusion matrices, or their counts, to values (...)."""


def counts(confusion: Confusion) -> Counts:
    """The counts of (..., classes, classes) matrices; counts are returned as they are."""
    if isinstance(confusion, Counts):
        return confusion
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    return Counts(hits, confusion.sum(-1), confusion.sum(-2))


def accuracy(confusion: Confusion) -> Floats:
    """Share of items that are right; the literature's WAR."""
    hits, true, _ = counts(confusion)
    return _share(hits.sum(-1), true.sum(-1))


def uar(confusion: Confusion) -> Floats:
    """Mean recall over classes with a true item; sklearn's `balanced_accuracy_score`."""
    hits, true, _ = counts(confusion)
    return _share(_share(hits, true).sum(-1), (true > 0).sum(-1))


def uar_all_labels(confusion: Confusion) -> Floats:
    """Mean recall over every class of the protocol; one without a true item counts 0."""
    hits, true, _ = counts(confusion)
    return np.asarray(_share(hits, true).mean(-1), np.float64)


def uar_official(confusion: NDArray[Any]) -> float:
    """UAR as MMA-DFER's code has it: over labels seen in truth or guesses, so NaN where a class
    was guessed but never true. For reading published numbers only."""
    seen = (confusion.sum(0) + confusion.sum(1)) > 0
    support = confusion.sum(1)[seen]
    if np.any(support == 0):
        return float("nan")
    return float((confusion.diagonal()[seen] / support).mean())


def macro_f1(confusion: Confusion) -> Floats:
    """F1 averaged over every class of the protocol; one without truth or guess counts 0."""
    return np.asarray(_f1(counts(confusion)).mean(-1), np.float64)


def macro_f1_present(confusion: Confusion) -> Floats:
    """F1 averaged over classes seen in truth or guesses; sklearn's default label set."""
    found = counts(confusion)
    return _share(_f1(found).sum(-1), (found.true + found.predicted > 0).sum(-1))


def weighted_f1(confusion: Confusion) -> Floats:
    """F1 averaged with the number of true items as weight."""
    found = counts(confusion)
    return _share((_f1(found) * found.true).sum(-1), found.true.sum(-1))


def fold_mean(confusions: Sequence[NDArray[Any]], formula: Formula) -> float:
    """The official summary over folds: the mean of each fold's own value, not the pooled one."""
    return float(np.mean([float(formula(confusion)) for confusion in confusions]))


class ScoreMetric:
    """A share of something, from labels and log-probabilities."""

    consumes: frozenset[str] = frozenset({"scores"})
    direction: Literal["higher", "lower", "none"] = "higher"
    unit: str = "fraction"
    range: tuple[float, float] = (0.0, 1.0)
    margin: float = 0.01
    """Rows that differ by less than one point share ranks."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params


class ConfusionMetric(ScoreMetric):
    """A metric that reads the confusion matrix of `scores` against `labels`.

    Its summands are the counts of the matrix by class.
    """

    formula: ClassVar[staticmethod[[Confusion], Floats]]

    def compute(self, inputs: ScoreInputs, index: NDArray[Any] | None = None) -> float:
        """Raises UnavailableError where there is no test prediction."""
        predicted, classes = guesses(inputs, "scores"), len(inputs.classes)
        if index is not None:
            found = counts(confusion_matrix(inputs.labels[index], predicted[index], classes))
        else:  # once for all metrics of the matrix
            found = inputs.once("recognition.confusion", lambda: counts(
                confusion_matrix(inputs.labels, predicted, classes)))  # fmt: skip
        return float(type(self).formula(found))

    def summands(self, inputs: ScoreInputs) -> Floats:
        """(N, 3 classes): 1 for the class if it is right, for the true one, the predicted one."""

        def build() -> Floats:
            true, predicted = inputs.labels, guesses(inputs, "scores")
            items, classes = np.arange(len(true)), len(inputs.classes)
            counted = np.zeros((len(true), 3, classes))
            counted[items, 0, true] = true == predicted
            counted[items, 1, true] = 1
            counted[items, 2, predicted] = 1
            return counted.reshape(len(true), 3 * classes)

        found: Floats = inputs.once("recognition.counts", build)
        return found

    def from_sums(self, sums: Floats) -> Floats:
        """Values (...) from (..., 3 classes)."""
        return type(self).formula(Counts(*np.split(sums, 3, axis=-1)))


class Accuracy(ConfusionMetric):
    """Micro accuracy; `war` is the same number under the name the video literature uses."""

    formula = staticmethod(accuracy)

    def summands(self, inputs: ScoreInputs) -> Floats:
        """(N, 2): whether the item is right, and 1."""
        return _counted(guesses(inputs, "scores") == inputs.labels)

    def from_sums(self, sums: Floats) -> Floats:
        """Values (...) from (..., 2)."""
        return _share(sums[..., 0], sums[..., 1])


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

    def summands(self, inputs: ScoreInputs) -> Floats:
        """(pairs, 2): whether the translated partner is recognised, and 1."""
        return _counted(guesses(inputs, "pair_scores") == pair_labels(inputs))

    def from_sums(self, sums: Floats) -> Floats:
        """Values (...) from (..., 2)."""
        return _share(sums[..., 0], sums[..., 1])


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

    def summands(self, inputs: ScoreInputs) -> Floats:
        """(pairs, 3): whether the translated and the true partner are recognised, and 1/C."""
        labels = pair_labels(inputs)
        made = guesses(inputs, "pair_scores") == labels
        true = guesses(inputs, "pair_target_scores") == labels
        return np.stack([made, true, np.full(len(labels), 1 / len(inputs.classes))], axis=1)

    def from_sums(self, sums: Floats) -> Floats:
        """Values (...) from (..., 3); NaN where the true partners are recognised by chance."""
        whole = sums[..., 1] - sums[..., 2]
        kept = np.full(whole.shape, np.nan)
        # Counts are integers: what lies closer to chance is chance and rounding.
        np.divide(sums[..., 0] - sums[..., 2], whole, out=kept, where=whole > 1e-9)
        return kept


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


def _counted(right: NDArray[Any]) -> Floats:
    return np.stack([right, np.ones(len(right))], axis=1).astype(np.float64)


def _f1(found: Counts) -> Floats:
    return _share(2 * found.hits, found.true + found.predicted)


def _share(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """part / whole, and 0 where there is nothing."""
    shares = np.zeros(np.shape(part))
    np.divide(part, whole, out=shares, where=np.asarray(whole) > 0)
    return shares
