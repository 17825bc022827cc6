"""A short process and normal numbers, for samplers written out."""

from __future__ import annotations

import torch
from torch import Tensor

from irfer_translators.diffusion.process import VPProcess, spaced

PROCESS = VPProcess.linear().respaced(spaced(500, 5))
SHAPE = (2, 3, 8, 8)


def drawn(seed: int) -> Tensor:
    """Normal numbers (2, 3, 8, 8) in double precision."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(SHAPE, generator=generator, dtype=torch.float64)


X, EPS, GRADIENT = drawn(1), drawn(2), drawn(3)
