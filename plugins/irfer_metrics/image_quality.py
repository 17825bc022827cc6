"""PSNR, SSIM and LPIPS of translated images against the true ones.

Every value is of one frame (uint8 as stored, read as float64 in [0, 1]), averaged over the frames
of a clip and then over clips, so each image counts the same and every method pays the same
quantisation. Frames of a pair have one size and one number; anything else is unavailable.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from math import log10
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from irfer_bench.api import Clip, Params, ScoreInputs, UnavailableError
from irfer_metrics.lpips_weights import TRUNKS, Net, trunk_file

if TYPE_CHECKING:
    from torch import Tensor

Floats: TypeAlias = NDArray[np.float64]
Pairs: TypeAlias = Sequence[tuple[Clip, Clip]]

CAP = 100.0  # dB reported for identical images
WINDOW = 11  # of Wang's Gaussian, sigma 1.5
LPIPS_BATCH = 16


def psnr(frame: NDArray[Any], truth: NDArray[Any], peak: float = 1.0) -> float:
    """10 log10(peak² / MSE) in dB over all values of one frame; infinite where they are equal."""
    mse = float(np.mean((np.asarray(frame, np.float64) - np.asarray(truth, np.float64)) ** 2))
    return float("inf") if mse == 0 else float(10 * np.log10(peak**2 / mse))


def ssim(frame: NDArray[Any], truth: NDArray[Any], data_range: float = 1.0) -> float:
    """SSIM of Wang et al. 2004: Gaussian 11x11 of sigma 1.5, population covariance, valid region.

    Args:
        frame, truth: (H, W, C), 11 pixels or more on each side.
    """
    from skimage.metrics import structural_similarity

    return float(structural_similarity(
        np.asarray(frame, np.float64), np.asarray(truth, np.float64), gaussian_weights=True,
        sigma=1.5, use_sample_covariance=False, data_range=data_range, channel_axis=-1,
    ))


def psnr_as255(frame: NDArray[Any], truth: NDArray[Any]) -> float:
    """The scale slip suspected in NFER-SDE's tables: peak 255 on floats in [-1, 1]."""
    return psnr(_signed(frame), _signed(truth), peak=255.0)


def ssim_as255(frame: NDArray[Any], truth: NDArray[Any]) -> float:
    """The same slip in SSIM, over the whole reflected frame as torchmetrics averages it."""
    edge = ((WINDOW // 2, WINDOW // 2), (WINDOW // 2, WINDOW // 2), (0, 0))
    a, b = (np.pad(_signed(x), edge, mode="reflect") for x in (frame, truth))
    return ssim(a, b, data_range=255.0)


def lpips_distance(model: Any, frames: Tensor, truth: Tensor) -> Tensor:
    """(N,) LPIPS v0.1 of (N, 3, H, W) tensors in [-1, 1].

    Feeding [0, 1] instead lowers the value 7 to 21 times.
    """
    import torch

    with torch.inference_mode():
        distance: Tensor = model(frames, truth).flatten()
    return distance


def lpips_model(net: Net, trunk: Any) -> Any:
    """The lpips wheel's linear heads on a torchvision trunk, ready to be called.

    Args:
        trunk: an AlexNet or VGG-16 whose convolutions are taken, in module order.
    """
    import lpips
    import torch
    from torch import nn

    with warnings.catch_warnings(action="ignore"):  # lpips calls torchvision the old way
        model = lpips.LPIPS(net=net, pretrained=False, pnet_rand=True, verbose=False)
    path = Path(lpips.__file__).parent / "weights" / "v0.1" / f"{net}.pth"
    heads = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(heads, strict=False)
    ours, theirs = (
        [m for m in module.modules() if isinstance(m, nn.Conv2d)] for module in (model.net, trunk)
    )
    for own, given in zip(ours, theirs, strict=True):
        own.load_state_dict(given.state_dict())
    return model.eval().requires_grad_(False)


class ImageMetric(ABC):
    """The mean over pairs of a value of a translated clip and its truth."""

    name: str
    consumes: frozenset[str] = frozenset({"pairs"})
    direction: Literal["higher", "lower", "none"] = "higher"
    unit: str = "dB"
    range: tuple[float, float] = (0.0, float("inf"))
    margin: float = 0.0
    """Rows that differ by less than this share ranks, in the metric's unit."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params

    @abstractmethod
    def per_pair(self, pairs: Pairs) -> Floats:
        """(pairs,) means over the frames of each clip."""

    def compute(self, inputs: ScoreInputs, index: NDArray[Any] | None = None) -> float:
        """Raises UnavailableError without pairs, or where a pair's frames do not match."""
        values = self._values(inputs)
        return float((values if index is None else values[index]).mean())

    def summands(self, inputs: ScoreInputs) -> Floats:
        """(pairs, 2): the pair's value, and 1."""
        values = self._values(inputs)
        return np.stack([values, np.ones(len(values))], axis=1)

    def from_sums(self, sums: Floats) -> Floats:
        """Means (...) from (..., 2)."""
        return np.asarray(sums[..., 0] / sums[..., 1], np.float64)

    def _values(self, inputs: ScoreInputs) -> Floats:
        pairs = true_pairs(inputs)
        values: Floats = inputs.once(f"image_quality.{self.name}", lambda: self.per_pair(pairs))
        return values


class FrameMetric(ImageMetric):
    """An image metric that looks at one frame at a time."""

    @abstractmethod
    def per_frame(self, frame: Floats, truth: Floats) -> float:
        """The value of (H, W, 3) float64 frames in [0, 1]."""

    def per_pair(self, pairs: Pairs) -> Floats:
        """(pairs,) means over the frames of each clip."""
        return np.array([
            np.mean([
                self.per_frame(a / 255.0, b / 255.0) for a, b in zip(*_matched(*p), strict=True)
            ])
            for p in pairs
        ], np.float64)


class Psnr(FrameMetric):
    """PSNR per frame; identical frames count as 100 dB (`psnr_identical` says how many)."""

    name = "psnr"
    range = (0.0, CAP)
    margin = 0.1

    def per_frame(self, frame: Floats, truth: Floats) -> float:
        """In dB, capped."""
        return min(CAP, psnr(frame, truth))


class PsnrIdentical(FrameMetric):
    """Share of frames that are identical to the truth, where PSNR is capped."""

    name = "psnr_identical"
    direction = "none"
    unit = "fraction"
    range = (0.0, 1.0)
    margin = 0.01

    def per_frame(self, frame: Floats, truth: Floats) -> float:
        """1 or 0."""
        return float(np.array_equal(frame, truth))


class Ssim(FrameMetric):
    """SSIM of Wang et al. 2004, per channel, valid region."""

    name = "ssim"
    unit = ""
    range = (-1.0, 1.0)

    def per_frame(self, frame: Floats, truth: Floats) -> float:
        """Raises UnavailableError for frames smaller than the window."""
        return ssim(*_large_enough(frame, truth, WINDOW, "SSIM"))


class PsnrAs255(FrameMetric):
    """For reading published tables only: PSNR with peak 255 on [-1, 1] floats."""

    name = "psnr_as255"
    margin = 0.1

    def per_frame(self, frame: Floats, truth: Floats) -> float:
        """In dB; identical frames get the cap plus the slip's constant."""
        return min(CAP + 20 * log10(255 / 2), psnr_as255(frame, truth))


class SsimAs255(FrameMetric):
    """For reading published tables only: SSIM with L = 255 on [-1, 1] floats."""

    name = "ssim_as255"
    unit = ""
    range = (-1.0, 1.0)

    def per_frame(self, frame: Floats, truth: Floats) -> float:
        """Raises UnavailableError for frames smaller than the window."""
        return ssim_as255(*_large_enough(frame, truth, WINDOW, "SSIM"))


class Lpips(ImageMetric):
    """LPIPS v0.1 with AlexNet (Zhang et al. 2018), at the stored size."""

    name = "lpips"
    net: Net = "alex"
    direction = "lower"
    unit = ""

    def per_pair(self, pairs: Pairs) -> Floats:
        """Raises UnavailableError where the trunk's weights are not here; no torch is imported."""
        model = _pretrained(self.net)
        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
        model = model.to(device)
        means = []
        for translated, true in pairs:
            frames, truth = (
                torch.from_numpy(np.array(f)).permute(0, 3, 1, 2).float() / 127.5 - 1
                for f in _matched(translated, true)
            )
            _large_enough(frames[0, 0], frames[0, 0], 32, "LPIPS")
            values = [
                lpips_distance(model, a.to(device), b.to(device)).cpu().double()
                for a, b in zip(
                    torch.split(frames, LPIPS_BATCH), torch.split(truth, LPIPS_BATCH), strict=True
                )
            ]
            means.append(float(torch.cat(values).mean()))
        return np.array(means)


class LpipsVgg(Lpips):
    """LPIPS v0.1 with VGG-16."""

    name = "lpips_vgg"
    net = "vgg"


def true_pairs(inputs: ScoreInputs) -> Pairs:
    """(translated, true) clips.

    Raises:
        UnavailableError: there are none.
    """
    if not inputs.pairs:
        raise UnavailableError("this setting has no true partners of the translated test images")
    return inputs.pairs


def _matched(translated: Clip, true: Clip) -> tuple[NDArray[Any], NDArray[Any]]:
    a, b = translated.frames, true.frames
    if a.shape != b.shape:
        raise UnavailableError(
            f"the frames of {translated.id} are {a.shape} and those of its partner {b.shape}"
        )
    return a, b


def _large_enough(frame: Any, truth: Any, side: int, name: str) -> tuple[Any, Any]:
    if min(frame.shape[:2]) < side:
        raise UnavailableError(f"{name} needs {side} pixels a side, frames have {frame.shape[:2]}")
    return frame, truth


def _signed(frame: NDArray[Any]) -> Floats:
    return np.asarray(frame, np.float64) * 2 - 1


@lru_cache(maxsize=2)
def _pretrained(net: Net) -> Any:
    path = trunk_file(net)  # before any import of torch: most machines end here
    import torch
    import torchvision

    with torch.device("meta"):  # nothing is initialised that the file replaces
        trunk = getattr(torchvision.models, TRUNKS[net].model)(weights=None)
    tensors = torch.load(path, map_location="cpu", weights_only=True)
    trunk.load_state_dict(tensors, assign=True)
    return lpips_model(net, trunk)
