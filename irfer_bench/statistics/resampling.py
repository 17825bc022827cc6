"""Which clusters a bootstrap draws: the same for every row, whatever else is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from irfer_bench.statistics.sums import Floats

Ints: TypeAlias = NDArray[np.int64]
CHUNK = 4_000_000  # numbers held at once while drawing


def choices_of(count: int, draws: int, seed: int) -> Iterator[Ints]:
    """One call of the generator per draw, so that chunking never changes a draw."""
    generator = np.random.default_rng(seed)
    for _ in range(draws):
        yield generator.integers(count, size=count) if count else np.empty(0, np.int64)


def weights(count: int, draws: int, seed: int, chunk: int) -> Iterator[tuple[int, Floats]]:
    """(start, (n, count)): how often each cluster was drawn, for `chunk` draws at a time."""
    if draws * count <= CHUNK:
        whole = _all_weights(count, draws, seed)
        yield from ((start, whole[start : start + chunk]) for start in range(0, draws, chunk))
        return
    choices = choices_of(count, draws, seed)
    for start in range(0, draws, chunk):
        stop = min(draws, start + chunk)
        yield start, _counted([next(choices) for _ in range(start, stop)], count)


@lru_cache(maxsize=4)
def _all_weights(count: int, draws: int, seed: int) -> Floats:
    """The same draws serve every row of a board."""
    weights = _counted(list(choices_of(count, draws, seed)), count)
    weights.flags.writeable = False
    return weights


def _counted(choices: Sequence[Ints], count: int) -> Floats:
    return np.stack([np.bincount(own, minlength=count) for own in choices]).astype(np.float64)
