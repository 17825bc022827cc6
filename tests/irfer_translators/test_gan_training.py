"""Training against discriminators: order, rates, pools, resuming, losses that explode."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.api import NonFiniteLossError, UsageError
from irfer_bench.nn import loop
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_translators.diffusion.frames import build_bank
from irfer_translators.gan.cyclegan_params import CycleGanParams
from irfer_translators.gan.losses import ImagePool
from irfer_translators.gan.pix2pix_params import Pix2PixParams
from irfer_translators.gan.training import ImageOrder, batches, rate, step_count
from tests.irfer_translators.gans import METHODS, fitted_gan, gan
from tests.irfer_translators.toys import paired


class Stopped(MemoryContext):
    """Raises at the third step of a training, as Ctrl-C would."""

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        if name in METHODS and done == 3:
            raise KeyboardInterrupt


@pytest.mark.parametrize("name", METHODS)
def test_a_killed_training_goes_on_to_the_same_network(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_SHARE", float("inf"))
    given: dict[str, Any] = {"iterations": 5, "batch": 1}
    if name == "cyclegan":
        given["pool"] = 2  # so that former fakes matter after the third step
    whole = fitted_gan(name, **given).state().tensors
    stopped = Stopped()
    with pytest.raises(KeyboardInterrupt):
        fitted_gan(name, stopped, **given)
    assert stopped.checkpoints[name].scalars["done"] == 2
    resumed = fitted_gan(name, MemoryContext(checkpoints=stopped.checkpoints), **given)
    for key, value in whole.items():
        np.testing.assert_array_equal(value, resumed.state().tensors[key], err_msg=key)


@pytest.mark.parametrize("name", METHODS)
def test_an_exploding_loss_stops_and_keeps_the_last_good_state(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_SHARE", float("inf"))
    stopped = Stopped()
    with pytest.raises(KeyboardInterrupt):
        fitted_gan(name, stopped, iterations=30)
    ctx = MemoryContext(checkpoints=stopped.checkpoints)
    rates = {"lr": 1e3, "d_lr": 1e3} if name == "hifacegan" else {"lr": 1e3}
    with pytest.raises(NonFiniteLossError, match=rf"{name}: loss .* at step \d+ of 30.*kept"):
        fitted_gan(name, ctx, iterations=30, **rates)
    kept = ctx.checkpoints[name]
    assert kept.scalars["done"] >= 2
    assert all(np.isfinite(value).all() for value in kept.tensors.values())


def test_each_pass_shows_every_source_image_once() -> None:
    params = CycleGanParams(batch=3)
    pairs = np.stack([np.arange(7), np.arange(7)], 1)
    order = ImageOrder(pairs, params, MemoryContext().seed_for)
    rows = np.concatenate([order.rows(step) for step in range(7)])
    assert (rows[:, 0] == rows[:, 1]).all()
    for k in range(3):
        assert sorted(rows[7 * k : 7 * (k + 1), 0]) == list(range(7))
    assert (rows[:7] != rows[7:14]).any()
    np.testing.assert_array_equal(rows[9:12], order.rows(3))
    unpaired = ImageOrder(pairs, params, MemoryContext().seed_for, targets=40)
    targets = np.concatenate([unpaired.rows(step)[:, 1] for step in range(50)])
    assert targets.max() > 30


@pytest.mark.parametrize("together", [True, False])
def test_both_images_of_a_pair_are_cropped_and_flipped_alike(together: bool) -> None:
    ctx, params = MemoryContext(), CycleGanParams(size=24, enlarge=1.7, batch=4)
    bank = build_bank(paired().source, params.load_size, ctx, "source")
    pairs = np.stack([np.arange(4), np.arange(4)], 1)
    order = ImageOrder(pairs, params, ctx.seed_for)
    draw = batches(bank, bank, order, ctx, paired=together)
    alike = [torch.equal(*draw(step)) for step in range(4)]
    assert all(alike) if together else not any(alike)
    x, _ = draw(0)
    assert x.shape == (4, 3, 24, 24)


def test_rates_fall_to_zero_over_the_later_passes() -> None:
    params = Pix2PixParams(epochs=3, decay_epochs=2, batch=2)
    assert step_count(params, 10) == 25
    by_pass = [rate(params, 10)(5 * k) for k in range(5)]
    assert by_pass == pytest.approx([1, 1, 1, 2 / 3, 1 / 3])
    shorter = replace_params(params, iterations=50)
    factor = rate(shorter, 10)
    assert step_count(shorter, 10) == 50
    assert factor(0) == factor(19) == 1
    assert 0 < factor(49) < factor(40) < 1


def replace_params(params: Pix2PixParams, **given: Any) -> Pix2PixParams:
    values = {name: getattr(params, name) for name in params.__struct_fields__}
    return Pix2PixParams(**(values | given))


def test_the_pool_shows_former_fakes_half_of_the_time() -> None:
    torch.manual_seed(0)
    pool, shown = ImagePool(20, 1), []
    for k in range(200):
        (x,) = pool.query(torch.full((1, 3, 1, 1), float(k)), k)
        shown.append(int(x[0, 0, 0]))
    assert shown[:20] == list(range(20))
    former = [k != value for k, value in enumerate(shown)][20:]
    assert 70 < sum(former) < 110
    assert all(value <= k for k, value in enumerate(shown))
    swapped = [value for k, value in enumerate(shown) if k != value]
    assert len(set(swapped)) == len(swapped)  # one that was shown has left the pool
    x = torch.ones(2, 3, 1, 1, requires_grad=True)
    assert not ImagePool(0, 1).query(x, 0).requires_grad


def test_cyclegan_learns_without_pairs_and_the_others_refuse() -> None:
    data = replace(paired(), pairs=[])
    made = gan("cyclegan")
    made.fit(data, MemoryContext())
    assert made.generator is not None
    for name in ("pix2pix", "hifacegan"):
        with pytest.raises(UsageError, match=rf"{name} learns from pairs.*cyclegan"):
            gan(name).fit(data, MemoryContext())


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("domain", ["source", "target"])
def test_an_empty_domain_is_named(name: str, domain: str) -> None:
    empty: dict[str, Any] = {domain: ClipList([]), "pairs": []}
    with pytest.raises(UsageError, match=rf"{name} learns .*no {domain} image"):
        gan(name).fit(replace(paired(), **empty), MemoryContext())


@pytest.mark.parametrize("name", METHODS)
def test_equal_seeds_train_equal_networks(name: str) -> None:
    first, again, other = (
        fitted_gan(name, MemoryContext(seed=seed)).state().tensors for seed in (0, 0, 1)
    )
    assert all(np.array_equal(first[key], again[key]) for key in first)
    assert any(not np.array_equal(first[key], other[key]) for key in first)
