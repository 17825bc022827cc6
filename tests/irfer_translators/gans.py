"""The adversarial translators at sizes at which a training takes a second."""

from __future__ import annotations

from typing import Any

from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_translators.gan.cyclegan import CycleGan
from irfer_translators.gan.cyclegan_params import CycleGanParams
from irfer_translators.gan.hifacegan import HiFaceGan
from irfer_translators.gan.hifacegan_params import HiFaceGanParams
from irfer_translators.gan.pix2pix import Pix2Pix
from irfer_translators.gan.pix2pix_params import Pix2PixParams
from irfer_translators.gan.translator import GanTranslator
from tests.irfer_translators.toys import clip, paired

METHODS: dict[str, tuple[Any, Any, str, dict[str, Any]]] = {
    "cyclegan": (CycleGan, CycleGanParams, "", {"size": 24, "blocks": 1}),
    "pix2pix": (Pix2Pix, Pix2PixParams, "", {"size": 32, "downs": 5}),
    "hifacegan": (HiFaceGan, HiFaceGanParams, "novgg", {"size": 64}),
}
SMALL = {"ngf": 2, "ndf": 2, "batch": 2, "iterations": 3, "enlarge": 1.05}


def gan(name: str, **given: Any) -> GanTranslator[Any]:
    """An unfitted translator of the quick preset made tiny."""
    method, params, variant, sizes = METHODS[name]
    values = {**SMALL, **sizes, **given}
    return method(  # type: ignore[no-any-return]
        resolve(params, component=name, variant=variant, preset="quick", given=values)
    )


def fitted_gan(name: str, ctx: MemoryContext | None = None, **given: Any) -> GanTranslator[Any]:
    """One trained on four pairs of toy faces."""
    made = gan(name, **given)
    made.fit(paired(), ctx or MemoryContext())
    return made


def translations(made: GanTranslator[Any], *names: str, seed: int = 0, **more: Any) -> list[Any]:
    """Frames of the translated toy faces."""
    clips = ClipList([clip(name, **more) for name in names])
    return [c.frames for c in made.translate(clips, MemoryContext(seed=seed))]
