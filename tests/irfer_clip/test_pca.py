"""PCA as a recognizer: what its switches do, what it needs, what it survives."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.api import (
    ContractError,
    NonFiniteLossError,
    RefusedError,
    State,
    UsageError,
)
from irfer_bench.contracts.params import resolve
from irfer_bench.nn import clip_scores
from irfer_bench.nn.frames import FrameTable, endless_order
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_clip.backbone import load_backbone
from irfer_clip.clip_zero_shot import ClipZeroShot
from irfer_clip.clip_zero_shot_params import ClipZeroShotParams
from irfer_clip.features import plain_features
from irfer_clip.images import Preparation
from irfer_clip.pca import Pca
from irfer_clip.prompting import encode_image
from tests.irfer_clip.tiny import CLASSES, clips, fitted, params, relabelled, training

SOURCE, TARGET = clips(18, seed=1), clips(6, seed=2, spectrum="nir")
TEST = clips(9, seed=9, spectrum="nir")
NONE = ClipList([])


def test_scores_are_log_probabilities_and_the_state_is_enough(folder: Path) -> None:
    pca, context = fitted(folder, training(SOURCE, TARGET))
    scores = pca.predict(TEST, context)
    assert scores.shape == (9, 3)
    assert scores.dtype == np.float32
    assert np.allclose(np.exp(scores).sum(axis=1), 1, atol=1e-5)
    other = Pca(params(folder))
    other.restore(pca.state())
    assert np.array_equal(other.predict(TEST, context), scores)
    assert not any("visual" in name for name in pca.state().tensors)
    features = other.embed(TEST, context)
    assert features.shape == (9, 16)
    assert np.allclose(np.linalg.norm(features, axis=1), 1, atol=1e-5)


def test_training_learns_what_zero_shot_does_not_know(folder: Path) -> None:
    pca, context = fitted(folder, training(SOURCE, TARGET), epochs=12, lr=0.1, transforms="face")
    truth = [CLASSES.index(label or "") for label in TEST.labels]
    assert (pca.predict(TEST, context).argmax(axis=1) == truth).mean() >= 0.6


def test_the_same_seed_gives_the_same_model(folder: Path) -> None:
    one, _ = fitted(folder, training(SOURCE, TARGET))
    two, _ = fitted(folder, training(SOURCE, TARGET))
    for name, tensor in one.state().tensors.items():
        assert np.array_equal(tensor, two.state().tensors[name]), name


def test_without_cpt_and_iga_it_is_zero_shot(folder: Path) -> None:
    pca, context = fitted(folder, training(SOURCE, TARGET), cpt=False, iga=False)
    plain = ClipZeroShot(
        resolve(ClipZeroShotParams, component="z", given={"backbone": "tiny.safetensors"})
    )
    plain.fit(training(SOURCE, TARGET), context)
    assert np.allclose(pca.predict(TEST, context), plain.predict(TEST, context), atol=1e-6)
    assert np.allclose(pca.embed(TEST, context), plain.embed(TEST, context), atol=1e-6)


SWITCHES: list[dict[str, Any]] = [
    {"cpt": False}, {"iga": False}, {"k": 1}, {"J": 3}, {"pda_mixed": True},
    {"prefix_style": "learned_only"}, {"template": "face"}, {"prompt_sharing": "per_domain"},
    {"train_cls_token": True}, {"temperature": 1.0}, {"beta": 0.5}, {"epsilon": "sqrt"},
    {"epsilon": "learnable"}, {"mlp_norm": "layer"}, {"mlp_norm": "none"}, {"N": 1},
    {"bank_mean": "divide_by_N", "N": 9}, {"bank_refresh_epochs": 1}, {"lambda_iga": 0.0},
    {"source_weight": 0.0}, {"transforms": "face"}, {"ir_norm": "minmax_then_clip"},
    {"infer": "base"}, {"infer": "iga"}, {"iga_weight": 2.0}, {"variant": "literal"},
]  # fmt: skip


@pytest.mark.parametrize("switch", SWITCHES, ids=str)
def test_every_switch_changes_the_scores(folder: Path, switch: dict[str, Any]) -> None:
    data = training(SOURCE, TARGET)
    usual, context = fitted(folder, data, lr=0.02)
    switched, other = fitted(folder, data, lr=0.02, **switch)
    gap = np.abs(usual.predict(TEST, context) - switched.predict(TEST, other)).max()
    assert gap > 0
    assert np.isfinite(gap)


def test_the_bank_rule_of_pda_leaves_out_what_zero_shot_gets_wrong(folder: Path) -> None:
    data = training(SOURCE, TARGET)
    _, usual = fitted(folder, data)
    _, strict = fitted(folder, data, bank_rule="pda_correct_only")
    assert usual.reports["bank_source_empty_classes"] == 0
    assert int(strict.reports["bank_source_empty_classes"] or 0) > 0


def test_apply_fields_need_no_second_fit(folder: Path) -> None:
    pca, context = fitted(folder, training(SOURCE, TARGET))
    base = Pca(replace_params(pca, infer="base"))
    both = Pca(replace_params(pca, infer="sum", iga_weight=0.0))
    for one in (base, both):
        one.restore(pca.state())
    assert np.allclose(base.predict(TEST, context), both.predict(TEST, context), atol=1e-6)


def replace_params(pca: Pca, **given: Any) -> Any:
    import msgspec

    return msgspec.structs.replace(pca.params, **given)


def test_without_source_the_target_bank_stands_in(folder: Path) -> None:
    pca, context = fitted(folder, training(NONE, TARGET))
    tensors = pca.state().tensors
    assert np.array_equal(tensors["source_centres"], tensors["target_centres"])
    assert context.reports["bank_source_borrowed"] is True
    assert np.isfinite(pca.predict(TEST, context)).all()


def test_without_target_the_source_bank_stands_in(folder: Path) -> None:
    pca, context = fitted(folder, training(SOURCE, NONE))
    tensors = pca.state().tensors
    assert np.array_equal(tensors["source_centres"], tensors["target_centres"])
    assert context.reports["bank_target_borrowed"] is True
    source_only, _ = fitted(folder, training(SOURCE, TARGET), target_weight=0.0)
    assert not np.array_equal(
        tensors["target_centres"], source_only.state().tensors["target_centres"]
    )


def test_nothing_to_train_on_is_refused(folder: Path) -> None:
    with pytest.raises(RefusedError, match="neither source nor target"):
        fitted(folder, training(NONE, NONE))


def test_pseudo_banks_use_unlabelled_images_only_where_granted(folder: Path) -> None:
    with pytest.raises(RefusedError, match="unlabelled"):
        fitted(folder, training(SOURCE, NONE), target_bank="pseudo")
    unlabelled = clips(12, seed=5, spectrum="nir").unlabelled()
    granted = training(SOURCE, NONE, unlabelled)
    pseudo, _ = fitted(folder, granted, target_bank="pseudo")
    plain, _ = fitted(folder, granted)
    centres = pseudo.state().tensors["target_centres"]
    assert not np.array_equal(centres, plain.state().tensors["target_centres"])


def test_an_unlabelled_training_clip_is_refused(folder: Path) -> None:
    with pytest.raises(ContractError, match="no label"):
        fitted(folder, training(relabelled(SOURCE, "boredom"), TARGET))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"J": 9}, "J = 9"),
        ({"k": 16}, "overwrite the class name"),
        ({"iga": False, "infer": "iga"}, "iga"),
    ],
)
def test_impossible_values_are_refused(folder: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        fitted(folder, training(SOURCE, TARGET), **given)


def test_batch_size_changes_no_score(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pca, context = fitted(folder, training(SOURCE, TARGET))
    together = pca.predict(TEST, context)
    monkeypatch.setattr(clip_scores, "FRAMES_AT_ONCE", 1)
    assert np.allclose(pca.predict(TEST, context), together, atol=1e-5)
    assert np.array_equal(pca.predict(TEST, context), pca.predict(TEST, context))


def test_a_clip_scores_the_mean_log_probability_of_its_frames(folder: Path) -> None:
    pca, context = fitted(folder, training(clips(9, seed=1, frames=2), TARGET))
    video = clips(3, seed=4, frames=3)
    stills = ClipList([
        replace(clip, id=f"{clip.id}-{t}", frames=clip.frames[t : t + 1].copy())
        for clip in video for t in range(3)
    ])  # fmt: skip
    each = pca.predict(stills, context).reshape(3, 3, len(CLASSES)).mean(axis=1)
    expected = each - np.log(np.exp(each).sum(axis=1, keepdims=True))
    assert np.allclose(pca.predict(video, context), expected, atol=1e-5)


def test_bfloat16_encoders_leave_the_scores_close(folder: Path) -> None:
    pca, context = fitted(folder, training(SOURCE, TARGET))
    half = MemoryContext(seed=3, weights=folder, precision="bf16")
    exact, rounded = pca.predict(TEST, context), pca.predict(TEST, half)
    assert not np.array_equal(exact, rounded)
    assert np.abs(exact - rounded).max() < 0.1
    trained = Pca(params(folder))
    trained.fit(training(SOURCE, TARGET), half)
    assert np.isfinite(trained.predict(TEST, half)).all()


def test_inputs_are_not_written_to(folder: Path) -> None:
    before = SOURCE.key, TARGET.key, TEST.key
    pca, context = fitted(folder, training(SOURCE, TARGET))
    pca.predict(TEST, context)
    assert (SOURCE.key, TARGET.key, TEST.key) == before


def test_plain_features_are_computed_once_and_equal_the_naive_way(folder: Path) -> None:
    context = MemoryContext(weights=folder)
    backbone = load_backbone("tiny.safetensors", "", context)
    table, images = FrameTable(SOURCE), Preparation(backbone)
    kept = plain_features(table, images, context)
    assert len(context.parts) == 1
    for i in range(len(table)):
        alone, _ = encode_image(backbone.clip, images.evaluate(table.read([i])))
        assert torch.allclose(kept[i : i + 1], alone, atol=1e-5)
    (part,) = context.parts
    context.parts[part] = State({"features": np.full_like(kept.numpy(), 7.0)})
    assert float(plain_features(table, images, context).mean()) == 7.0


class _Interrupted(MemoryContext):
    """Keeps every step, and stops like Ctrl-C at one of them."""

    def __init__(self, stop: int, **given: Any) -> None:
        super().__init__(**given)
        self.stop = stop

    def checkpoint(self, name: str, state: State) -> None:
        copied = {k: np.array(v) for k, v in state.tensors.items()}
        super().checkpoint(name, State(copied, dict(state.scalars)))

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        if name == "pca" and done == self.stop + 1:
            raise KeyboardInterrupt


def test_an_interrupted_fit_goes_on_and_ends_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from irfer_bench.nn import loop

    data = training(SOURCE, TARGET)
    given: dict[str, Any] = {"bank_refresh_epochs": 1, "epsilon": "learnable"}
    whole, _ = fitted(folder, data, **given)
    monkeypatch.setattr(loop, "CHECKPOINT_SHARE", float("inf"))
    context = _Interrupted(4, seed=3, weights=folder)
    with pytest.raises(KeyboardInterrupt):
        Pca(params(folder, **given)).fit(data, context)
    assert "pca" in context.checkpoints
    context.stop = 10**9
    resumed = Pca(params(folder, **given))
    resumed.fit(data, context)
    for name, tensor in whole.state().tensors.items():
        assert np.allclose(tensor, resumed.state().tensors[name], atol=1e-6), name


def test_a_loss_that_is_not_finite_stops_with_its_step(folder: Path) -> None:
    with pytest.raises(NonFiniteLossError, match=r"step \d+ of"):
        fitted(folder, training(SOURCE, TARGET), lr=1e12, epochs=5)


def test_the_record_says_how_uniform_the_attention_was(folder: Path) -> None:
    _, context = fitted(folder, training(SOURCE, TARGET))
    for name in ("attention_entropy_source", "attention_entropy_target"):
        assert 0.0 <= float(context.reports[name] or 0) <= 1.0 + 1e-6
    assert len(str(context.reports["backbone_digest"])) == 64
    assert int(context.reports["trained_parameters"] or 0) > 0


def test_the_stream_of_samples_is_permutations_and_depends_on_its_place_alone() -> None:
    seed = partial(MemoryContext(seed=1).seed_for, "order")
    stream = endless_order(5, 0, 23, seed)
    for start in range(0, 20, 5):
        assert sorted(stream[start : start + 5]) == list(range(5))
    assert stream[:5] != stream[5:10] or stream[5:10] != stream[10:15]
    assert endless_order(5, 7, 9, seed) == stream[7:16]
