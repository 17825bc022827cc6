"""Paired permutation tests over subjects, for all pairs of rows at once.

If two rows do not differ, each subject's results could as well have been swapped between them.
The p-value is the share of swaps whose difference is at least as large as the observed one: over
all of them where subjects are few, else over drawn ones with one added to both counts (Phipson and
Smyth 2010).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.statistics.bootstrap import FromSums
from irfer_bench.statistics.resampling import CHUNK, Floats

ROUNDS = (999, 9_999, 99_999)
"""Draws until a pair is decided."""
ENOUGH = {999: 100, 9_999: 20, 99_999: 0}
"""Larger differences after so many draws with which a pair needs no more of them."""
EXACT = 12
"""Subjects up to which all swaps are taken."""
TIE = 1e-12


def pair_p(
    tables: Floats, from_sums: FromSums, *, alpha: float = 0.05, seed: int = 0, draws: int = 0
) -> tuple[Floats, Floats]:
    """(rows,) values, and (rows, rows) two-sided p of every paired difference.

    Where the metric is a sum of one contribution per subject, swapping two subjects flips the
    sign of a difference, and p is bounded by 2 exp(-t²/2Σd²) (Hoeffding 1963). Pairs
    that the bound alone makes significant after Holm's correction keep the bound as their p.

    Args:
        tables: (rows, subjects, K) sums. alpha: what decides how many draws are needed.
        draws: as many for every pair, one of `ROUNDS`; 0 for as many as each pair needs.
    """
    rows, count, _ = tables.shape
    points = np.asarray(from_sums(tables.sum(1)), np.float64)
    if rows < 2 or count < 2:
        return points, np.ones((rows, rows))
    open_ = np.triu(np.abs(points[:, None] - points) > TIE, 1)
    bound = np.ones((rows, rows))
    pairs = rows * (rows - 1) // 2
    parts = contributions(tables, from_sums)
    exact = count <= EXACT
    if parts is not None and not exact:
        bound = np.where(open_, _hoeffding(points, parts), 1.0)
        open_ &= (bound * pairs > alpha) | bool(draws)
    p, larger, done = bound.copy(), np.zeros((rows, rows)), 0
    rounds = (draws,) if draws else _rounds(int(open_.sum()), alpha, parts is None)
    for number in (1 << (count - 1),) if exact else rounds:
        for signs in _signs(count, done, number, seed):
            if parts is not None:
                larger += _linear(parts @ signs.T, points, open_)
            else:
                larger += _swapped(tables, from_sums, signs, points, open_)
        done = number
        found = larger / number if exact else (larger + 1) / (number + 1)
        p = np.where(open_, np.minimum(found, bound), p)
        open_ = open_ & (larger < ENOUGH.get(number, 0))
    return points, np.triu(p, 1) + np.triu(p, 1).T + np.eye(rows)


def _rounds(pairs: int, alpha: float, needed: bool) -> tuple[int, ...]:
    """Numbers of draws, the last of which can fall below Holm's smallest threshold, alpha / pairs.

    None where no number of draws would do and a bound is there instead (not `needed`).
    """
    for last, draws in enumerate(ROUNDS[1:], start=2):
        if alpha * (draws + 1) >= pairs:
            return ROUNDS[:last]
    return ROUNDS[:1] if needed else ()


def contributions(tables: Floats, from_sums: FromSums) -> Floats | None:
    """(rows, subjects) contributions that add up to each row's value, up to one constant for all.

    None where the metric is not such a sum on these rows; checked on sixteen random exchanges
    of subjects between rows.
    """
    rows, count, _ = tables.shape
    base = tables.mean(0)
    whole = base.sum(0)
    zero = float(from_sums(whole))
    parts = np.asarray(from_sums(whole + (tables - base)), np.float64) - zero
    generator = np.random.default_rng(0)
    chosen = generator.integers(rows, size=(16, count))
    everyone = np.arange(count)
    mixed = np.array([tables[own, everyone].sum(0) for own in chosen])
    found = np.concatenate([from_sums(mixed), from_sums(tables.sum(1))])
    expected = np.concatenate(
        [[parts[own, everyone].sum() for own in chosen], parts.sum(1)]
    )
    fits = np.allclose(found - zero, expected, rtol=1e-9, atol=1e-9)
    return parts if fits and np.isfinite(parts).all() else None


def _hoeffding(points: Floats, parts: Floats) -> Floats:
    """Upper bound of the exact p of every pair whose difference is a signed sum."""
    norms = (parts**2).sum(1)
    both = norms[:, None] + norms
    squares = np.maximum(both - 2 * parts @ parts.T, 0.0) + 1e-12 * both  # of rounding
    gap = (points[:, None] - points) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        bound = np.where(gap > 0, 2 * np.exp(-gap / (2 * squares)), 1.0)
    return np.asarray(np.minimum(np.nan_to_num(bound, nan=1.0), 1.0), np.float64)


def _linear(sums: Floats, points: Floats, wanted: NDArray[Any]) -> Floats:
    """How many of (rows, draws) signed sums differ at least as much as the rows themselves."""
    larger = np.zeros(wanted.shape)
    gap = np.abs(points[:, None] - points)
    for row in np.flatnonzero(wanted.any(1)):
        others = np.flatnonzero(wanted[row])
        apart = np.abs(sums[row] - sums[others])
        larger[row, others] = (apart >= gap[row, others][:, None] - TIE).sum(1)
    return larger


def _swapped(
    tables: Floats, from_sums: FromSums, signs: Floats, points: Floats, wanted: NDArray[Any]
) -> Floats:
    """The same for any metric of sums: subjects with sign -1 are swapped between two rows."""
    larger = np.zeros(wanted.shape)
    gap = np.abs(points[:, None] - points)
    signed = np.einsum("pc,rck->rpk", signs, tables, optimize=True)
    whole = tables.sum(1)
    for row in np.flatnonzero(wanted.any(1)):
        for other in np.flatnonzero(wanted[row]):
            middle = (whole[row] + whole[other]) / 2
            half = (signed[row] - signed[other]) / 2
            apart = np.abs(from_sums(middle + half) - from_sums(middle - half))
            larger[row, other] = (apart >= gap[row, other] - TIE).sum()
    return larger


def _signs(count: int, start: int, stop: int, seed: int) -> list[Floats]:
    """Sign vectors in chunks: all of them up to a common sign, or drawn ones number start to stop.

    Drawn ones come in blocks of fixed size, each with its own stream, so that more draws extend
    fewer draws.
    """
    if count <= EXACT:
        return [_every_sign(count)]
    block = 1000
    first, last = (start + 1) // block, (stop + 1) // block
    made = [_block(count, number, seed, block) for number in range(first, last)]
    if start == 0:
        made[0] = made[0][1:]  # the observed order is the one that is added to both counts
    size = max(1, CHUNK // (block * count))
    return [np.concatenate(made[i : i + size]) for i in range(0, len(made), size)]


@lru_cache(maxsize=4)
def _every_sign(count: int) -> Floats:
    return np.array([(1, *rest) for rest in product((1, -1), repeat=count - 1)], np.float64)


@lru_cache(maxsize=64)
def _block(count: int, number: int, seed: int, size: int) -> Floats:
    generator = np.random.default_rng([seed, 2, number])
    return generator.choice([-1.0, 1.0], size=(size, count))
