"""Distance of two domains in a recognizer's features: MMD, Gaussian KL, posterior KL.

The PCA letter only says "lower KL divergence and MMD"; the definitions are ours. x is
the translated (or visible) side and y the true target side throughout, and item i of one is the
partner of item i of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from irfer_bench.api import Params, ScoreInputs, UnavailableError

Floats: TypeAlias = NDArray[np.float64]

SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)  # of the median bandwidth, for the five-kernel mean
MOST_ITEMS = 2000  # per domain; more are subsampled with a fixed seed
KL_DIMENSIONS = 64


def median_gamma(x: NDArray[Any], y: NDArray[Any]) -> float:
    """1 / median of the squared distances between different rows of the pooled features."""
    pooled = np.concatenate([x, y])
    distances = _squared_distances(pooled, pooled)
    middle = float(np.median(distances[np.triu_indices(len(pooled), 1)]))
    if middle == 0:
        raise UnavailableError("more than half of the features are equal: no bandwidth")
    return 1 / middle


def mmd2_rbf(x: NDArray[Any], y: NDArray[Any], gamma: float | None = None) -> float:
    """Unbiased MMD² with one RBF kernel (Gretton et al. 2012, JMLR 13, eq 3); may be negative."""
    return _mmd2(_rbf(x, y, [median_gamma(x, y) if gamma is None else gamma]))


def mmd2_rbf_biased(x: NDArray[Any], y: NDArray[Any], gamma: float | None = None) -> float:
    """Biased MMD² (V-statistic) with one RBF kernel (Gretton et al. 2012, eq 5)."""
    return _mmd2_biased(_rbf(x, y, [median_gamma(x, y) if gamma is None else gamma]))


def mmd2_rbf5(x: NDArray[Any], y: NDArray[Any]) -> float:
    """Unbiased MMD² with the mean of five RBF kernels at 1/4 to 4 times the median gamma.

    x and y are independent of each other; for partners see `mmd2_rbf5_partners`.
    """
    return _mmd2(_rbf5(x, y))


def mmd2_rbf5_partners(x: NDArray[Any], y: NDArray[Any]) -> float:
    """The same kernels where y[i] is the partner of x[i] (Gretton et al. 2012, Lemma 6).

    k(x_i, y_i) is left out: partners are alike because they show the same moment, and with them
    the estimate lies below zero where both domains have one law.
    """
    return _mmd2_partners(_rbf5(x, y))


def mmd2_rbf5_biased(x: NDArray[Any], y: NDArray[Any]) -> float:
    """Biased MMD² with the same five kernels."""
    return _mmd2_biased(_rbf5(x, y))


def mmd2_linear(x: NDArray[Any], y: NDArray[Any]) -> float:
    """|mean x - mean y|²: MMD² with the linear kernel, the cheap variant."""
    gap = np.asarray(x, np.float64).mean(0) - np.asarray(y, np.float64).mean(0)
    return float(gap @ gap)


def kid_poly3(x: NDArray[Any], y: NDArray[Any]) -> float:
    """Unbiased MMD² with (x·y / D + 1)³, KID's kernel (Binkowski et al. 2018), on any features."""
    width = x.shape[1]
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    kernels = tuple((p @ q.T / width + 1) ** 3 for p, q in ((a, a), (b, b), (a, b)))
    return _mmd2(kernels)


def frechet(x: NDArray[Any], y: NDArray[Any]) -> float:
    """Fréchet distance of two Gaussians, FID's formula (Heusel et al. 2017, eq 6).

    tr (Sx Sy)^½ is the sum of the roots of the eigenvalues of Sx Sy, which are not negative.
    """
    sx, sy = (np.asarray(np.cov(z, rowvar=False), np.float64) for z in (x, y))
    roots = np.sqrt(np.maximum(np.linalg.eigvals(sx @ sy).real, 0.0))
    return mmd2_linear(x, y) + float(np.trace(sx) + np.trace(sy) - 2 * roots.sum())


def kl_gauss_oneway(x: NDArray[Any], y: NDArray[Any], ridge: float = 1e-6) -> float:
    """KL(N_x || N_y) in nats, sample covariances (n - 1) plus `ridge` I."""
    eye = ridge * np.eye(x.shape[1])
    return _kl_gauss(
        np.mean(x, 0), np.cov(x, rowvar=False) + eye, np.mean(y, 0), np.cov(y, rowvar=False) + eye
    )


def kl_gauss_sym(x: NDArray[Any], y: NDArray[Any]) -> float:
    """KL(N_x || N_y) + KL(N_y || N_x) in nats (Jeffreys), Ledoit-Wolf covariances."""
    from sklearn.covariance import ledoit_wolf

    (mx, sx), (my, sy) = ((np.mean(z, 0), ledoit_wolf(z)[0]) for z in (x, y))
    return _kl_gauss(mx, sx, my, sy) + _kl_gauss(my, sy, mx, sx)


def kl_posterior(log_p: NDArray[Any], log_q: NDArray[Any]) -> Floats:
    """(N,) KL(p || q) in nats of class posteriors given as log-probabilities."""
    p, q = np.asarray(log_p, np.float64), np.asarray(log_q, np.float64)
    gap = np.where(np.exp(p) > 0, p - q, 0.0)
    return np.asarray((np.exp(p) * gap).sum(-1), np.float64)


class AlignmentMetric:
    """A metric of the two partners' embeddings; lower is closer."""

    consumes: frozenset[str] = frozenset({"features"})
    direction: Literal["higher", "lower", "none"] = "lower"
    unit: str = ""
    range: tuple[float, float] = (0.0, float("inf"))

    def __init__(self, params: Params | None = None) -> None:
        self.params = params


class KernelMetric(AlignmentMetric):
    """Five-kernel unbiased MMD² of partners on L2-normalised features: `mmd2_rbf5_partners`.

    Version 1 kept k(x_i, y_i) and was biased downwards. A resample keeps the bandwidths of the
    whole sample, and leaves out the pairs an item makes with its own copies: they would make any
    resample look less alike than the sample.
    """

    range = (-float("inf"), float("inf"))

    def compute(self, inputs: ScoreInputs, index: NDArray[Any] | None = None) -> float:
        """Raises UnavailableError where the recognizer has no features of both partners."""
        x, y = unit_features(inputs)
        kernels = inputs.once("alignment.rbf5", lambda: _rbf5(x, y))
        return _mmd2_partners(kernels, None if index is None else _times(index, inputs))


class LinearMmd(AlignmentMetric):
    """Linear MMD² on L2-normalised features: `mmd2_linear`."""

    range = (0.0, 4.0)

    def compute(self, inputs: ScoreInputs, index: NDArray[Any] | None = None) -> float:
        """Raises UnavailableError where the recognizer has no features of both partners."""
        x, y = unit_features(inputs)
        if index is None:
            return mmd2_linear(x, y)
        times = _times(index, inputs)
        gap = times @ (x - y) / times.sum()
        return float(gap @ gap)


class GaussianKl(AlignmentMetric):
    """Symmetric KL of Gaussians after PCA of the pooled features to 64 dimensions.

    Announced with `resamples` 0: subjects drawn twice shrink the covariances, so resamples lie
    too high and there is no interval.
    """

    unit = "nats"

    def compute(self, inputs: ScoreInputs, index: NDArray[Any] | None = None) -> float:
        """Raises UnavailableError where the recognizer has no features of both partners."""
        x, y = inputs.once("alignment.pca", lambda: _principal(*features(inputs)))
        return kl_gauss_sym(x, y) if index is None else kl_gauss_sym(x[index], y[index])


class PosteriorKl(AlignmentMetric):
    """Mean KL(p_vis || p_nir) of class posteriors over pairs, p_vis from the translated partner."""

    consumes = frozenset({"pair_scores", "pair_target_scores"})
    unit = "nats"

    def compute(self, inputs: ScoreInputs, index: NDArray[Any] | None = None) -> float:
        """Raises UnavailableError where a recognizer has not judged both partners."""
        values = self._values(inputs)
        return float((values if index is None else values[index]).mean())

    def summands(self, inputs: ScoreInputs) -> Floats:
        """(pairs, 2): the pair's divergence, and 1."""
        values = self._values(inputs)
        return np.stack([values, np.ones(len(values))], axis=1)

    def from_sums(self, sums: Floats) -> Floats:
        """Means (...) from (..., 2)."""
        return np.asarray(sums[..., 0] / sums[..., 1], np.float64)

    def _values(self, inputs: ScoreInputs) -> Floats:
        p, q = inputs.pair_scores, inputs.pair_target_scores
        if p is None or q is None:
            raise UnavailableError("no recognizer has judged both test partners in this cell")
        values: Floats = inputs.once("alignment.kl_posterior", lambda: kl_posterior(p, q))
        return values


def features(inputs: ScoreInputs) -> tuple[Floats, Floats]:
    """Both partners' embeddings as float64.

    Raises:
        UnavailableError: there are none, or fewer than two pairs.
    """
    if inputs.features is None:
        raise UnavailableError("no recognizer has embedded both test partners in this cell")
    x, y = (np.asarray(f, np.float64) for f in inputs.features)
    if min(len(x), len(y)) < 2:
        raise UnavailableError("fewer than two test pairs: no distance between domains")
    return x, y


def unit_features(inputs: ScoreInputs) -> tuple[Floats, Floats]:
    """L2-normalised embeddings of at most `MOST_ITEMS` pairs, the same ones every time."""

    def build() -> tuple[Floats, Floats]:
        chosen = _chosen(len(features(inputs)[0]))
        x, y = (f[chosen] / np.linalg.norm(f[chosen], axis=1, keepdims=True).clip(1e-12)
                for f in features(inputs))
        return x, y

    pair: tuple[Floats, Floats] = inputs.once("alignment.unit", build)
    return pair


def _chosen(count: int) -> NDArray[np.int64]:
    if count <= MOST_ITEMS:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, MOST_ITEMS, replace=False))


def _times(index: NDArray[Any], inputs: ScoreInputs) -> Floats:
    """How often each chosen pair comes in a resample."""
    count = len(features(inputs)[0])
    return np.bincount(index, minlength=count)[_chosen(count)].astype(np.float64)


def _principal(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    from sklearn.decomposition import PCA

    pooled = np.concatenate([x, y])
    size = min(KL_DIMENSIONS, x.shape[1], len(pooled) - 1)
    low = PCA(size, svd_solver="full").fit_transform(pooled)
    return low[: len(x)], low[len(x) :]


def _squared_distances(x: NDArray[Any], y: NDArray[Any]) -> Floats:
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return np.asarray(np.maximum(squares, 0.0), np.float64)


def _rbf(x: NDArray[Any], y: NDArray[Any], gammas: Sequence[float]) -> tuple[Floats, ...]:
    """Kernel matrices (xx, yy, xy), averaged over bandwidths."""
    sides = ((x, x), (y, y), (x, y))
    distances = (_squared_distances(p, q) for p, q in sides)
    return tuple(np.mean([np.exp(-g * d) for g in gammas], axis=0) for d in distances)


def _rbf5(x: NDArray[Any], y: NDArray[Any]) -> tuple[Floats, ...]:
    gamma = median_gamma(x, y)
    return _rbf(x, y, [gamma * scale for scale in SCALES])


def _mmd2(kernels: tuple[Floats, ...]) -> float:
    """Σ_{i≠j} k(x_i, x_j) / n(n-1) + the same of y - 2 mean k(x, y)."""
    xx, yy, xy = kernels
    return _between(xx) + _between(yy) - 2 * float(xy.mean())


def _mmd2_partners(kernels: tuple[Floats, ...], times: Floats | None = None) -> float:
    """Σ_{i≠j} h(z_i, z_j) / n(n-1), h = k(x_i, x_j) + k(y_i, y_j) - k(x_i, y_j) - k(x_j, y_i).

    Args:
        times: how often each pair comes; a pair and its own copy are left out as i = j is.
    """
    xx, yy, xy = kernels
    return _between(xx, times) + _between(yy, times) - 2 * _between(xy, times)


def _between(kernel: Floats, times: Floats | None = None) -> float:
    """Mean of a square kernel matrix over i ≠ j; NaN where there is only one item."""
    w = np.ones(len(kernel)) if times is None else times
    pairs = w.sum() ** 2 - (w**2).sum()
    if pairs == 0:
        return float("nan")
    return float((w @ kernel @ w - w**2 @ kernel.diagonal()) / pairs)


def _mmd2_biased(kernels: tuple[Floats, ...]) -> float:
    xx, yy, xy = kernels
    return float(xx.mean() + yy.mean() - 2 * xy.mean())


def _kl_gauss(mx: Floats, sx: Floats, my: Floats, sy: Floats) -> float:
    """½ (tr Sy⁻¹Sx + (my - mx)ᵀ Sy⁻¹ (my - mx) - D + ln det Sy / det Sx)."""
    gap = my - mx
    logs = np.linalg.slogdet(sy)[1] - np.linalg.slogdet(sx)[1]
    spread = np.trace(np.linalg.solve(sy, sx)) + gap @ np.linalg.solve(sy, gap)
    return float(0.5 * (spread - len(gap) + logs))
