"""Which subjects and which fits a bootstrap draws: the same for every row of a board."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

DRAWS = 1000
CHUNK = 4_000_000
"""Numbers held at once while drawing."""


def clusters(subjects: Sequence[str | None], ids: Sequence[str]) -> Ints:
    """(N,) cluster numbers, in order of the clusters' names: by subject, else by item."""
    return name_clusters(subjects, ids)[0]


def name_clusters(
    subjects: Sequence[str | None], ids: Sequence[str]
) -> tuple[Ints, tuple[str, ...]]:
    """(N,) cluster numbers and the clusters' sorted names; an item without subject is its own."""
    names = [f"s:{s}" if s is not None else f"i:{i}" for s, i in zip(subjects, ids, strict=True)]
    known = tuple(sorted(set(names)))
    number = {name: k for k, name in enumerate(known)}
    return np.array([number[name] for name in names], np.int64), known


def resample(groups: NDArray[Any], draws: int = DRAWS, seed: int = 0) -> Iterator[Ints]:
    """Yield `draws` arrays of item positions: as many clusters as there are, with replacement."""
    order = np.argsort(groups, kind="stable").astype(np.int64)
    members = np.split(order, np.cumsum(np.bincount(groups))[:-1]) if len(groups) else []
    for chosen in choices_of(len(members), draws, seed):
        yield np.concatenate([members[c] for c in chosen]) if len(chosen) else order


def resample_fits(
    fits: NDArray[Any], groups: NDArray[Any], draws: int = DRAWS, seed: int = 0
) -> Iterator[Ints]:
    """Yield item positions of resampled fits, and of the same resampled clusters in each of them.

    With one fit this is `resample`.
    """
    count, size = int(fits.max()) + 1, int(groups.max()) + 1
    members = [
        [np.flatnonzero((fits == fit) & (groups == group)) for group in range(size)]
        for fit in range(count)
    ]
    chosen_fits = fit_choices(count, draws, seed)
    for own, chosen in zip(chosen_fits, choices_of(size, draws, seed), strict=True):
        yield np.concatenate([members[fit][c] for fit in own for c in chosen])


def choices_of(count: int, draws: int, seed: int) -> Iterator[Ints]:
    """One call of the generator per draw, so that chunking never changes a draw."""
    generator = np.random.default_rng(seed)
    for _ in range(draws):
        yield generator.integers(count, size=count) if count else np.empty(0, np.int64)


def fit_choices(count: int, draws: int, seed: int, stream: int = 0) -> Ints:
    """(draws, count) resampled fits, from streams of their own: subjects are drawn as before."""
    generator = np.random.default_rng([seed, 1, stream])
    return generator.integers(count, size=(draws, count))


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
