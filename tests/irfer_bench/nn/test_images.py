"""Pixels to tensors and back, and work in the precision of the context."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from irfer_bench.api import ContractError, UsageError
from irfer_bench.nn import device
from irfer_bench.nn.images import resize, to_frames, to_tensor
from irfer_bench.testing.memory import MemoryContext


def test_every_pixel_value_survives_the_round_trip() -> None:
    frames = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, -1)
    frames.flags.writeable = False
    x = to_tensor(frames)
    assert x.shape == (1, 3, 16, 16)
    assert (float(x.min()), float(x.max())) == (-1.0, 1.0)
    assert (to_frames(x) == frames).all()


def test_values_are_clamped_and_halves_round_up() -> None:
    x = torch.tensor([-3.0, 5.0, 0.0, (2 * 41.4 - 255) / 255])
    out = to_frames(x.view(1, 1, 1, 4).expand(1, 3, 1, 4))
    # 0 is 127.5 of 255, exactly between two values.
    assert out[0, 0, :, 0].tolist() == [0, 255, 128, 41]


def test_resizing_keeps_flat_images_flat_and_shapes_right() -> None:
    flat = np.full((2, 30, 20, 3), 77, np.uint8)
    x = to_tensor(flat, 16)
    assert x.shape == (2, 3, 16, 16)
    back = to_frames(x, (30, 20))
    assert back.shape == flat.shape
    assert (back == 77).all()


def test_autocast_follows_the_context() -> None:
    a = torch.ones(2, 2)
    with device.autocast(MemoryContext(precision="fp32")):
        assert (a @ a).dtype == torch.float32
    with device.autocast(MemoryContext(precision="bf16")):
        assert (a @ a).dtype == torch.bfloat16
    with pytest.raises(UsageError, match="fp8"):
        device.autocast(MemoryContext(precision="fp8"))


@pytest.mark.parametrize(("shape", "kind"), [
    ((2, 8, 8, 3), np.uint16), ((8, 8, 3), np.uint8), ((2, 8, 8, 1), np.uint8),
    ((2, 8, 8), np.uint16)])
def test_frames_that_preparation_has_not_converted_are_refused(
    shape: tuple[int, ...], kind: type
) -> None:
    found = rf"frames are \({', '.join(map(str, shape))}\) of {kind.__name__}, not \(T, H, W, 3\)"
    with pytest.raises(ContractError, match=found) as caught:
        to_tensor(np.zeros(shape, kind))
    assert "preparation converts them" in caught.value.hint


@pytest.mark.parametrize("size", [(7, 11), (40, 24), (20, 30)])
def test_resizing_is_pillow_s_bicubic(size: tuple[int, int]) -> None:
    """With antialiasing where it shrinks; pixels are squares, so corners are not aligned."""
    channel = np.random.default_rng(0).normal(size=(20, 30)).astype(np.float32)
    theirs = Image.fromarray(channel, mode="F").resize(size[::-1], Image.Resampling.BICUBIC)
    ours = resize(torch.from_numpy(channel)[None, None], size)
    np.testing.assert_allclose(ours[0, 0].numpy(), np.asarray(theirs), atol=1e-5)
