"""Random views draw what torchvision draws, from their own generator; centre views are exact."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import RandomResizedCrop
from torchvision.transforms.v2 import functional as V

from irfer_bench.nn import views
from irfer_bench.nn.views import RandomView, centre_view, draw_rectangles, erase

FRAMES = [
    np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    for seed, shape in enumerate([(64, 64, 3), (40, 70, 3), (300, 20, 3), (9, 200, 3)])
]


TINY = [np.full(shape, 9, np.uint8) for shape in ((1, 1, 3), (2, 3, 3), (3, 1, 3))]


@pytest.mark.parametrize("area", [(0.08, 1.0), (0.8, 1.0)])
def test_crops_of_frames_are_torchvision_s_draw_for_draw(area: tuple[float, float]) -> None:
    crop = RandomResizedCrop(
        [24, 24], scale=area, ratio=(3 / 4, 4 / 3), interpolation=InterpolationMode.BICUBIC,
        antialias=True,
    )  # fmt: skip
    expected = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        for frame in (FRAMES + TINY) * 5:
            x = crop(torch.from_numpy(frame).permute(2, 0, 1))
            expected.append(x.flip(-1) if torch.rand(()) < 0.5 else x)
    torch.manual_seed(1)  # the global generator has no say
    got = RandomView(24, area).of_frames((FRAMES + TINY) * 5, torch.Generator().manual_seed(7))
    assert got.dtype == torch.uint8
    assert torch.equal(got, torch.stack(expected))


def test_random_views_leave_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    view, generator = RandomView(16), torch.Generator().manual_seed(0)
    view.of_frames(FRAMES, generator)
    view.of_tensors(torch.rand(4, 3, 16, 16, generator=generator), generator)
    assert torch.equal(torch.get_rng_state(), before)


def test_centre_views_of_a_batch_equal_those_of_each_image() -> None:
    same = [FRAMES[1]] * 2 + [FRAMES[1][:, ::-1]]
    for frames in (FRAMES, same):
        together = centre_view(frames, 24)
        for frame, view in zip(frames, together, strict=True):
            x = torch.from_numpy(frame.copy()).permute(2, 0, 1)
            x = V.resize(x, [24], interpolation=InterpolationMode.BICUBIC, antialias=True)
            assert torch.equal(view, V.center_crop(x, [24, 24]))
    assert torch.equal(centre_view(FRAMES[:1], 64)[0].permute(1, 2, 0), torch.tensor(FRAMES[0]))


def test_the_views_of_tensors_show_their_rectangles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of images whose channels are the shares of the way across and down."""
    share = (torch.arange(20) + 0.5) / 20
    across, down = share.expand(20, 20), share[:, None].expand(20, 20)
    x = torch.stack([across, down, across * 0]).repeat(3, 1, 1, 1)
    height, width = torch.tensor([0.5, 1.0, 0.3]), torch.tensor([0.4, 1.0, 0.6])
    top, left = torch.tensor([0.2, 0.0, 0.7]), torch.tensor([0.1, 0.0, 0.25])
    given = []

    def pretend(*args: object) -> tuple[torch.Tensor, ...]:
        given.append(args[:3])
        return height, width, top, left

    monkeypatch.setattr(views, "draw_rectangles", pretend)
    for flip in (0.0, 1.0):
        made = RandomView(20, (0.2, 0.9), (0.5, 2.0), flip).of_tensors(x, torch.Generator())
        seen = share.flip(0) if flip else share
        edge = (0.025, 0.975)  # the border is repeated
        columns = (left[:, None] + width[:, None] * seen).clamp(*edge)
        rows = (top[:, None] + height[:, None] * share).clamp(*edge)
        torch.testing.assert_close(made[:, 0], columns[:, None, :].expand(3, 20, 20))
        torch.testing.assert_close(made[:, 1], rows[:, :, None].expand(3, 20, 20))
    assert given == [(3, (0.2, 0.9), (0.5, 2.0))] * 2
    assert RandomView(8).of_tensors(x, torch.Generator()).shape == (3, 3, 8, 8)


def test_half_of_the_tensors_are_mirrored() -> None:
    """A gradient from left to right; mirrored ones fall."""
    x = torch.linspace(0, 1, 8).expand(400, 1, 8, 8)
    made = RandomView(8).of_tensors(x, torch.Generator().manual_seed(0))
    falling = (made[:, 0, 0, 0] > made[:, 0, 0, -1]).float()
    assert float(falling.mean()) == pytest.approx(0.5, abs=0.1)


def test_rectangles_have_areas_and_ratios_evenly_drawn_and_lie_in_the_image() -> None:
    """Areas evenly, ratios evenly on a logarithmic scale, as torchvision draws them."""
    generator = torch.Generator().manual_seed(0)
    height, width, top, left = draw_rectangles(4000, (0.1, 0.3), (0.5, 2.0), generator)
    area, ratio = height * width, (width / height).log()
    assert (float(area.min()), float(area.max())) == pytest.approx((0.1, 0.3), abs=0.002)
    assert float(area.mean()) == pytest.approx(0.2, abs=0.005)
    assert float(ratio.min()) == pytest.approx(log(0.5), abs=0.01)
    assert float(ratio.max()) == pytest.approx(log(2.0), abs=0.01)
    assert float(ratio.mean()) == pytest.approx(0.0, abs=0.03)
    assert abs(float(torch.corrcoef(torch.stack([area, ratio]))[0, 1])) < 0.05
    for start, size in ((top, height), (left, width)):
        share = start / (1 - size)
        assert float(share.min()) >= 0
        assert float(share.max()) <= 1
        assert float(share.mean()) == pytest.approx(0.5, abs=0.02)


def test_a_rectangle_that_does_not_fit_is_drawn_anew_and_the_image_taken_in_the_end() -> None:
    generator = torch.Generator().manual_seed(0)
    height, width, top, left = draw_rectangles(2000, (0.3, 0.9), (0.2, 5.0), generator)
    assert float(torch.max(height, width).max()) <= 1
    whole = height * width == 1
    assert float(whole.float().mean()) < 0.03
    assert float((height * width)[~whole].max()) < 0.9
    assert float(torch.min(top, left).min()) >= 0
    assert float(torch.max(top + height, left + width).max()) <= 1 + 1e-6
    for ratio in ((2.0, 3.0), (0.3, 0.5)):
        none = draw_rectangles(5, (0.95, 1.0), ratio, generator)
        assert [own.tolist() for own in none] == [[1.0] * 5] * 2 + [[0.0] * 5] * 2


def test_rectangles_of_two_to_thirty_three_percent_are_erased() -> None:
    """RandomErasing's defaults in torchvision: scale (0.02, 0.33) and ratio (0.3, 3.3)."""
    x = torch.full((400, 2, 60, 40), 5.0)
    generator = torch.Generator().manual_seed(0)
    made = erase(x, 1.0, generator)
    assert set(made.unique().tolist()) == {0.0, 5.0}
    assert torch.equal(made[:, 0], made[:, 1])
    hole = made[:, 0] == 0
    share = hole.float().mean((1, 2))
    assert float(share.min()) == pytest.approx(0.02, abs=0.01)
    assert float(share.max()) == pytest.approx(0.33, abs=0.02)
    assert float(share.mean()) == pytest.approx(0.17, abs=0.02)
    rows, columns = hole.any(2).float().mean(1), hole.any(1).float().mean(1)
    torch.testing.assert_close(rows * columns, share)  # a rectangle
    ratio = (columns / rows)[share > 0.1].log()
    assert float(ratio.min()) == pytest.approx(log(0.3), abs=0.2)
    assert float(ratio.max()) == pytest.approx(log(3.3), abs=0.2)
    place = hole.float().mean(0)
    edges = [float(edge.mean()) for edge in (place[0], place[-1], place[:, 0], place[:, -1])]
    assert 0 < min(edges) < max(edges) < float(place[30, 20])
    assert torch.equal(erase(x, 0.0, generator), x)
    some = (erase(x, 0.25, generator) == 0).any(3).any(2).any(1).float()
    assert float(some.mean()) == pytest.approx(0.25, abs=0.06)
