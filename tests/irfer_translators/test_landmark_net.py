"""Landmark augmentation and heat maps: what E_h is trained on must stay aligned."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from irfer_translators.diffusion.landmark_net import (
    FLIPPED,
    PriorUNet,
    augment,
    build_landmark_net,
    heat_maps,
    normalized_error,
    peaks,
)
from irfer_translators.diffusion.unet import build_unet


def test_flipping_twice_gives_the_points_back() -> None:
    assert sorted(FLIPPED) == list(range(68))
    assert [FLIPPED[k] for k in FLIPPED] == list(range(68))
    # Pairs that every annotation guide names: jaw ends, eye corners, mouth corners, nose tip.
    assert (FLIPPED[0], FLIPPED[36], FLIPPED[48], FLIPPED[60], FLIPPED[30]) == (16, 45, 54, 64, 30)


def test_landmarks_move_with_the_image() -> None:
    """A bright spot drawn at a landmark is found at the moved landmark, flips told apart."""
    generator = torch.Generator().manual_seed(3)
    points = 0.3 + 0.4 * torch.rand((16, 68, 2), generator=generator)
    k = 5
    spots = heat_maps(points, 48, sigma=1.5)[:, k : k + 1].expand(-1, 3, -1, -1)
    images, moved = augment(spots, points, torch.Generator().manual_seed(7))
    found = peaks(images[:, :1])[:, 0]
    either = torch.stack([moved[:, k], moved[:, FLIPPED[k]]], 1)
    nearest = (either - found[:, None]).norm(dim=-1).min(1).values
    assert float(nearest.max()) < 1.5 / 48
    assert float((moved[:, k] - points[:, k]).norm(dim=-1).mean()) > 2 / 48


def test_heat_maps_peak_at_the_landmark_without_rounding() -> None:
    points = torch.tensor([[[0.5, 0.25]]])
    maps = heat_maps(points, 8)
    assert maps.shape == (1, 1, 8, 8)
    # (0.5, 0.25) lies at (3.5, 1.5) on the grid: four cells share the peak.
    top = maps[0, 0, 1:3, 3:5]
    np.testing.assert_allclose(top, np.exp(-0.25), rtol=1e-6)
    np.testing.assert_allclose(float(heat_maps(points, 64).sum()), 2 * np.pi, rtol=1e-4)


def test_error_is_in_units_of_the_eye_distance() -> None:
    true = torch.zeros(1, 68, 2)
    true[:, 45, 0] = 0.5
    assert float(normalized_error(true + torch.tensor([0.05, 0.0]), true)) == pytest.approx(0.1)


@pytest.mark.parametrize(("name", "size", "grid"), [("mini", 48, 24), ("unet", 64, 16)])
def test_networks_fit_their_grids(name: str, size: int, grid: int) -> None:
    net = build_landmark_net(name, size)
    with torch.no_grad():
        assert net(torch.zeros(1, 3, size, size), torch.zeros(1)).shape == (1, 68, grid, grid)


def test_paper_presets_have_the_published_sizes() -> None:
    with torch.device("meta"):
        nets = [build_unet("t2v", 256, 6, 3), build_unet("bench_base", 256, 6, 3),
                build_landmark_net("unet", 256)]
    millions = [sum(p.numel() for p in net.parameters()) / 1e6 for net in nets]
    np.testing.assert_allclose(millions, [311.0, 93.6, 17.4], atol=0.1)


def test_the_small_network_hands_its_input_through_at_full_resolution() -> None:
    """A gain of 1 from input channel 4 to output channel 1 gives that channel, to the pixel."""
    net = build_unet("mini", 48, 6, 3)
    x = torch.randn(2, 6, 48, 48, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert float(net(x, torch.zeros(2)).abs().max()) == 0.0
        gain = 4 * (1 * 6 + 4)
        net.net.conv_out.bias[gain : gain + 4] = 1.0
        out = net(x, torch.zeros(2))
    torch.testing.assert_close(out[:, 1], x[:, 4])
    assert float(out[:, [0, 2]].abs().max()) == 0.0


def test_the_small_landmark_network_starts_at_the_mean_face() -> None:
    net = build_landmark_net("mini", 48)
    assert isinstance(net, PriorUNet)
    maps = heat_maps(torch.rand(5, 68, 2, generator=torch.Generator().manual_seed(1)), 24)
    net.set_prior(maps)
    with torch.no_grad():
        torch.testing.assert_close(net(torch.randn(1, 3, 48, 48), torch.zeros(1))[0], maps.mean(0))
