"""NFER-SDE as its users see it: same pixels whatever the batch, shared parts, clear refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.api import (
    CellError,
    ContractError,
    MissingError,
    NonFiniteLossError,
    State,
    TranslationData,
    UsageError,
)
from irfer_bench.nn import training
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_translators.diffusion import nfer_sde, score_training
from irfer_translators.diffusion.nfer_sde import NferSde
from irfer_translators.diffusion.sampling import ItemNoise
from tests.irfer_translators.toys import clip, paired, params


def fitted(variant: str = "", ctx: MemoryContext | None = None, **given: Any) -> NferSde:
    translator = NferSde(params(variant, **given))
    translator.fit(paired(), ctx or MemoryContext())
    return translator


def frames(translator: NferSde, clips: ClipList, seed: int = 0) -> list[Any]:
    return [c.frames for c in translator.translate(clips, MemoryContext(seed=seed))]


@pytest.fixture(scope="module")
def full() -> NferSde:
    return fitted()


def close(a: Any, b: Any) -> bool:
    """Equal but for a value that rounding put on the other side of a half."""
    difference = np.abs(a.astype(int) - b.astype(int))
    return bool(difference.max() <= 1 and (difference > 0).mean() < 1e-3)


def test_what_goes_in_comes_out_translated(full: NferSde) -> None:
    clips = ClipList([clip("v1", frames=1), clip("v2", frames=3, side=24)])
    out = list(full.translate(clips, MemoryContext()))
    for before, after in zip(clips, out, strict=True):
        assert after.frames.shape == before.frames.shape
        assert after.frames.dtype == np.uint8
        assert not (after.frames == before.frames).all()
        assert replace(after, frames=before.frames, spectrum="vis") == before
        assert after.spectrum == "nir"


def test_batch_size_and_order_change_no_pixel(
    full: NferSde, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = [clip(f"v{k}", frames=1 + k % 3) for k in range(5)]
    together = frames(full, ClipList(clips))
    monkeypatch.setattr(nfer_sde, "BATCH_PIXELS", 1)
    one_by_one = frames(full, ClipList(clips))
    reversed_order = frames(full, ClipList(clips[::-1]))[::-1]
    alone = frames(full, ClipList(clips[3:4]))[0]
    for a, b, c in zip(together, one_by_one, reversed_order, strict=True):
        assert close(a, b)
        assert close(a, c)
    assert close(together[3], alone)


def test_frames_of_a_clip_have_noise_of_their_own(full: NferSde) -> None:
    still = clip("v1")
    twice = replace(still, frames=np.repeat(still.frames, 2, 0), landmarks=None)
    (out,) = frames(full, ClipList([twice]))
    assert not (out[0] == out[1]).all()
    renamed = frames(full, ClipList([replace(still, id="other")]))[0]
    assert not (renamed == frames(full, ClipList([still]))[0]).all()
    assert not (frames(full, ClipList([still]), seed=1)[0] == out[:1]).all()


def test_noise_is_of_the_item_and_not_of_the_batch() -> None:
    both, second = ItemNoise([1, 2], (3, 4, 4)), ItemNoise([2], (3, 4, 4))
    for _ in range(3):
        assert torch.equal(both()[1], second()[0])


def test_the_four_conditional_ablations_share_two_networks() -> None:
    ctx = MemoryContext()
    scores = []
    for variant in ("", "cond", "cond_h", "cond_f"):
        scores.append(fitted(variant, ctx).state())
    assert sorted(key.split(":")[0] for key in ctx.parts) == ["landmark_net", "score_net"]
    name = "score.net.conv_in.weight"
    assert all((s.tensors[name] == scores[0].tensors[name]).all() for s in scores)
    fitted("baseline", ctx)
    assert sum(key.startswith("score_net") for key in ctx.parts) == 2


def test_inference_settings_refit_nothing_and_training_settings_do() -> None:
    ctx = MemoryContext()
    fitted("", ctx)
    fitted("", ctx, lambda_h=7.0, steps=2, start_level=300, discretisation="em", ct_noise="fresh")
    assert len(ctx.parts) == 2
    fitted("", ctx, lr=1e-3)
    assert sum(key.startswith("score_net") for key in ctx.parts) == 2
    assert sum(key.startswith("landmark_net") for key in ctx.parts) == 1


def test_ablations_differ_in_pixels_as_their_energies_do(full: NferSde) -> None:
    clips = ClipList([clip("v1")])
    plain = frames(with_params(full, "cond"), clips)[0]
    for variant in ("", "cond_h", "cond_f"):
        assert not (frames(with_params(full, variant), clips)[0] == plain).all(), variant
    assert (frames(with_params(full, "", lambda_h=0.0, lambda_f=0.0), clips)[0] == plain).all()
    # One step is the first one, where x_M == c_M and both energies are flat.
    one = frames(with_params(full, "", steps=1), clips)[0]
    assert (one == frames(with_params(full, "cond", steps=1), clips)[0]).all()
    fresh = frames(with_params(full, "", steps=1, ct_noise="fresh"), clips)[0]
    assert not (one == fresh).all()


def with_params(translator: NferSde, variant: str, **given: Any) -> NferSde:
    """Another variant on the networks of a fitted one."""
    other = NferSde(params(variant, **given))
    other.restore(translator.state())
    return other


@pytest.mark.parametrize(
    "given",
    [{"discretisation": "em"}, {"variance": "fixedlarge"}, {"filter_kernel": "cubic"},
     {"filter_factor": 4}, {"start_level": 200}, {"lambda_f": 2.0}],
)
def test_every_inference_switch_does_something(full: NferSde, given: dict[str, Any]) -> None:
    clips = ClipList([clip("v1")])
    changed = frames(with_params(full, "", **given), clips)[0]
    assert not (changed == frames(full, clips)[0]).all()


@pytest.mark.parametrize("prediction", ["eps", "v", "sample"])
def test_from_noise_and_from_the_source(prediction: str) -> None:
    translator = fitted("cond", prediction=prediction, start="noise")
    assert frames(translator, ClipList([clip("v1")]))[0].shape == (1, 20, 20, 3)
    assert len(translator.process()) == 3
    assert translator.process().levels[-1] == translator.params.timesteps - 1


def test_collapse_makes_the_channels_equal(full: NferSde) -> None:
    (out,) = frames(with_params(full, "", collapse="mean"), ClipList([clip("v1", side=16)]))
    assert (out == out[..., :1]).all()
    ctx = MemoryContext()
    list(full.translate(ClipList([clip("v1")]), ctx))
    assert isinstance(ctx.reports["channel_spread"], float)


def test_strength_of_guidance_is_reported_per_step(full: NferSde) -> None:
    ctx = MemoryContext()
    list(full.translate(ClipList([clip("v1"), clip("v2")]), ctx))
    shown = str(ctx.reports["guidance_to_noise_by_level"]).split()
    # Three steps: the first is unguided, the last adds no noise to compare with.
    assert len(shown) == 1
    assert float(ctx.reports["guidance_to_noise"]) > 0  # type: ignore[arg-type]


def test_state_survives_a_round_trip(full: NferSde) -> None:
    other = NferSde(params())
    other.restore(full.state())
    clips = ClipList([clip("v1")])
    assert (frames(other, clips)[0] == frames(full, clips)[0]).all()


def test_missing_landmarks_are_asked_for_before_anything_is_trained() -> None:
    ctx = MemoryContext()
    with pytest.raises(MissingError, match=r"'v0'.*--landmarks FILE") as caught:
        NferSde(params()).fit(paired(landmarks=False), ctx)
    assert caught.value.exit_code == 3
    assert not ctx.parts
    fitted_without = NferSde(params("cond_f"))
    fitted_without.fit(paired(landmarks=False), ctx)
    assert len(ctx.parts) == 1


def test_wrong_landmarks_pairs_domains_and_order_of_calls_are_refused() -> None:
    data, ctx = paired(), MemoryContext()
    wrong = ClipList([replace(c, landmarks=c.landmarks[:, :5]) for c in data.source])  # type: ignore[index]
    with pytest.raises(ContractError, match="68, 2"):
        NferSde(params()).fit(replace(data, source=wrong), ctx)
    with pytest.raises(UsageError, match="pairs"):
        NferSde(params("cond")).fit(replace(data, pairs=[]), ctx)
    with pytest.raises(UsageError, match="radio"):
        NferSde(params("cond")).fit(replace(data, target_domain="radio"), ctx)
    with pytest.raises(ContractError, match="before fit"):
        list(NferSde(params()).translate(data.source, ctx))
    with pytest.raises(UsageError, match="divisible by 32"):
        NferSde(params("cond", size=40, net="t2v")).fit(data, ctx)


@pytest.mark.parametrize(
    ("given", "reason"),
    [({"landmark_net": False}, "landmark_net"), ({"start_level": 1001}, "timesteps"),
     ({"start_level": 800}, "h_levels"), ({"start": "noise"}, "h_levels"),
     ({"filter_factor": 5}, "filter_factor"),
     ({"lambda_h": -1.0}, "lambda_h"), ({"start_level": 0}, "start_level")],
)
def test_parameters_that_contradict_each_other_are_refused(
    given: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        params("", **given)


def test_inputs_are_left_as_they_were() -> None:
    data = paired()
    before = [c.frames.copy() for c in (*data.source, *data.target)]
    translator = NferSde(params())
    translator.fit(data, MemoryContext())
    for c in data.source:
        assert c.landmarks is not None
        c.landmarks.flags.writeable = False
    list(translator.translate(data.source, MemoryContext()))
    for c, kept in zip((*data.source, *data.target), before, strict=True):
        assert (c.frames == kept).all()


class Interrupted(MemoryContext):
    """Stops a training at a step, as Ctrl-C would."""

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        if name == "score_net" and done == 4:
            raise KeyboardInterrupt


def test_an_interrupted_training_goes_on_as_if_nothing_happened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    p = params("cond", iterations=6)
    whole = MemoryContext()
    NferSde(p).fit(paired(), whole)
    broken = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        NferSde(p).fit(paired(), broken)
    assert not broken.parts
    resumed = MemoryContext(checkpoints=broken.checkpoints)
    (kept,) = resumed.checkpoints.values()
    assert 0 < kept.scalars["done"] < 6
    NferSde(p).fit(paired(), resumed)
    (a,), (b,) = (list(ctx.parts.values()) for ctx in (whole, resumed))
    assert a.tensors.keys() == b.tensors.keys()
    for name, value in a.tensors.items():
        np.testing.assert_allclose(value, b.tensors[name], atol=1e-6)


def test_a_loss_that_is_not_a_number_stops_and_keeps_the_last_checkpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    calls, original = iter(range(100)), score_training.nnf.mse_loss

    def sometimes(*args: Any) -> torch.Tensor:
        value = original(*args)
        return value * float("nan") if next(calls) == 2 else value

    monkeypatch.setattr(score_training.nnf, "mse_loss", sometimes)
    ctx = MemoryContext()
    with pytest.raises(NonFiniteLossError, match="step 3 of 5"):
        NferSde(params("cond", iterations=5)).fit(paired(), ctx)
    (kept,) = ctx.checkpoints.values()
    assert kept.scalars["done"] == 2
    assert all(np.isfinite(v).all() for v in kept.tensors.values())


def test_unequal_clips_are_paired_by_phase() -> None:
    source, target = ClipList([clip("v0", frames=4)]), ClipList([clip("n0", "nir", frames=2)])
    data = TranslationData(source, target, [(0, 0)], "vis", "nir", weak_pairs=True)
    translator = NferSde(params("cond"))
    translator.fit(data, MemoryContext())
    assert isinstance(translator.state(), State)


def test_a_target_without_landmarks_takes_those_of_its_aligned_partner() -> None:
    data = paired()
    bare = ClipList([replace(c, landmarks=None) for c in data.target])
    NferSde(params()).fit(replace(data, target=bare), MemoryContext())
    with pytest.raises(MissingError, match="'n0'"):
        NferSde(params()).fit(replace(data, target=bare, weak_pairs=True), MemoryContext())


def test_guidance_that_explodes_is_an_error_and_not_a_picture(full: NferSde) -> None:
    with pytest.raises(CellError, match=r"'v1'.*lower lambda"):
        frames(with_params(full, "", lambda_f=1e38), ClipList([clip("v1")]))


def test_unconditional_baseline_never_looks_at_the_source() -> None:
    ctx = MemoryContext()
    data = paired()
    other = replace(data, source=ClipList([clip(f"w{k}") for k in range(4)]))
    for given in (data, other):
        NferSde(params("baseline")).fit(given, ctx)
    assert len(ctx.parts) == 1
