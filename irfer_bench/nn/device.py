"""Device and precision policy: bfloat16 where the hardware multiplies it fast, else float32.

Importing this module costs nothing: torch is imported by the functions that need it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irfer_bench.errors import UsageError

if TYPE_CHECKING:
    from irfer_bench.values import Context

PRECISIONS = ("fp32", "bf16")
CPU_FLAGS = Path("/proc/cpuinfo")


@lru_cache(maxsize=1)
def cpu_has_bf16_units() -> bool:
    """Whether this CPU has bfloat16 matrix units (AMX).

    Without them autocast is emulated and up to a hundred times slower than float32, so an
    unknown CPU counts as having none.
    """
    try:
        text = CPU_FLAGS.read_text()
    except OSError:
        return False
    return re.search(r"\bamx_bf16\b", text) is not None


def default_precision(device: str) -> str:
    """`bf16` on CUDA and on CPUs with bfloat16 matrix units, `fp32` elsewhere; torch-free."""
    return "bf16" if device.startswith("cuda") or cpu_has_bf16_units() else "fp32"


def autocast(ctx: Context) -> Any:
    """A context manager that runs matrix work in the precision the context names.

    Raises:
        UsageError: an unknown precision.
    """
    import torch

    if ctx.precision not in PRECISIONS:
        known = " or ".join(PRECISIONS)
        raise UsageError(f"precision {ctx.precision!r} is not known", f"use {known}")
    kind = ctx.device.split(":")[0]
    return torch.autocast(kind, dtype=torch.bfloat16, enabled=ctx.precision == "bf16")
