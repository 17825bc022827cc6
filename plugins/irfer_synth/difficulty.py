"""Difficulty of the embedded benchmark, measured by recognizers outside the suite.

`python -m irfer_synth.difficulty` prints the figures of docs/synthetic-benchmark.md: histograms of
oriented gradients with a ridge classifier, and with `--cnn` a small plain CNN.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from irfer_bench.api import BASIC
from irfer_synth.dataset import FOLDS, SUBJECTS
from irfer_synth.faces import Camera, draw_moments, render
from irfer_synth.identity import BENCHMARK

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEIGHBOURS = (("anger", "disgust"), ("fear", "surprise"))
Learner = Callable[[Any, Any, Any], Any]
"""(training images, training labels, test images) to predicted labels."""


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Accuracies over subject-independent folds; `confusion` is of near-infrared on itself."""

    vis_to_vis: float
    nir_to_nir: float
    vis_to_nir: float
    confusion: NDArray[Any]

    @property
    def gap(self) -> float:
        """Loss of accuracy by training on the other spectrum."""
        return self.nir_to_nir - self.vis_to_nir

    @property
    def neighbour_share(self) -> float:
        """Share of the errors that stay inside anger/disgust and fear/surprise."""
        errors = self.confusion.sum() - np.trace(self.confusion)
        at = [(BASIC.index(a), BASIC.index(b)) for a, b in NEIGHBOURS]
        inside = sum(self.confusion[i, j] + self.confusion[j, i] for i, j in at)
        return float(inside / errors) if errors else float("nan")


@cache
def draw_images(camera: Camera) -> NDArray[Any]:
    """(720, 64, 64, 3) uint8: every subject with every basic expression, subjects outer."""
    numbers = [n for n in range(1, SUBJECTS + 1) for _ in BASIC]
    return render(draw_moments(numbers, BASIC * SUBJECTS, BENCHMARK), camera, 64)[0]


def measure(learn: Learner, folds: int = FOLDS) -> Difficulty:
    """Train on one spectrum and test on another over the first `folds` published folds."""
    labels = np.tile(np.arange(len(BASIC)), SUBJECTS)
    fold = np.repeat(np.arange(SUBJECTS) % FOLDS, len(BASIC))
    vis, nir = draw_images("vis"), draw_images("nir")
    hits = {"vv": 0, "nn": 0, "vn": 0}
    confusion = np.zeros((len(BASIC), len(BASIC)), dtype=np.int64)
    for k in range(folds):
        train, test = fold != k, fold == k
        for name, a, b in (("vv", vis, vis), ("nn", nir, nir), ("vn", vis, nir)):
            predicted = learn(a[train], labels[train], b[test])
            hits[name] += int((predicted == labels[test]).sum())
            if name == "nn":
                np.add.at(confusion, (labels[test], predicted), 1)
    total = int((fold < folds).sum())
    return Difficulty(hits["vv"] / total, hits["nn"] / total, hits["vn"] / total, confusion)


def learn_gradients(train: NDArray[Any], labels: NDArray[Any], test: NDArray[Any]) -> NDArray[Any]:
    """Histograms of oriented gradients (8 bins, 8-pixel cells), standardised, ridge classifier."""
    from sklearn.linear_model import RidgeClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=3000.0, solver="cholesky"))
    model.fit(describe_gradients(train), labels)
    return np.asarray(model.predict(describe_gradients(test)))


def learn_plain_cnn(
    train: NDArray[Any], labels: NDArray[Any], test: NDArray[Any], epochs: int = 30
) -> NDArray[Any]:
    """Three convolutions on grey 48-pixel images, shifts and flips, AdamW, one cycle."""
    import torch
    from torch import nn
    from torch.nn import functional

    def grey(images: NDArray[Any]) -> torch.Tensor:
        x = torch.from_numpy(_grey(images))[:, None]
        x = functional.interpolate(x, size=48, mode="area")
        return (x - x.mean((2, 3), keepdim=True)) / x.std((2, 3), keepdim=True)

    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for narrow, wide in ((1, 12), (12, 24), (24, 48)):
        layers += [
            nn.Conv2d(narrow, wide, 3, padding=1),
            nn.BatchNorm2d(wide),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
    net = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.3), nn.Linear(48 * 36, len(BASIC)))
    x, y = grey(train), torch.from_numpy(labels)
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=0.05)
    steps = epochs * len(x) // 64
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=steps)
    for _ in range(steps):
        at = torch.randint(len(x), (64,))
        batch = x[at].flip(3) if torch.rand(()) < 0.5 else x[at]
        across, down = (int(k) for k in torch.randint(-2, 3, (2,)))
        batch = torch.roll(batch, (down, across), (2, 3)) + 0.05 * torch.randn(len(at), 1, 48, 48)
        loss = functional.cross_entropy(net(batch), y[at], label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        rate.step()
    with torch.inference_mode():
        return np.asarray(net.eval()(grey(test)).argmax(1).numpy())


def measure_images() -> tuple[float, float]:
    """Mean PSNR in dB to the true near-infrared: of identity, of the mean training image."""
    vis, nir = (draw_images(c).astype(np.float32) for c in ("vis", "nir"))
    fold = np.repeat(np.arange(SUBJECTS) % FOLDS, len(BASIC))
    means = np.stack([nir[fold != k].mean(0) for k in range(FOLDS)])
    return _psnr(vis, nir), _psnr(means[fold], nir)


def _psnr(a: NDArray[Any], b: NDArray[Any]) -> float:
    error = ((a - b) ** 2).reshape(len(a), -1).mean(1)
    return float((10 * np.log10(255.0**2 / error)).mean())


def _grey(images: NDArray[Any]) -> NDArray[Any]:
    weights = np.array((0.299, 0.587, 0.114), dtype=np.float32) / 255
    return images.astype(np.float32) @ weights


def describe_gradients(images: NDArray[Any]) -> NDArray[Any]:
    """(N, features) histograms of oriented gradients of (N, H, W, 3) uint8."""
    from skimage.feature import hog

    grey = _grey(images)
    return np.stack(
        [hog(x, orientations=8, pixels_per_cell=(8, 8), cells_per_block=(2, 2)) for x in grey]
    )


def main(arguments: list[str] | None = None) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cnn", action="store_true", help="also the small CNN (minutes)")
    parser.add_argument("--folds", type=int, default=FOLDS, choices=range(1, FOLDS + 1))
    given = parser.parse_args(arguments)
    identity, mean = measure_images()
    sys.stdout.write(
        f"PSNR to true near-infrared: identity {identity:.2f} dB, mean image {mean:.2f} dB\n"
    )
    learners = {"gradients": learn_gradients} | ({"cnn": learn_plain_cnn} if given.cnn else {})
    for name, learn in learners.items():
        d = measure(learn, given.folds)
        sys.stdout.write(
            f"{name}: vis on vis {d.vis_to_vis:.3f}, nir on nir {d.nir_to_nir:.3f}, "
            f"vis on nir {d.vis_to_nir:.3f}, gap {d.gap:.3f}, "
            f"errors among neighbours {d.neighbour_share:.2f}\n{d.confusion}\n"
        )


if __name__ == "__main__":
    main()
