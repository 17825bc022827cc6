"""The plainly trained ResNet-18: learning, sources, resuming, videos, weights."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from sklearn.utils.class_weight import compute_class_weight

from irfer_bench.api import (
    CellError,
    Clip,
    MissingWeightsError,
    Recognizer,
    TrainingData,
    UsageError,
)
from irfer_bench.contracts.params import resolve
from irfer_bench.nn.views import RandomView, erase
from irfer_bench.nn.weights import Pretrained
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_static import resnet_params
from irfer_static.fine_tuning import class_weight
from irfer_static.resnet import ResNetRecognizer
from irfer_static.resnet_network import ResNetNetwork
from irfer_static.resnet_params import ResNet50Params, ResNetParams
from tests.irfer_static.toys import CLASSES, EMPTY, toy, training


def params(**given: Any) -> ResNetParams:
    small = {"width": 8, "size": 32, "epochs": 7, "batch": 16}
    return resolve(ResNetParams, component="resnet18", preset="quick", given=small | given)


def fitted(
    data: TrainingData, ctx: MemoryContext | None = None, **given: Any
) -> ResNetRecognizer:
    recognizer = ResNetRecognizer(params(**given))
    assert isinstance(recognizer, Recognizer)
    recognizer.fit(data, ctx or MemoryContext())
    return recognizer


def accuracy(recognizer: ResNetRecognizer, clips: ClipList) -> float:
    scores = recognizer.predict(clips, MemoryContext())
    assert scores.shape == (len(clips), 3)
    assert scores.dtype == np.float32
    assert np.allclose(np.exp(scores).sum(1), 1, atol=1e-5)
    return float((scores.argmax(1) == [CLASSES.index(x or "") for x in clips.labels]).mean())


@pytest.fixture(scope="module")
def trained() -> ResNetRecognizer:
    return fitted(training(toy(24, 1), toy(24, 2)))


@pytest.mark.slow
@pytest.mark.parametrize("side", ["source", "target"])
def test_it_learns_from_either_side_alone(side: str) -> None:
    recognizer = fitted(training(**{side: toy(60, 1)}))
    assert accuracy(recognizer, toy(60, 9)) > 0.9


@pytest.mark.slow
def test_it_learns_from_both_sides(trained: ResNetRecognizer) -> None:
    """The target alone lacks a class, the source has nothing else."""
    parts = list(toy(60, 1))
    source = ClipList([c for c in parts if c.label == "fear"])
    target = ClipList([c for c in parts if c.label != "fear"])
    assert accuracy(fitted(training(source, target)), toy(60, 9)) > 0.9


def test_nothing_to_train_on_is_said() -> None:
    with pytest.raises(CellError, match="both empty"):
        fitted(training())


def test_a_label_outside_the_classes_is_named() -> None:
    clip = Clip("a", np.zeros((1, 32, 32, 3), np.uint8), "nir", "contempt")
    with pytest.raises(CellError, match="contempt"):
        fitted(training(ClipList([clip])))


@pytest.mark.slow
def test_state_goes_through_arrays_and_back(trained: ResNetRecognizer) -> None:
    other = ResNetRecognizer(trained.params)
    other.restore(trained.state())
    clips = toy(6, 5)
    assert np.array_equal(
        other.predict(clips, MemoryContext()), trained.predict(clips, MemoryContext()))
    with pytest.raises(CellError, match="before it was fitted"):
        ResNetRecognizer(params()).predict(clips, MemoryContext())


@pytest.mark.slow
def test_the_company_of_a_clip_and_the_batch_change_nothing(trained: ResNetRecognizer) -> None:
    clips = toy(9, 5)
    whole = trained.predict(clips, MemoryContext())
    alone = np.concatenate([
        trained.predict(ClipList([clip]), MemoryContext()) for clip in clips])
    assert np.allclose(whole, alone, atol=1e-5)
    narrow = ResNetRecognizer(params(predict_batch=2))
    narrow.restore(trained.state())
    assert np.allclose(whole, narrow.predict(clips, MemoryContext()), atol=1e-5)
    assert trained.predict(EMPTY, MemoryContext()).shape == (0, 3)


@pytest.mark.slow
def test_a_video_is_scored_by_its_mean_log_probability(trained: ResNetRecognizer) -> None:
    video = toy(4, 6, frames=5)
    frames = ClipList([
        Clip(f"{c.id}-{t}", c.frames[t : t + 1].copy(), "nir", c.label)
        for c in video for t in range(5)])
    each = trained.predict(frames, MemoryContext()).reshape(4, 5, 3).mean(1)
    expected = each - np.logaddexp.reduce(each, axis=1, keepdims=True)
    assert np.allclose(trained.predict(video, MemoryContext()), expected, atol=1e-5)
    embedded = trained.embed(frames, MemoryContext()).reshape(4, 5, -1).mean(1)
    assert np.allclose(trained.embed(video, MemoryContext()), embedded, atol=1e-5)
    assert embedded.shape == (4, 64)


@pytest.mark.slow
def test_it_trains_on_videos_of_several_lengths() -> None:
    clips = ClipList([*toy(30, 1, frames=3), *toy(30, 2)])
    assert accuracy(fitted(training(clips)), toy(30, 9, frames=2)) > 0.8


class _StopError(Exception):
    pass


@pytest.mark.slow
def test_an_interrupted_fit_ends_where_an_uninterrupted_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("irfer_bench.nn.loop.CHECKPOINT_SHARE", float("inf"))
    data = training(toy(30, 1))
    whole = fitted(data, epochs=3)

    class Stopping(MemoryContext):
        def progress(self, name: str, done: int, total: int, note: str = "") -> None:
            if done == 4:
                raise _StopError

    stopped = Stopping()
    with pytest.raises(_StopError):
        fitted(data, stopped, epochs=3)
    resumed = fitted(data, MemoryContext(checkpoints=stopped.checkpoints), epochs=3)
    for name, array in whole.state().tensors.items():
        assert np.array_equal(array, resumed.state().tensors[name]), name


@pytest.mark.slow
def test_the_seed_decides_everything() -> None:
    data = training(toy(24, 1))
    torch.manual_seed(7)
    first = fitted(data, MemoryContext(seed=1), epochs=1).state().tensors["net.conv1.weight"]
    torch.manual_seed(8)
    again = fitted(data, MemoryContext(seed=1), epochs=1).state().tensors["net.conv1.weight"]
    other = fitted(data, MemoryContext(seed=2), epochs=1).state().tensors["net.conv1.weight"]
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


def test_balanced_weights_are_scikit_learns() -> None:
    labels = np.array([0, 0, 0, 0, 2, 2, 3])
    expected = compute_class_weight("balanced", classes=np.array([0, 2, 3]), y=labels)
    ours = class_weight(torch.from_numpy(labels), 4).numpy()
    assert np.allclose(ours[[0, 2, 3]] * 4, expected * 3)
    assert ours[1] == 0


@pytest.mark.slow
def test_balanced_weights_change_what_is_learned() -> None:
    """With a label flipped for most of one picture's copies, the rare label wins if balanced."""
    one = toy(1, 1)[0].frames
    clips = ClipList([
        Clip(str(i), one.copy(), "nir", "anger" if i % 8 else "fear") for i in range(64)])
    balanced, plain = (
        np.exp(fitted(training(clips), class_weight=w, epochs=3).predict(clips, MemoryContext()))[0]
        for w in ("balanced", "none"))
    assert balanced[2] > plain[2] + 0.1


@pytest.mark.parametrize("cls", [ResNetParams, ResNet50Params])
def test_the_full_network_has_torchvisions_keys_and_output(cls: type[ResNetParams]) -> None:
    torch.manual_seed(0)
    official = torchvision.models.get_model(cls.network, weights=None, num_classes=3).eval()
    ours = ResNetNetwork(cls(weights="none"), 3).eval()
    ours.net.load_state_dict(official.state_dict())
    x = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        expected = official((x - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1))
                            / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1))
        assert torch.allclose(ours(ours.normalise(x * 2 - 1)), expected, atol=1e-5)


def test_missing_imagenet_weights_are_named(tmp_path: Path) -> None:
    for call in (
        lambda: ResNetParams().inputs(tmp_path),
        lambda: ResNetRecognizer(ResNetParams()).fit(
            training(toy(6, 1)), MemoryContext(weights=tmp_path)),
    ):
        with pytest.raises(MissingWeightsError) as caught:
            call()
        assert "resnet18-f37072fd.pth" in str(caught.value)
        assert str(tmp_path) in str(caught.value)
    with pytest.raises(MissingWeightsError, match="do not exist"):
        ResNetParams(weights=str(tmp_path / "mine.pth")).inputs(tmp_path)


def test_pretrained_weights_belong_to_one_network(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="width 64"):
        ResNetParams(width=16).inputs(tmp_path)


@pytest.mark.slow
def test_pretrained_weights_are_the_start_and_their_digest_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    torch.manual_seed(0)
    official = torchvision.models.resnet18(weights=None)
    path = tmp_path / "resnet18-f37072fd.pth"
    torch.save(official.state_dict(), path)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setitem(resnet_params.IMAGENET, "resnet18", Pretrained(
        name="test", files=(path.name,), sha256=found[:8]))
    gentle = resolve(ResNetParams, component="resnet18", given={
        "size": 32, "epochs": 1, "batch": 6, "lr": 1e-9})
    assert gentle.inputs(tmp_path) == {"backbone_digest": found}
    recognizer = ResNetRecognizer(gentle)
    recognizer.fit(training(toy(6, 1)), MemoryContext(weights=tmp_path))
    kept = recognizer.state().tensors
    assert np.allclose(kept["net.layer3.0.conv1.weight"],
                       official.state_dict()["layer3.0.conv1.weight"], atol=1e-6)
    assert kept["net.fc.weight"].shape == (3, 512)
    torch.save({"head.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(CellError, match="no torchvision resnet18"):
        ResNetRecognizer(resolve(ResNetParams, component="resnet18", given={
            "weights": str(tmp_path / "other.pth")})).fit(training(toy(6, 1)), MemoryContext())


def test_crops_stay_inside_and_flips_mirror() -> None:
    ramp = torch.linspace(0, 1, 32).expand(64, 3, 32, 32).contiguous()
    draw = torch.Generator().manual_seed(0)
    mirrored = RandomView(32, (1.0, 1.0), flip=1.0).of_tensors(ramp, draw)
    assert torch.allclose(mirrored, ramp.flip(3), atol=0.35)
    whole = RandomView(32, (0.8, 1.0), flip=0.0).of_tensors(ramp, draw)
    assert whole.min() >= 0
    assert whole.max() <= 1
    spans = whole[:, 0, 0, -1] - whole[:, 0, 0, 0]
    assert spans.min() > 0.7  # sqrt(0.8 * 3/4) of the width at least
    assert spans.std() > 0.01
    half = RandomView(32, (0.8, 1.0)).of_tensors(ramp, draw)
    assert (half[:, 0, 0, -1] < 0.5).float().mean() == pytest.approx(0.5, abs=0.2)


def test_erasing_takes_the_share_it_says() -> None:
    x = torch.ones(400, 3, 32, 32)
    draw = torch.Generator().manual_seed(0)
    gone = (erase(x, 0.25, draw) == 0).float().mean((1, 2, 3))
    assert (gone > 0).float().mean() == pytest.approx(0.25, abs=0.08)
    assert gone.max() < 0.4
    assert (erase(x, 0.0, draw) == 1).all()
    assert (erase(x, 1.0, draw).mean((1, 2, 3)) < 1).all()


def test_announcing_and_planning_import_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, irfer_static.hooks as h; list(h.irfer_bench_components());"
        "from irfer_static.resnet_params import ResNetParams as P;"
        f"P(weights='none').inputs(pathlib.Path({str(tmp_path)!r}));"
        "print([m for m in ('torch', 'numpy', 'torchvision') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
