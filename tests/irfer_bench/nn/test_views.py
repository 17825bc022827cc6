"""Random views draw what torchvision draws, from their own generator; centre views are exact."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import RandomResizedCrop
from torchvision.transforms.v2 import functional as V

from irfer_bench.nn.views import RandomView, centre_view

FRAMES = [
    np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    for seed, shape in enumerate([(64, 64, 3), (40, 70, 3), (300, 20, 3), (9, 200, 3)])
]


@pytest.mark.parametrize("area", [(0.08, 1.0), (0.8, 1.0)])
def test_crops_of_frames_are_torchvision_s_draw_for_draw(area: tuple[float, float]) -> None:
    crop = RandomResizedCrop(
        [24, 24], scale=area, ratio=(3 / 4, 4 / 3), interpolation=InterpolationMode.BICUBIC,
        antialias=True,
    )  # fmt: skip
    expected = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        for frame in FRAMES * 5:
            x = crop(torch.from_numpy(frame).permute(2, 0, 1))
            expected.append(x.flip(-1) if torch.rand(()) < 0.5 else x)
    torch.manual_seed(1)  # the global generator has no say
    got = RandomView(24, area).of_frames(FRAMES * 5, torch.Generator().manual_seed(7))
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
