"""MMA-DFER: what is trained, every variant of its tables, states, and two clips of a video."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from irfer_bench.api import CellError, Recognizer, UsageError
from irfer_bench.contracts.params import resolve
from irfer_bench.nn.clip_scores import average_clips
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_dynamic.encoder_recognizer import TrainedPart
from irfer_dynamic.mma_dfer_model import MMADFER, trainable
from irfer_dynamic.mma_dfer_params import MMADFERParams
from tests.irfer_dynamic.voices import CLASSES, clips, mma, params, training

FUSIONS: list[dict[str, Any]] = [
    {"fusion": "fb"}, {"fusion": "none"}, {"fusion": "add"}, {"fusion": "mult"},
    {"fusion": "mult_concat"}, {"fusion": "ita"}, {"fusion": "ita", "ita_dim": 16},
]  # fmt: skip
PROMPTS: list[dict[str, Any]] = [
    {"prompts": "none"}, {"prompts": "static"}, {"updates": 1}, {"updates": 3}, {"updates": 6},
    {"mtt": "off"}, {"temporal_depth": 2}, {"drop_path": 0.5},
]  # fmt: skip


def millions(**given: Any) -> float:
    with torch.device("meta"):
        model = MMADFER(MMADFERParams(**given), 7)
    return trainable(model) / 1e6


def network(**given: Any) -> MMADFER:
    torch.manual_seed(0)
    return MMADFER(params(**given), len(CLASSES))


def example() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.rand(2, 2, 3, 16, 16), torch.randn(2, 1, 32, 64)


def test_the_paper_trains_seven_and_a_half_million_parameters() -> None:
    found = [round(millions(size=size), 2) for size in (112, 160, 224)]
    assert found == [7.52, 7.56, 7.63]


def test_parameters_of_the_papers_other_rows() -> None:
    """Table 6 prints 5.9 for d = 64, where its own layers give 5.2; the others agree."""
    widths = [round(millions(size=160, latent=d), 2) for d in (64, 128, 256, 512)]
    assert widths == [5.19, 7.56, 12.28, 21.74]
    whole, bare = millions(size=160), millions(size=160, fusion="none")
    kinds = ("fb", "add", "mult", "mult_concat")
    added = [round(millions(size=160, fusion=kind) - bare, 2) for kind in kinds]
    assert added == [4.75, 0.0, 9.5, 4.75]
    assert round(millions(size=160, fusion="ita") - whole, 1) == 0.8
    assert round(whole - millions(size=160, mtt="off"), 1) == 2.1


@pytest.mark.parametrize("given", [*FUSIONS, *PROMPTS], ids=str)
def test_every_trained_parameter_of_every_variant_learns_and_no_other(given: Any) -> None:
    """All but gates are behind a gate of 0 at first, so gates are moved away from it."""
    model = network(**given).train()
    for name, parameter in model.named_parameters():
        if name.endswith("_gate"):
            torch.nn.init.constant_(parameter, 0.3)
    F.cross_entropy(model(*example()), torch.tensor([0, 2])).backward()  # type: ignore[no-untyped-call]
    dead = {n for n, p in model.named_parameters() if p.requires_grad and p.grad is None}
    last = max((int(n.split(".")[2]) for n in dead), default=0)
    unreached = {f"{side}.progressive.{last}" for side in ("vision", "audio")}
    assert dead == (unreached if given.get("updates") == 6 else set())
    frozen = ("blocks.", "patch_embed.", "cls_token", ".norm.")
    for name, parameter in model.named_parameters():
        inside = name.startswith(("vision.", "audio.")) and any(word in name for word in frozen)
        assert parameter.requires_grad != inside, name


@pytest.mark.parametrize("given", FUSIONS, ids=str)
def test_before_training_no_fusion_changes_what_the_encoders_see(given: Any) -> None:
    fused, bare = network(**given).eval(), network(fusion="none").eval()
    shared = {k: v for k, v in fused.state_dict().items() if not k.startswith("fusion.")}
    bare.load_state_dict(shared)
    with torch.no_grad():
        assert torch.allclose(fused(*example()), bare(*example()), atol=1e-5)


def test_modalities_meet_where_the_gates_are_open() -> None:
    frames, audio = example()
    for given in FUSIONS:
        model = network(**given).eval()
        for name, parameter in model.named_parameters():
            if name.endswith("_gate"):
                torch.nn.init.constant_(parameter, 0.5)
        seen = {}
        hook = model.vision.blocks[-1].register_forward_hook(
            lambda module, given, out, seen=seen: seen.update(v=out))  # type: ignore[misc]
        with torch.no_grad():
            model(frames, audio)
            before = seen["v"]
            model(frames, -audio)
        hook.remove()
        changed = not torch.allclose(before, seen["v"], atol=1e-6)
        assert changed == (given["fusion"] != "none"), given


def test_drop_path_is_of_training_alone() -> None:
    model, (frames, audio) = network(drop_path=0.5), example()
    with torch.no_grad():
        model.eval()
        assert torch.equal(model(frames, audio), model(frames, audio))
        model.train()
        assert not torch.equal(model(frames, audio), model(frames, audio))


def test_it_fits_and_its_state_goes_through_arrays_and_back() -> None:
    recognizer, context = mma(epochs=2), MemoryContext()
    assert isinstance(recognizer, Recognizer)
    data = clips(9)
    recognizer.fit(training(data), context)
    assert context.reports["clips_without_audio"] == 0
    scores, features = recognizer.predict_and_embed(data, context)
    assert scores.shape == (9, 3)
    assert features.shape == (9, recognizer.params.temporal_width)
    other = mma(epochs=2)
    other.restore(recognizer.state())
    assert other.state().scalars == recognizer.state().scalars
    assert np.array_equal(other.predict(data, context), scores)


def test_frozen_encoders_stay_and_checkpoints_hold_what_is_trained_alone() -> None:
    recognizer, context = mma(lr=0.1), MemoryContext()
    recognizer.fit(training(clips(8)), context)
    assert recognizer.model is not None
    start = recognizer._start(context)
    for (name, before), after in zip(
        start.named_parameters(), recognizer.model.parameters(), strict=True
    ):
        assert torch.equal(before, after) != before.requires_grad or "progressive" in name, name
    part = sum(p.numel() for p in TrainedPart(recognizer.model).parameters())
    assert part == trainable(recognizer.model) == context.reports["trained_parameters"]


def test_two_clips_are_the_mean_of_two() -> None:
    """Of 8 frames four middles, 1, 3, 5 and 7, dealt out in turn to two clips of two frames."""
    recognizer, context = mma(), MemoryContext()
    data = clips(3, frames=8)
    recognizer.fit(training(data), context)
    alone = []
    for taken in ((1, 5), (3, 7)):
        parts = ClipList([replace(c, frames=c.frames[list(taken)]) for c in data])
        alone.append(recognizer.predict(parts, context))
    for by in ("probability", "logit"):
        two = mma(test_clips=2, clip_mean=by)
        two.restore(recognizer.state())
        mean = average_clips(torch.tensor(np.stack(alone)), by)  # type: ignore[arg-type]
        assert np.allclose(two.predict(data, context), mean, atol=1e-5)
    halves = mma(test_clips=2, clip_split="halves")
    halves.restore(recognizer.state())
    assert not np.allclose(halves.predict(data, context), mean, atol=1e-7)


def test_bf16_trains_and_scores_nearly_as_fp32() -> None:
    recognizer, exact = mma(), MemoryContext()
    coarse = MemoryContext(precision="bf16")
    recognizer.fit(training(clips(6)), coarse)
    data = clips(4)
    scores = recognizer.predict(data, coarse)
    assert np.allclose(scores, recognizer.predict(data, exact), atol=0.1)
    assert all(v.dtype == np.float32 for v in recognizer.state().tensors.values())


def test_epochs_0_trains_nothing() -> None:
    recognizer, context = mma(epochs=0), MemoryContext()
    recognizer.fit(training(clips(4)), context)
    assert recognizer.predict(clips(2), context).shape == (2, 3)


def test_one_clip_is_enough_to_train_on_and_none_is_not() -> None:
    recognizer = mma()
    recognizer.fit(training(clips(1)), MemoryContext())
    with pytest.raises(CellError, match="nothing to train on"):
        mma().fit(training(clips(0)), MemoryContext())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"size": 20}, "multiple of the patches' 8 pixels"),
        ({"window": 20}, "multiple of the patches' 8 frames"),
        ({"updates": 4}, "updates must divide the encoders' 6 blocks"),
        ({"fusion": "mult", "latent": 9}, "latent must be even"),
        ({"fusion": "sum"}, "not one of fb"),
    ],
)
def test_values_that_do_not_fit_are_refused(given: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        params(**given)


def test_the_official_variant_sees_and_hears_as_the_public_code() -> None:
    made = resolve(MMADFERParams, component="mma_dfer", variant="official")
    assert (made.pixels, made.audio_rate, made.segment_mode) == ("unit", "native", "official")
    assert (made.frames, made.size, made.window, made.batch, made.epochs) == (16, 224, 512, 8, 25)
    assert (made.lr, made.weight_decay, made.drop_path, made.latent) == (1e-4, 1e-2, 0.1, 128)
