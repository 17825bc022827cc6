"""Translations of the adversarial methods: sizes, noise of pix2pix, odd input."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from irfer_bench.api import CellError, ContractError, UsageError
from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_translators.gan.cyclegan_params import CycleGanParams
from irfer_translators.gan.hifacegan_params import HiFaceGanParams
from irfer_translators.gan.pix2pix_params import Pix2PixParams
from irfer_translators.gan.translator import GanTranslator
from irfer_translators.hooks import irfer_bench_components
from tests.irfer_translators.gans import METHODS, fitted_gan, gan, translations
from tests.irfer_translators.toys import clip, paired


def other(made: GanTranslator[Any], name: str, **given: Any) -> GanTranslator[Any]:
    """The same network under other parameters of translation."""
    restored = gan(name, **given)
    restored.restore(made.state())
    return restored


def test_pix2pix_draws_dropout_from_the_seed_and_the_item() -> None:
    # With fewer than six halvings no block lies between two widest ones, where dropout is.
    given = {"downs": 6, "size": 64, "ngf": 4}
    made = fitted_gan("pix2pix", iterations=0, epochs=1, decay_epochs=0, **given)
    (alone,) = translations(made, "v1")
    crowd = translations(made, "v3", "v1", "v2")[1]
    assert np.abs(alone.astype(int) - crowd.astype(int)).max() <= 1
    (seeded,) = translations(made, "v1", seed=1)
    assert (alone != seeded).any()
    still = other(made, "pix2pix", test_dropout=False, **given)
    assert (translations(still, "v1")[0] == translations(still, "v1", seed=1)[0]).all()
    assert (translations(still, "v1")[0] != alone).any()
    # Other statistics, another image.
    running = other(made, "pix2pix", test_dropout=False, test_norm="running", **given)
    assert (translations(running, "v1")[0] != translations(still, "v1")[0]).any()


def test_frames_of_a_still_clip_do_not_flicker() -> None:
    made = fitted_gan("pix2pix", size=64, downs=6)
    one = clip("v1")
    three = replace(one, frames=np.repeat(one.frames, 3, 0))
    (out,) = made.translate(ClipList([three]), MemoryContext())
    assert (out.frames == out.frames[:1]).all()


@pytest.mark.parametrize("name", METHODS)
def test_an_image_of_any_size_keeps_it(name: str) -> None:
    made = fitted_gan(name)
    rng = np.random.default_rng(0)
    odd = replace(clip("v1"), frames=rng.integers(0, 256, (2, 37, 53, 3), dtype=np.uint8))
    (out,) = made.translate(ClipList([odd]), MemoryContext())
    assert out.frames.shape == (2, 37, 53, 3)
    assert out.spectrum == "nir"


@pytest.mark.parametrize("name", METHODS)
def test_one_channel_and_16_bits_are_refused_and_not_misread(name: str) -> None:
    made = fitted_gan(name)
    for frames in (np.zeros((1, 20, 20, 1), np.uint8), np.zeros((1, 20, 20, 3), np.uint16)):
        raw = replace(clip("v1"), frames=frames)
        with pytest.raises(ContractError, match=r"not \(T, H, W, 3\) of uint8"):
            list(made.translate(ClipList([raw]), MemoryContext()))


@pytest.mark.parametrize(
    ("params", "size", "stride", "nearest"),
    [
        (CycleGanParams, 250, 4, 248), (Pix2PixParams, 250, 256, 256),
        (HiFaceGanParams, 250, 32, 256),
    ],
)
def test_sizes_that_the_stride_does_not_divide(
    params: Any, size: int, stride: int, nearest: int
) -> None:
    with pytest.raises(UsageError, match=rf"size {size} is not a multiple of {stride}.*{nearest}"):
        resolve(params, component="gan", given={"size": size})
    with pytest.raises(UsageError, match=r"enlarge = 0.9.*>= 1"):
        resolve(params, component="gan", given={"enlarge": 0.9})


def test_collapse_leaves_one_grey_value_per_pixel() -> None:
    made = other(fitted_gan("cyclegan"), "cyclegan", collapse="mean")
    ctx = MemoryContext()
    out = list(made.translate(ClipList([clip("v1"), clip("v2")]), ctx))
    for each in out:
        assert np.ptp(each.frames.astype(int), axis=-1).max() == 0
    assert (out[0].frames != out[1].frames).any()
    assert float(str(ctx.reports["channel_spread"])) > 0, "of the network's own channels"


def test_a_result_that_is_not_finite_is_no_image() -> None:
    made = fitted_gan("cyclegan")
    assert made.generator is not None
    next(made.generator.parameters()).fill_(float("nan"))
    with pytest.raises(CellError, match="cyclegan: the translation of item 'v1'"):
        translations(made, "v1")


def test_translating_before_fitting_is_an_error_of_the_caller() -> None:
    with pytest.raises(ContractError, match="before fit"):
        translations(gan("cyclegan"), "v1")
    with pytest.raises(ContractError, match="nothing is fitted"):
        gan("cyclegan").state()


def test_only_cyclegan_is_planned_without_pairs() -> None:
    wants = {c.name: c.traits.get("pairs") for c in irfer_bench_components() if c.name in METHODS}
    assert wants == {"cyclegan": False, "pix2pix": True, "hifacegan": True}
    assert Pix2PixParams(weights="latest_net_G.pth").traits() == {"pairs": False}


def test_losses_are_reported() -> None:
    ctx = MemoryContext()
    fitted_gan("cyclegan", ctx)
    reported = {name.removeprefix("cyclegan_loss_") for name in ctx.reports}
    assert {"G", "D_A", "D_B", "cycle_A", "cycle_B", "idt_A", "idt_B"} <= reported
    assert "cyclegan_loss_idt_A" not in _reports(lambda_identity=0.0)
    other = MemoryContext()
    fitted_gan("hifacegan", other)
    wanted = {"hifacegan_loss_G", "hifacegan_loss_D_fake", "hifacegan_loss_D_real"}
    assert wanted <= set(other.reports)


def _reports(**given: Any) -> dict[str, Any]:
    ctx = MemoryContext()
    made = gan("cyclegan", **given)
    made.fit(paired(), ctx)
    return ctx.reports
