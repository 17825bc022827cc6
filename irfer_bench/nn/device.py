"""Runs matrix work in the precision that the context names (`irfer_bench.home` picks it)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from irfer_bench.errors import UsageError

if TYPE_CHECKING:
    from irfer_bench.contracts.context import Context

PRECISIONS = ("fp32", "bf16")


def autocast(ctx: Context) -> torch.autocast:
    """A context manager: bfloat16 autocast on the context's device, or nothing for `fp32`.

    Raises:
        UsageError: an unknown precision.
    """
    if ctx.precision not in PRECISIONS:
        known = " or ".join(PRECISIONS)
        raise UsageError(f"precision {ctx.precision!r} is not known", f"use {known}")
    kind = ctx.device.split(":")[0]
    return torch.autocast(kind, dtype=torch.bfloat16, enabled=ctx.precision == "bf16")
