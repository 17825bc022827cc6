"""What CLIP methods share: features encoded once, one pass, scored frames, resuming, one class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.api import DamagedError, RefusedError, State, TrainingData
from irfer_bench.nn import loop
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_clip import classifier, features
from tests.irfer_clip.small import (
    BY_FRAME,
    NONE,
    PROMPTED,
    SMALL,
    SOURCE,
    TARGET,
    TEST,
    TRAINED,
    announced,
    context,
    data,
    make,
    run,
)  # fmt: skip
from tests.irfer_clip.tiny import CLASSES, clips


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Sizes of the batches of images that the frozen tower was given for features to keep."""
    sizes: list[int] = []
    original = features.encode_image

    def counting(clip: Any, images: Any, *given: Any, **named: Any) -> Any:
        sizes.append(len(images))
        return original(clip, images, *given, **named)

    monkeypatch.setattr(features, "encode_image", counting)
    yield sizes


def test_a_second_method_on_frozen_features_of_the_same_clips_encodes_no_image(
    folder: Path, encoded: list[int]
) -> None:
    parts: dict[str, State] = {}
    zero_shot, shared = make("clip_zero_shot"), context("clip_zero_shot", folder, parts=parts)
    zero_shot.fit(data(), shared)
    assert sum(encoded) == 0
    zero_shot.predict(SOURCE, shared)
    zero_shot.predict(TARGET, shared)
    assert sum(encoded) == len(SOURCE) + len(TARGET)
    encoded.clear()
    make("pca").fit(data(), context("pca", folder, parts=parts))  # its banks, both domains
    only_iga = make("pca", cpt=False)
    only_iga.fit(data(), context("pca", folder, parts=parts))
    only_iga.predict(SOURCE, context("pca", folder, parts=parts))
    for name, given in (
        ("linear_probe", {}), ("coop", {"views": 1}), ("cocoop", {"views": 1}), ("mpa_fer", {})
    ):  # fmt: skip
        method = make(name, **given)
        method.fit(data(), context(name, folder, parts=parts))
        if name != "mpa_fer":
            method.predict(SOURCE, context(name, folder, parts=parts))
    assert sum(encoded) == 0
    only_iga.predict(TEST, context("pca", folder, parts=parts))
    zero_shot.embed(TEST, shared)
    assert sum(encoded) == len(TEST)
    assert len(parts) == 3


class _Sealed(ClipList):
    """Clips whose number of frames is known, and whose pixels nobody may read."""

    def frame_counts(self) -> list[tuple[int, tuple[int, ...] | None]]:
        return [(1, None)] * len(self)

    def __getitem__(self, index: int) -> Any:
        raise AssertionError("a clip was read")

    def __iter__(self) -> Any:
        raise AssertionError("a clip was read")


def test_with_kept_features_no_clip_is_read(folder: Path) -> None:
    method, ctx = make("clip_zero_shot"), context("clip_zero_shot", folder)
    method.fit(data(), ctx)
    scores = method.predict(TEST, ctx)
    assert np.array_equal(method.predict(_Sealed(list(TEST)), ctx), scores)


@pytest.mark.parametrize("other", [{"ir_norm": "per_image_std"}, {"precision": "bf16"}])
def test_features_of_another_view_or_precision_are_others(
    folder: Path, encoded: list[int], other: dict[str, str]
) -> None:
    parts: dict[str, State] = {}
    precision = other.pop("precision", "fp32")
    for given, kind in (({}, "fp32"), (other, precision)):
        method = make("clip_zero_shot", **given)
        ctx = context("clip_zero_shot", folder, parts=parts, precision=kind)
        method.fit(data(), ctx)
        method.predict(TEST, ctx)
    assert sum(encoded) == 2 * len(TEST)


def test_every_method_that_keeps_features_declares_the_family_as_their_owner() -> None:
    for name in SMALL:
        if name in ("maple", "ivlp", "vpt", "dfer_clip"):
            continue
        assert announced(name).parts == {features.PART: "clip.features/1"}


@pytest.mark.parametrize("name", BY_FRAME)
def test_scores_and_features_come_from_one_pass(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    method, ctx = make(name), context(name, folder)
    method.fit(data(), ctx)
    passes = []
    original = classifier.score_clips
    monkeypatch.setattr(
        classifier, "score_clips", lambda *a, **k: passes.append(1) or original(*a, **k)
    )
    scores, codes = method.predict_and_embed(TEST, ctx)
    assert len(passes) == 1
    assert np.array_equal(scores, method.predict(TEST, ctx))
    assert np.array_equal(codes, method.embed(TEST, ctx))


@pytest.mark.parametrize("name", [*BY_FRAME, "clip_frame_mean"])
def test_only_the_frames_that_the_setting_scores_are_scored(name: str, folder: Path) -> None:
    """Of four stored frames two are scored: the same as a clip of these two, kept or not."""
    stored = clips(4, seed=4, spectrum="nir", frames=4)
    some = ClipList([replace(c, scored=(1, 3)) for c in stored])
    cut = ClipList([replace(c, frames=c.frames[[1, 3]].copy()) for c in stored])
    method, ctx = make(name), context(name, folder)
    method.fit(data(), ctx)
    (scores, codes), (expected, rows) = (
        method.predict_and_embed(one, context(name, folder)) for one in (some, cut)
    )
    assert np.allclose(scores, expected, atol=1e-5)
    assert np.allclose(codes, rows, atol=1e-5)
    assert not np.allclose(scores, method.predict(stored, ctx), atol=1e-4)


@pytest.mark.parametrize("name", TRAINED)
def test_training_takes_the_scored_frames_alone(name: str, folder: Path) -> None:
    """Frames that are stored but not scored may be white noise."""
    source = clips(18, seed=1, frames=3)
    noise = np.random.default_rng(0)
    spoilt = []
    for clip in source:
        frames = clip.frames.copy()
        frames[1] = noise.integers(0, 256, frames[1].shape)
        spoilt.append(replace(clip, frames=frames, scored=(0, 2)))
    cut = ClipList([replace(c, frames=c.frames[[0, 2]].copy()) for c in source])
    one, _ = run(name, folder, data(source=ClipList(spoilt)))
    other, _ = run(name, folder, data(source=cut))
    for key, tensor in one.state().tensors.items():
        assert np.allclose(tensor, other.state().tensors[key], atol=1e-6), key


@pytest.mark.parametrize("name", TRAINED)
def test_one_class_alone_can_be_trained_on(name: str, folder: Path) -> None:
    """A fold of a small dataset may hold one class; every class still has a finite score."""
    few = ClipList([clip for clip in SOURCE if clip.label == CLASSES[0]])
    given = TrainingData(few, few, few.unlabelled(), NONE, CLASSES)
    _, scores = run(name, folder, given)
    assert np.isfinite(scores).all()
    single = TrainingData(few, few, few.unlabelled(), NONE, CLASSES[:1])
    with pytest.raises(RefusedError, match="tell classes apart"):
        run(name, folder, single)


class _Interrupted(MemoryContext):
    """Keeps a copy of every checkpoint and stops like Ctrl-C at a step."""

    stop = 10**9
    seen = 0

    def checkpoint(self, name: str, state: State) -> None:
        copied = {k: np.array(v) for k, v in state.tensors.items()}
        super().checkpoint(name, State(copied, dict(state.scalars)))

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        if name in PROMPTED:
            self.seen = done
            if done == self.stop:
                raise KeyboardInterrupt


@pytest.mark.parametrize("name", PROMPTED)
def test_an_interrupted_fit_goes_on_and_ends_the_same(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = run(name, folder, data())
    monkeypatch.setattr(loop, "CHECKPOINT_SHARE", float("inf"))
    component = announced(name)
    ctx = _Interrupted(
        seed=3, weights=folder, component=f"{name}/{component.version}", owners=component.parts)
    ctx.stop = 4
    with pytest.raises(KeyboardInterrupt):
        make(name).fit(data(), ctx)
    assert ctx.checkpoints
    ctx.stop = 10**9
    resumed = make(name)
    torch.manual_seed(123)
    resumed.fit(data(), ctx)
    assert ctx.seen > 4
    for key, tensor in whole.state().tensors.items():
        assert np.allclose(tensor, resumed.state().tensors[key], atol=1e-6), key


@pytest.mark.parametrize("name", TRAINED)
def test_nothing_to_train_on_is_refused(name: str, folder: Path) -> None:
    with pytest.raises(RefusedError):
        run(name, folder, data(source=NONE, target=NONE))


@pytest.mark.parametrize("name", SMALL)
def test_a_saved_state_of_another_version_is_refused(name: str, folder: Path) -> None:
    """A tensor more or fewer, or of another shape: one line that says which."""
    method, ctx = make(name), context(name, folder)
    method.fit(data(), ctx)
    whole = dict(method.state().tensors)
    wrong = [whole | {"of_another_version": np.zeros(2, np.float32)}]
    if whole:
        first = next(iter(whole))
        wrong += [{k: v for k, v in whole.items() if k != first}]
        wrong += [whole | {first: np.zeros((7, 7, 7), np.float32)}]
    for tensors in wrong:
        other = make(name)
        other.restore(State(tensors, method.state().scalars))
        with pytest.raises(DamagedError, match=r"another version.*fit again"):
            other.predict(TEST, ctx)


@pytest.mark.parametrize("name", SMALL)
def test_black_images_have_finite_scores(name: str, folder: Path) -> None:
    black = ClipList([replace(c, frames=np.zeros_like(c.frames)) for c in SOURCE])
    for norm in ("clip", "minmax_then_clip", "per_image_std"):
        method, ctx = make(name, ir_norm=norm), context(name, folder)
        dark = ClipList([replace(c, frames=np.zeros_like(c.frames)) for c in TARGET])
        method.fit(TrainingData(black, dark, dark.unlabelled(), NONE, CLASSES), ctx)
        scores, codes = method.predict_and_embed(dark, ctx)
        assert np.isfinite(scores).all()
        assert np.isfinite(codes).all()


@pytest.mark.parametrize("name", TRAINED)
def test_a_class_with_one_image_is_learned_beside_full_ones(name: str, folder: Path) -> None:
    """Fewer images than shots, banks, batches and validation would like."""
    few = ClipList([c for c in SOURCE if c.label != CLASSES[2]] + [SOURCE[2]])
    given = data(source=few, target=ClipList([TARGET[0], TARGET[1]]))
    _, scores = run(name, folder, given)
    assert np.isfinite(scores).all()
    assert np.allclose(np.exp(scores).sum(axis=1), 1, atol=1e-5)
