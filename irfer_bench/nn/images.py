"""Conversion of frames to tensors and back, with pixel ranges and rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from irfer_bench.errors import ContractError


def to_tensor(frames: Any, size: int | None = None) -> Tensor:
    """(T, H, W, 3) uint8 as (T, 3, size, size) float32 in [-1, 1]; the input is not touched.

    Raises:
        ContractError: frames of one channel or of 16 bits, which preparation would have converted.
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3:
        raise ContractError(
            f"frames are {tuple(frames.shape)} of {frames.dtype}, not (T, H, W, 3) of uint8",
            "datasets give 16-bit and one-channel images as they are, preparation converts them",
        )
    x = torch.from_numpy(np.array(frames, order="C")).permute(0, 3, 1, 2).float() / 127.5 - 1
    return x if size is None else resize(x, (size, size))


def to_frames(x: Tensor, shape: tuple[int, int] | None = None) -> Any:
    """(T, 3, h, w) in [-1, 1] as (T, H, W, 3) uint8: floor(clamp * 255 + 0.5)."""
    x = x.detach().float().cpu()
    if shape is not None:
        x = resize(x, shape)
    unit = ((x + 1) / 2).clamp(0, 1)
    return (unit * 255 + 0.5).floor().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


def resize(x: Tensor, shape: tuple[int, int]) -> Tensor:
    """Bicubic with antialiasing; unchanged where the size is already right."""
    if tuple(x.shape[-2:]) == shape:
        return x
    return nnf.interpolate(x, shape, mode="bicubic", antialias=True, align_corners=False)
