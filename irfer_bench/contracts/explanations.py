"""What a recognizer tells of its predictions: regions, courses over time, words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irfer_bench.contracts.values import Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Regions:
    """Parts of a frame on which the prediction of a clip rests most.

    Args:
        name: what they are, such as `patches of S_loc for happiness`.
        boxes: (K, 4) left, top, right and bottom as fractions of the frame.
        weights: (K,), larger where a region counts more. frame: among the scored frames.
    """

    name: str
    boxes: NDArray[Any]
    weights: NDArray[Any]
    frame: int = 0


@dataclass(frozen=True, slots=True)
class Course:
    """What one source of evidence says of a clip, such as one modality.

    Args:
        scores: log-probabilities, (T, classes) of its T scored frames, or (1, classes) of all.
    """

    name: str
    scores: Scores


@dataclass(frozen=True, slots=True)
class NearestWords:
    """The words nearest to a learned vector, each with its distance, the nearest first."""

    name: str
    words: tuple[tuple[str, float], ...]
