"""Recognizers of video: what they learn, which clips they take, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.api import (
    CellError,
    Clip,
    MissingWeightsError,
    RefusedError,
    TrainingData,
    UsageError,
)
from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_dynamic.c3d_params import C3DParams
from irfer_dynamic.video_resnet import VideoResNetNetwork, VideoResNetRecognizer
from irfer_dynamic.video_resnet_params import MC3Params, R3DParams

CLASSES = ("anger", "fear")
NONE = ClipList([])
TINY: dict[str, Any] = {"width": 4, "size": 16, "segments": 4, "epochs": 1, "batch": 8,
                        "flip": 0.0, "crop": 1.0}


def _moving(number: int, frames: int = 8, side: tuple[int, int] = (16, 16)) -> Clip:
    """A bar that moves left to right (anger) or back (fear): each frame alone shows both alike."""
    rng = np.random.default_rng(number)
    pixels = rng.integers(0, 40, (frames, *side, 3), dtype=np.uint8)
    start = int(rng.integers(side[1]))
    for t in range(frames):
        pixels[t, :, (start + (t if number % 2 == 0 else -t)) % side[1]] = 255
    return Clip(f"c{number}", pixels, "vis", label=CLASSES[number % 2], subject=f"s{number}")


def _data(count: int = 8, validation: int = 0) -> TrainingData:
    held = ClipList([_moving(1000 + i) for i in range(validation)])
    return TrainingData(NONE, ClipList([_moving(i) for i in range(count)]), NONE, held, CLASSES)


def _make(**given: Any) -> VideoResNetRecognizer:
    values = TINY | given
    return VideoResNetRecognizer(
        resolve(R3DParams, component="r3d_18", preset="quick", given=values))


def test_a_fit_starts_from_the_pretrained_file_and_tells_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Path] = []

    def load(self: VideoResNetRecognizer, model: VideoResNetNetwork, path: Path) -> None:
        taken.append(path)
        for weight in model.parameters():
            weight.data.fill_(0.125)

    monkeypatch.setattr(VideoResNetRecognizer, "pretrained", lambda self, weights: weights / "k")
    monkeypatch.setattr(VideoResNetRecognizer, "load", load)
    recognizer, ctx = _make(lr=1e-12), MemoryContext(weights=tmp_path)
    recognizer.fit(_data(), ctx)
    assert taken == [tmp_path / "k"]
    assert recognizer.model is not None
    weights = list(recognizer.model.parameters())
    assert all(torch.allclose(weight, torch.tensor(0.125)) for weight in weights)
    assert ctx.reports["trained_parameters"] == sum(weight.numel() for weight in weights)


def test_motion_is_learnt_that_no_single_frame_shows() -> None:
    recognizer, ctx = _make(epochs=12, segments=8, lr=0.005), MemoryContext()
    recognizer.fit(_data(48), ctx)
    test = ClipList([_moving(5000 + i) for i in range(40)])
    labels = [CLASSES.index(str(label)) for label in test.labels]
    right = recognizer.predict(test, ctx).argmax(1) == labels
    assert right.mean() > 0.9


def test_clips_of_any_length_and_size_are_scored_alone_as_among_others() -> None:
    recognizer, ctx = _make(), MemoryContext()
    recognizer.fit(_data(), ctx)
    odd = [_moving(1, 1), _moving(2, 3, (9, 40)), _moving(3, 15), _moving(4, 10_000, (8, 8))]
    together = recognizer.predict(ClipList(odd), ctx)
    assert together.shape == (4, 2)
    for clip, row in zip(odd, together, strict=True):
        assert np.allclose(recognizer.predict(ClipList([clip]), ctx)[0], row, atol=1e-5)
    assert recognizer.predict(NONE, ctx).shape == (0, 2)


def test_training_takes_clips_of_any_length_and_size() -> None:
    odd = ClipList([_moving(0, 1), _moving(1, 3, (9, 40)), _moving(2, 200, (8, 8))])
    recognizer = _make()
    recognizer.fit(TrainingData(NONE, odd, NONE, NONE, CLASSES), MemoryContext())
    assert np.isfinite(recognizer.predict(odd, MemoryContext())).all()


def test_several_clips_of_a_video_are_averaged() -> None:
    recognizer, ctx = _make(), MemoryContext()
    recognizer.fit(_data(), ctx)
    video = _moving(7, 64)
    other = _make(test_clips=2)
    other.restore(recognizer.state())
    positions = recognizer.inputs().sampling.test_clips(64, 2)
    parts = ClipList([
        Clip(str(i), video.frames[taken], "vis") for i, taken in enumerate(positions)])
    each = np.exp(recognizer.predict(parts, ctx).astype(np.float64))
    both = np.exp(other.predict(ClipList([video]), ctx)[0])
    assert np.allclose(both, each.mean(0), atol=1e-5)
    assert not np.allclose(both, np.exp(recognizer.predict(ClipList([video]), ctx)[0]), atol=1e-4)


def test_the_best_epoch_on_validation_clips_is_kept() -> None:
    with pytest.raises(RefusedError, match=r"selection=last"):
        _make(selection="best_on_validation").fit(_data(), MemoryContext())
    data, ctx = _data(24, validation=20), MemoryContext()
    labels = [CLASSES.index(str(label)) for label in data.validation.labels]
    shares = []
    for epochs in range(1, 6):  # at a constant rate a shorter fit is the start of a longer one
        shorter = _make(epochs=epochs, schedule="step")
        shorter.fit(data, MemoryContext())
        scores = shorter.predict(data.validation, ctx)
        shares.append(round(float((scores.argmax(1) == labels).mean()), 4))
    best = _make(epochs=5, schedule="step", selection="best_on_validation")
    best.fit(data, ctx)
    assert ctx.reports["validation_accuracy"] == max(shares)
    kept = best.predict(data.validation, ctx).argmax(1) == labels
    assert round(float(kept.mean()), 4) == max(shares)


def test_an_interrupted_fit_goes_on_with_the_best_epoch_so_far() -> None:
    data, whole = _data(16, validation=8), MemoryContext()
    options: dict[str, Any] = {"epochs": 4, "selection": "best_on_validation"}
    expected = _make(**options)
    expected.fit(data, whole)
    ctx = _Interrupted(after=2)
    with pytest.raises(KeyboardInterrupt):
        _make(**options).fit(data, ctx)
    ctx.after = 10**6
    resumed = _make(**options)
    resumed.fit(data, ctx)
    for name, value in expected.state().tensors.items():
        assert np.array_equal(value, resumed.state().tensors[name]), name


class _Interrupted(MemoryContext):
    """Keeps a checkpoint of every step that is asked for and stops after some of them."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        if done > self.after and self.checkpoints:
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def _checkpoint_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("irfer_bench.nn.loop.CheckpointBudget.due", lambda self: True)


def test_there_must_be_labelled_clips() -> None:
    with pytest.raises(CellError, match="r3d_18 has nothing to train on"):
        _make().fit(TrainingData(NONE, NONE, NONE, NONE, CLASSES), MemoryContext())
    pair = ClipList([_moving(0), _moving(1)])
    foreign = TrainingData(NONE, pair, NONE, NONE, ("fear", "sadness"))
    with pytest.raises(CellError, match="label 'anger'"):
        _make().fit(foreign, MemoryContext())


def test_kinetics_weights_come_from_a_local_file(tmp_path: Path) -> None:
    ctx = MemoryContext(weights=tmp_path)
    with pytest.raises(MissingWeightsError, match=r"r3d_18-b3b3357e\.pth"):
        R3DParams(weights="kinetics").inputs(tmp_path)
    with pytest.raises(UsageError, match="width 64"):
        R3DParams(weights="kinetics", width=8).inputs(tmp_path)
    torch.manual_seed(5)
    given = VideoResNetNetwork(R3DParams(), 400)
    tensors = given.net.state_dict() | {"fc.weight": given.head.weight, "fc.bias": given.head.bias}
    file = tmp_path / "mine.pth"
    torch.save({k: v.detach() for k, v in tensors.items()}, file)
    params = R3DParams(weights=str(file))
    assert params.inputs(tmp_path)["backbone_digest"]
    recognizer = VideoResNetRecognizer(params)
    model = recognizer.network(2)
    recognizer.load(model, file)
    assert all(torch.equal(v, tensors[k]) for k, v in model.net.state_dict().items())  # type: ignore[union-attr]
    assert model.head.out_features == 2
    other = VideoResNetRecognizer(MC3Params(weights=str(file)))
    with pytest.raises(CellError, match=r"mine\.pth is no torchvision mc3_18"):
        other.load(other.network(2), file)
    assert ctx.reports == {}


def test_c3d_says_how_many_frames_it_needs() -> None:
    with pytest.raises(UsageError, match="16 frames or more"):
        resolve(C3DParams, component="c3d", given={"segments": 8, "duration": 1})
