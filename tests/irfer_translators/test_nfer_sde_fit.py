"""Fitting NFER-SDE: shared parts, resumed training, landmarks, clear refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.api import (
    Clip,
    ContractError,
    MissingError,
    NonFiniteLossError,
    TranslationData,
    UsageError,
)
from irfer_bench.nn import loop
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_translators.diffusion import score_training
from irfer_translators.diffusion.nfer_sde_translator import NferSde
from tests.irfer_translators.toys import clip, paired, params
from tests.irfer_translators.translations import fits, fitted


def test_the_four_conditional_ablations_share_two_networks() -> None:
    ctx = MemoryContext()
    scores = []
    for variant in ("", "cond", "cond_h", "cond_f"):
        scores.append(fitted(variant, ctx).state())
    assert fits(ctx) == ["landmark_net", "score_net"]
    name = "score.net.conv_in.weight"
    assert all((s.tensors[name] == scores[0].tensors[name]).all() for s in scores)
    fitted("baseline", ctx)
    assert fits(ctx) == ["landmark_net", "score_net", "score_net"]


def test_inference_settings_refit_nothing_and_training_settings_do() -> None:
    ctx = MemoryContext()
    fitted("", ctx)
    fitted("", ctx, lambda_h=7.0, steps=2, start_level=300, discretisation="em", ct_noise="fresh")
    assert len(ctx.parts) == 2
    fitted("", ctx, lr=1e-3)
    assert fits(ctx) == ["landmark_net", "score_net", "score_net"]


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
    monkeypatch.setattr(loop, "CHECKPOINT_SHARE", float("inf"))
    p = params("cond", iterations=6)
    whole = MemoryContext()
    NferSde(p).fit(paired(), whole)
    assert whole.reports.keys() == {"score_net_loss"}
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
    monkeypatch.setattr(loop, "CHECKPOINT_SHARE", float("inf"))
    calls, original = iter(range(100)), score_training.nnf.mse_loss

    def sometimes(*args: Any) -> torch.Tensor:
        value = original(*args)
        return value * float("nan") if next(calls) == 2 else value

    monkeypatch.setattr(score_training.nnf, "mse_loss", sometimes)
    ctx = MemoryContext()
    with pytest.raises(NonFiniteLossError, match="step 3 of 5"):
        NferSde(params("cond", iterations=5, loss="mse")).fit(paired(), ctx)
    (kept,) = ctx.checkpoints.values()
    assert kept.scalars["done"] == 2
    assert all(np.isfinite(v).all() for v in kept.tensors.values())


def test_unequal_clips_are_paired_by_phase() -> None:
    """Two frames against four train what each of the two, shown twice, trains."""
    source, short = ClipList([clip("v0", frames=4)]), clip("n0", "nir", frames=2)

    def trained(target: Clip) -> Any:
        clips = ClipList([target])
        data = TranslationData(source, clips, [(0, 0)], "vis", "nir", weak_pairs=True)
        translator = NferSde(params("cond"))
        translator.fit(data, MemoryContext())
        return translator.state().tensors["score.net.conv_in.weight"]

    by_phase, in_turn = (
        trained(replace(short, frames=short.frames[order], landmarks=None))
        for order in ([0, 0, 1, 1], [0, 1, 0, 1])
    )
    assert (trained(short) == by_phase).all()
    assert not (by_phase == in_turn).all()


def test_a_target_without_landmarks_takes_those_of_its_aligned_partner() -> None:
    data = paired()
    bare = ClipList([replace(c, landmarks=None) for c in data.target])
    NferSde(params()).fit(replace(data, target=bare), MemoryContext())
    with pytest.raises(MissingError, match="'n0'"):
        NferSde(params()).fit(replace(data, target=bare, weak_pairs=True), MemoryContext())


def test_unconditional_baseline_never_looks_at_the_source() -> None:
    ctx = MemoryContext()
    data = paired()
    other = replace(data, source=ClipList([clip(f"w{k}") for k in range(4)]))
    for given in (data, other):
        NferSde(params("baseline")).fit(given, ctx)
    assert len(ctx.parts) == 1
