"""NFER-SDE fitted and applied to toy faces."""

from __future__ import annotations

from typing import Any

from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_translators.diffusion.nfer_sde_translator import NferSde
from tests.irfer_translators.toys import paired, params


def fitted(variant: str = "", ctx: MemoryContext | None = None, **given: Any) -> NferSde:
    translator = NferSde(params(variant, **given))
    translator.fit(paired(), ctx or MemoryContext())
    return translator


def frames(translator: NferSde, clips: ClipList, seed: int = 0) -> list[Any]:
    return [c.frames for c in translator.translate(clips, MemoryContext(seed=seed))]


def with_params(translator: NferSde, variant: str, **given: Any) -> NferSde:
    """Another variant on the networks of a fitted one."""
    other = NferSde(params(variant, **given))
    other.restore(translator.state())
    return other


def fits(ctx: MemoryContext) -> list[str]:
    """Names of the parts that were trained in this context."""
    return sorted(key.split(":")[2] for key in ctx.parts)
