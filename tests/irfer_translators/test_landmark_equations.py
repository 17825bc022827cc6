"""Landmarks written out: mirrored points, moved images, peaks, and what the trainings draw."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from irfer_bench.api import UsageError
from irfer_bench.testing.memory import MemoryContext
from irfer_translators.diffusion import domain_training, landmark_training
from irfer_translators.diffusion.frames import FrameBank
from irfer_translators.diffusion.landmark_net import (
    FLIPPED,
    StemmedUNet,
    augment,
    build_landmark_net,
    heat_maps,
    normalized_error,
    peaks,
)
from irfer_translators.diffusion.process import VPProcess

PROCESS = VPProcess.linear(1000, 1e-4, 0.02)


def test_mirrored_points_are_those_of_the_68_point_annotation() -> None:
    """Pairs of 300-W's markup (Sagonas et al., 2016), counted from 0; the rest lies in between."""
    pairs = {
        **{k: 16 - k for k in range(8)}, **{k: 43 - k for k in range(17, 22)},
        31: 35, 32: 34, 36: 45, 37: 44, 38: 43, 39: 42, 40: 47, 41: 46,
        48: 54, 49: 53, 50: 52, 55: 59, 56: 58, 60: 64, 61: 63, 65: 67,
    }  # fmt: skip
    assert len(pairs) == 29
    mirrored = {**pairs, **{b: a for a, b in pairs.items()}}
    assert list(FLIPPED) == [mirrored.get(k, k) for k in range(68)]


def moves(strength: float, count: int = 400) -> tuple[Tensor, Tensor, Tensor]:
    """The linear part and the shift of each augmentation, and which of them mirror."""
    generator = torch.Generator().manual_seed(5)
    points = torch.rand((1, 68, 2), generator=generator).expand(count, -1, -1)
    images = torch.zeros(count, 3, 8, 8)
    _, moved = augment(images, points, torch.Generator().manual_seed(0), strength)
    points, moved = points.double(), moved.double()
    own, other = 2 * points - 1, 2 * points[:, list(FLIPPED)] - 1
    other = other * torch.tensor([-1.0, 1.0])
    found, rest = [], []
    for start in (own, other):
        known = torch.cat([start, torch.ones(count, 68, 1, dtype=torch.float64)], -1)
        solved = torch.linalg.lstsq(known, 2 * moved - 1).solution
        found.append(solved)
        rest.append((known @ solved - (2 * moved - 1)).abs().amax((1, 2)))
    flip = rest[1] < rest[0]
    assert float(torch.minimum(*rest).max()) < 1e-5
    chosen = torch.where(flip[:, None, None], found[1], found[0])
    return chosen[:, :2].mT, chosen[:, 2], flip


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_half_ranges_of_an_augmentation_are_a_tenth_and_fifteen_degrees(strength: float) -> None:
    linear, offset, flip = moves(strength)
    factor = torch.linalg.det(linear).sqrt()
    angle = torch.atan2(linear[:, 1, 0], linear[:, 0, 0]).rad2deg()
    torch.testing.assert_close(linear[:, 0, 0], linear[:, 1, 1], atol=1e-5, rtol=0)
    torch.testing.assert_close(linear[:, 0, 1], -linear[:, 1, 0], atol=1e-5, rtol=0)
    # Images are [-1, 1] here, so that a tenth of a side is 0.2.
    for found, half in ((factor - 1, 0.1), (angle, 15.0), (offset[:, 0], 0.2), (offset[:, 1], 0.2)):
        low, high = float(found.min()), float(found.max())
        assert -half * strength <= low + 1e-5 and high - 1e-5 <= half * strength
        assert low < -0.95 * half * strength and high > 0.95 * half * strength
    assert 150 < int(flip.sum()) < 250


def test_without_strength_images_are_only_mirrored() -> None:
    linear, offset, _ = moves(0.0)
    eye = torch.eye(2, dtype=linear.dtype).expand_as(linear)
    torch.testing.assert_close(linear, eye, atol=1e-6, rtol=0)
    assert float(offset.abs().max()) < 1e-6
    images = torch.rand(8, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    points = torch.rand(8, 68, 2)
    same, moved = augment(images, points, torch.Generator().manual_seed(0), 0.0)
    flip = (moved - points).abs().amax((1, 2)) > 1e-3
    expected = torch.where(flip[:, None, None, None], images.flip(-1), images)
    torch.testing.assert_close(same, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("sigma", [0.8, 1.0, 2.0])
def test_a_heat_map_is_a_gaussian_of_amplitude_one(sigma: float) -> None:
    points = torch.tensor([[[0.3, 0.6], [0.05, 0.9]]], dtype=torch.float64)
    maps = heat_maps(points, 16, sigma)
    for p, (u, v) in enumerate(points[0].tolist()):
        for y in (0, 5, 15):
            for x in (0, 4, 15):
                squared = (x + 0.5 - 16 * u) ** 2 + (y + 0.5 - 16 * v) ** 2
                expected = math.exp(-squared / (2 * sigma**2))
                assert float(maps[0, p, y, x]) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert torch.equal(heat_maps(points, 16), heat_maps(points, 16, 1.0))


def test_peaks_of_gaussians_are_found_between_cells_and_at_borders() -> None:
    generator = torch.Generator().manual_seed(2)
    points = 0.1 + 0.8 * torch.rand((2, 68, 2), generator=generator)
    torch.testing.assert_close(peaks(heat_maps(points, 24)), points, atol=1e-4, rtol=0)
    edges = torch.tensor([[[0.0, 0.5], [1.0, 0.5], [0.5, 0.0], [0.5, 1.0]]])
    found = peaks(heat_maps(edges, 24))
    assert float((found - edges).abs().max()) <= 1 / 24
    assert found.min() >= 0 and found.max() <= 1
    flat = peaks(torch.zeros(1, 1, 4, 6)[..., :4])
    assert torch.isfinite(flat).all()


def test_errors_are_means_over_points_by_the_distance_of_the_outer_eye_corners() -> None:
    true = torch.rand(2, 68, 2, generator=torch.Generator().manual_seed(3))
    true[:, 36], true[:, 45] = torch.tensor([0.1, 0.4]), torch.tensor([0.4, 0.8])  # 0.5 apart
    found = true.clone()
    found[0, 7] += torch.tensor([0.3, 0.4])  # one point half a unit off
    assert normalized_error(found, true).tolist() == pytest.approx([1 / 68, 0.0])
    assert torch.isfinite(normalized_error(found, torch.zeros_like(true))).all()


@pytest.mark.parametrize(
    ("name", "size", "asked"), [("unet", 48, 32), ("mini", 20, 8), ("unet", 33, 32)])
def test_a_size_that_a_network_cannot_halve_is_refused(name: str, size: int, asked: int) -> None:
    said = f"landmark net '{name}' needs a size divisible by {asked}, got {size}"
    with pytest.raises(UsageError, match=said):
        build_landmark_net(name, size)


def test_attention_of_the_large_network_is_on_the_grid_of_16() -> None:
    with torch.device("meta"):
        for side, place in ((64, 2), (16, 0)):
            kinds = [type(block).__name__ for block in StemmedUNet(side).net.down_blocks]
            assert [k for k, kind in enumerate(kinds) if kind == "AttnDownBlock2D"] == [place]


def bank(value: int, count: int) -> FrameBank:
    """Images and landmarks that tell their bank by one value."""
    pixels = np.full((count, 8, 8, 3), value, np.uint8)
    pixels[:, 0, 0] = np.arange(count)[:, None]
    return FrameBank(pixels, np.arange(count + 1), np.full((count, 68, 2), value, np.float32))


@pytest.mark.parametrize(("count", "parts"), [(8, (4, 4)), (9, (4, 5)), (1, (0, 1))])
def test_the_landmark_training_draws_both_domains_in_equal_parts(
    count: int, parts: tuple[int, int]
) -> None:
    banks = [bank(50, 3), bank(200, 40)]
    images, points = landmark_training.draw(banks, count, np.random.default_rng(0), "cpu")
    assert points[:, 0, 0].tolist() == [50.0] * parts[0] + [200.0] * parts[1]
    grey = (127.5 * (images[:, 0, 4, 4] + 1)).round().int().tolist()
    assert grey == [50] * parts[0] + [200] * parts[1]
    alone, _ = landmark_training.draw(banks[1:], 30, np.random.default_rng(0), "cpu")
    assert len(alone) == 30 and len(alone[:, 0, 0, 0].unique()) > 10


def test_the_domain_training_draws_both_domains_and_mirrors_half() -> None:
    images, domain = domain_training.draw(
        (bank(50, 3), bank(200, 40)), 101, np.random.default_rng(0), "cpu")
    assert domain.tolist() == [0] * 51 + [1] * 50
    assert ((127.5 * (images[:, 0, 4, 4] + 1)).round() == torch.where(domain == 0, 50, 200)).all()
    plain = images[:, 0, 0, 0] != images[:, 0, 4, 4]
    assert 30 < int(plain.sum()) < 70


class Oracle(nn.Module):
    """Knows an image's domain by its brightness, and where a bank's landmarks are."""

    def classify(self, x: Tensor, t: Tensor) -> Tensor:
        self.levels = [*getattr(self, "levels", []), *t.tolist()]
        bright = x.mean((1, 2, 3))
        return torch.stack([-bright, bright], 1)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        self.levels = [*getattr(self, "levels", []), *t.tolist()]
        return heat_maps(torch.full((len(x), 68, 2), 0.5), 16)


def test_the_domain_classifier_is_probed_on_64_images_at_each_level() -> None:
    net: Any = Oracle()
    found = domain_training.probe(
        net, (bank(10, 3), bank(245, 3)), PROCESS, [0, 100, 999], MemoryContext())
    assert list(found) == [f"domain_accuracy_t{level}" for level in (0, 100, 999)]
    assert net.levels == [0] * 64 + [100] * 64 + [999] * 64
    assert found["domain_accuracy_t0"] == 1.0 > found["domain_accuracy_t999"] > 0.3
    assert domain_training.PROBES == landmark_training.PROBES == (0, 100, 300, 499, 700)


def test_the_landmark_network_is_probed_beside_the_mean_face() -> None:
    """NME of landmarks that all lie in the middle, of images whose landmarks are there or not."""
    points = np.full((4, 68, 2), 0.5, np.float32)
    points[:, 36, 0], points[:, 45, 0] = 0.25, 0.75
    there = FrameBank(np.zeros((4, 8, 8, 3), np.uint8), np.arange(5), points)
    net: Any = Oracle()
    found = landmark_training.probe(net, [there], PROCESS, [0, 300], MemoryContext())
    assert list(found) == ["landmark_nme_mean", "landmark_nme_t0", "landmark_nme_t300"]
    assert found["landmark_nme_mean"] == pytest.approx(0.0, abs=1e-6)
    assert found["landmark_nme_t0"] == pytest.approx(2 * 0.25 / 68 / 0.5, rel=1e-3)
    assert net.levels == [0] * 32 + [300] * 32
    moved = FrameBank(there.pixels, there.first, points + np.float32(0.1))
    both = landmark_training.probe(net, [there, moved], PROCESS, [], MemoryContext())
    off = math.hypot(0.05, 0.05) / 0.5
    assert list(both) == ["landmark_nme_mean"]
    assert both["landmark_nme_mean"] == pytest.approx(off, rel=1e-4), "the mean of both banks"
