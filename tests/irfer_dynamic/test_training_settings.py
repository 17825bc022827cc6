"""What the settings of video methods' trainings do: rates, batches, views, what is heard."""

from __future__ import annotations

from math import cos, pi
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.contracts.params import resolve
from irfer_bench.errors import UsageError
from irfer_bench.nn.muon import Muon
from irfer_bench.registry import load
from irfer_bench.testing.memory import MemoryContext
from irfer_dynamic import encoder_inputs, encoder_recognizer, video_recognizer
from irfer_dynamic.encoder_inputs import EncoderInputs, checked
from irfer_dynamic.mma_dfer_params import MMADFERParams
from irfer_dynamic.unimodal import AudioOnlyRecognizer, VisionOnlyRecognizer
from irfer_dynamic.unimodal_params import AudioOnlyParams, VisionOnlyParams
from irfer_dynamic.video_resnet import VideoResNetRecognizer
from irfer_dynamic.video_resnet_params import R3DParams
from tests.irfer_dynamic.voices import clip, clips, mma, params, training
from tests.recorder import Recorder


class EncoderRecorder(Recorder):
    """Notes whether the whole network is in training when its parameters are."""

    def __call__(self, name: str, module: Any, **given: Any) -> float:
        self.training = self.recognizer.model.training
        return super().__call__(name, module, **given)


def recorded(patch: pytest.MonkeyPatch, count: int = 9, **given: Any) -> tuple[Any, Any]:
    loop, made = EncoderRecorder(), mma(**given)
    loop.recognizer = made
    patch.setattr(encoder_recognizer, "train", loop)
    made.fit(training(clips(count)), MemoryContext())
    return loop, made


def test_mma_dfer_s_rate_is_a_cosine_of_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, made = recorded(
        monkeypatch, epochs=5, batch=4, lr=0.5, weight_decay=0.25, muon_lr=0.0)
    assert loop.given["steps"] == 5 * 2  # what is left of an epoch is dropped
    expected = np.repeat([(1 + cos(pi * epoch / 5)) / 2 for epoch in range(5)], 2)
    assert [loop.given["rate"](step) for step in range(10)] == pytest.approx(list(expected))
    (group,) = loop.groups()
    (optimizer,) = loop.given["optimizer"]
    assert type(optimizer) is torch.optim.AdamW
    assert (group["lr"], group["weight_decay"]) == (0.5, 0.25)
    trained = {id(p) for p in made.model.parameters() if p.requires_grad}
    assert {id(p) for p in group["params"]} == trained
    assert loop.training  # or drop path would be off
    assert not made.model.training
    orders = [torch.cat([loop.given["batch"](k)[1] for k in (2 * e, 2 * e + 1)]) for e in range(3)]
    assert len({tuple(order.tolist()) for order in orders}) > 1


def test_mma_dfer_s_hidden_weights_may_be_muon_s(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, made = recorded(monkeypatch, epochs=1, lr=0.5, weight_decay=0.25, muon_lr=0.125)
    adamw, muon = loop.given["optimizer"]
    (group,), (hidden,) = adamw.param_groups, muon.param_groups
    assert (type(adamw), group["lr"], group["weight_decay"]) == (torch.optim.AdamW, 0.5, 0.25)
    assert (type(muon), hidden["lr"]) == (Muon, 0.125)
    named = {name: p for name, p in made.model.named_parameters() if p.requires_grad}
    by_muon = {id(p) for p in hidden["params"]}
    assert by_muon | {id(p) for p in group["params"]} == {id(p) for p in named.values()}
    matrices = {name for name, p in named.items() if p.ndim > 1 and name.endswith("weight")}
    assert {n for n, p in named.items() if id(p) in by_muon} == matrices - {"classifier.weight"}
    assert MMADFERParams().muon_lr == 0  # the paper's AdamW


def test_an_epoch_takes_each_clip_once_and_shows_what_belongs_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop, _ = recorded(monkeypatch, batch=3, crop=1.0, flip=0.0, brightness=0.0, pixels="unit")
    heard: list[torch.Tensor] = []
    inputs = EncoderInputs(params())
    of_clip = [inputs.read_audio([clip])[0] for clip in clips(9)]
    for step in range(3):
        example, labels = loop.given["batch"](step)
        for frames, audio, label in zip(*example, labels, strict=True):
            assert any(torch.equal(audio, own) for own in of_clip[int(label) :: 3])
            rows = frames.mean((0, 1, 3))
            assert int(rows[2:].argmax()) // 5 == label  # the bar's height tells the class
            heard.append(audio)
    assert len(torch.stack(heard).flatten(1).unique(dim=0)) == 3


@pytest.mark.parametrize(("rate", "resampled"), [("16k", True), ("native", False)])
def test_audio_is_resampled_unless_the_file_s_rate_is_asked_for(
    rate: str, resampled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    original = encoder_inputs.spectrogram

    def noting(audio: Any, own: int, **given: Any) -> Any:
        asked.append((own, given))
        return original(audio, own, **given)

    monkeypatch.setattr(encoder_inputs, "spectrogram", noting)
    EncoderInputs(params(audio_rate=rate)).read_audio(clips(1, sample_rate=8000))
    assert asked == [(8000, {"window": 32, "mels": 64, "resample": resampled})]


def test_views_segments_and_pixels_of_the_encoders_are_those_asked_for() -> None:
    made = EncoderInputs(params(
        crop=0.5, flip=0.25, brightness=0.125, segment_mode="official", pixels="imagenet"))
    video = made._video
    assert (video.view.area, video.view.flip, video.view.brightness) == ((0.5, 1.0), 0.25, 0.125)
    assert (video.view.size, video.view.rotation) == (16, 0.0)
    assert (video.sampling.segments, video.sampling.mode) == (2, "official")
    white = torch.ones(1, 3, 2, 2)
    expected = (1 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor([0.229, 0.224, 0.225])
    torch.testing.assert_close(made.normalise(white)[0, :, 0, 0], expected)
    assert torch.equal(EncoderInputs(params(pixels="unit")).normalise(white), white)
    random = made.views(list(clips(1)), torch.Generator().manual_seed(0))
    assert float(random.min()) < 0  # normalised in training too


def test_unimodal_methods_see_or_hear_and_train_a_linear_layer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for recognizer, cls, alone in (
        (VisionOnlyRecognizer, VisionOnlyParams, "frames"),
        (AudioOnlyRecognizer, AudioOnlyParams, "audio"),
    ):
        tiny = {"weights": "none", "size": 16, "frames": 2, "window": 32, "epochs": 1, "batch": 4}
        made = recognizer(resolve(cls, component=cls.network, preset="quick", given=tiny))
        loop = Recorder.install(monkeypatch, encoder_recognizer)
        made.fit(training(clips(5)), MemoryContext())
        example, _ = loop.given["batch"](0)
        assert [bool(part.numel()) for part in example] == [alone == "frames", alone == "audio"]
        names = {name for name, _ in loop.module.named_parameters()}
        assert names == {"classifier/weight", "classifier/bias"}
        assert made.model is not None
        x = torch.rand(2, 2, 3, 16, 16), torch.randn(2, 1, 32, 64)
        encode = made.model.encoder.encode
        expected = (encode(x[1]) if alone == "audio" else
                    torch.stack([encode(x[0][:, t]) for t in range(2)]).mean(0))
        torch.testing.assert_close(made.model.features(*x), expected)


@pytest.mark.parametrize(
    ("given", "rates", "kind"),
    [
        ({"schedule": "step", "lr_step": 2}, [1, 1, 0.1, 0.1, 0.01], "SGD"),
        ({"schedule": "cosine", "optimizer": "adamw"},
         [(1 + cos(pi * epoch / 5)) / 2 for epoch in range(5)], "AdamW"),
    ],
)
def test_video_networks_train_by_their_settings(
    given: dict[str, Any], rates: list[float], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(
        video_recognizer, "train_on_clips", lambda *args, **more: asked.update(more))
    values = {
        "width": 4, "size": 16, "segments": 4, "duration": 2, "epochs": 5, "batch": 7, "lr": 0.5,
        "weight_decay": 0.25, "crop": 0.6, "flip": 0.125, "brightness": 0.25, "rotation": 3.0,
        "segment_mode": "full_span", "optimizer": "sgd", "muon_lr": 0.0,
        "selection": "best_on_validation",
    }
    made = resolve(R3DParams, component="r3d_18", preset="quick", given=values | given)
    VideoResNetRecognizer(made).fit(training(clips(3)), MemoryContext())
    recipe, view, sampling = asked["recipe"], asked["inputs"].view, asked["inputs"].sampling
    assert [recipe.rate(epoch) for epoch in range(5)] == pytest.approx(rates)
    assert (recipe.epochs, recipe.batch, recipe.selection) == (5, 7, "best_on_validation")
    (optimizer,) = asked["optimizer"]
    (group,) = optimizer.param_groups
    assert type(optimizer).__name__ == kind
    assert (group["lr"], group["weight_decay"]) == (0.5, 0.25)
    assert group.get("momentum") == (0.9 if kind == "SGD" else None)
    assert (view.size, view.area, view.flip) == (16, (0.6, 1.0), 0.125)
    assert (view.brightness, view.rotation) == (0.25, 3.0)
    assert (sampling.segments, sampling.duration, sampling.mode) == (4, 2, "full_span")


@pytest.mark.parametrize("name", ["c3d", "c3d_lstm", "r3d_18", "mc3_18", "r2plus1d_18"])
def test_muon_trains_the_weights_between_the_first_and_the_last_layer(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(video_recognizer, "train_on_clips", lambda *_, **given: asked.update(given))
    known = load()
    component = known.get("recognizer", name)
    values = {"muon_lr": 0.125, "optimizer": "adamw", "width": 4, "size": 32}
    made = known.create(
        component, resolve(known.params_class(component), component=name, given=values))
    made.fit(training(clips(3)), MemoryContext())
    adamw, muon = asked["optimizer"]
    assert (type(adamw), type(muon)) == (torch.optim.AdamW, Muon)
    assert muon.param_groups[0]["lr"] == 0.125
    named = dict(made.model.named_parameters())
    hidden = {id(p) for p in muon.param_groups[0]["params"]}
    matrices = [n for n, p in named.items() if p.ndim > 1 and not n.startswith("lstm.")]
    assert not any(id(p) in hidden for n, p in named.items() if n.startswith("lstm."))
    assert [n for n in matrices if id(named[n]) not in hidden] == [matrices[0], "head.weight"]
    assert not hidden & {id(p) for p in named.values() if p.ndim == 1}


def test_muon_without_adamw_is_refused() -> None:
    with pytest.raises(UsageError, match="muon_lr goes with optimizer=adamw"):
        resolve(R3DParams, component="r3d_18", given={"optimizer": "sgd", "muon_lr": 0.02})


def test_former_dfer_s_recipe_is_the_default() -> None:
    """16 frames as 8 segments of 2 at 112 px, SGD 0.01, a tenth every 40 of 100 epochs."""
    p = resolve(R3DParams, component="r3d_18", given={})
    assert (p.segments, p.duration, p.size, p.epochs, p.batch) == (8, 2, 112, 100, 32)
    assert (p.optimizer, p.lr, p.weight_decay, p.schedule, p.lr_step) == (
        "sgd", 0.01, 1e-4, "step", 40)


def test_audio_shorter_than_a_frame_of_25_ms_is_none_whatever_its_channels() -> None:
    """At 16 kHz a frame has 400 samples."""
    for samples, heard in ((0, False), (1, False), (399, False), (400, True), (8000, True)):
        alone = np.ones(samples, np.float32)
        for audio in (alone, np.stack([alone, alone]), np.stack([alone] * 500)):
            found = checked(clip(0, audio=audio))
            assert (found is not None) == heard
            assert found is None or found.shape == audio.shape
    assert checked(clip(0, audio=None, sample_rate=None)) is None


@pytest.mark.parametrize("modality", ["both", "frames", "audio"])
def test_progress_of_predicting_counts_clips(modality: str) -> None:
    told: list[tuple[str, int, int]] = []

    class Context(MemoryContext):
        def progress(self, name: str, done: int, total: int, note: str = "") -> None:
            told.append((name, done, total))

    made: Any = mma(predict_batch=2)
    if modality != "both":
        recognizer, cls = {
            "frames": (VisionOnlyRecognizer, VisionOnlyParams),
            "audio": (AudioOnlyRecognizer, AudioOnlyParams),
        }[modality]
        tiny = {"weights": "none", "size": 16, "frames": 2, "window": 32, "predict_batch": 2}
        made = recognizer(resolve(cls, component=cls.network, preset="quick", given=tiny))
    made.classes = 3
    made.model = made.network(3)
    scores, features = made.predict_and_embed(clips(5), Context())
    assert told == [("predict", done, 5) for done in (2, 4, 5)]
    assert (len(scores), scores.dtype, features.dtype) == (5, np.float32, np.float32)
    none = made.predict_and_embed(clips(0), Context())
    assert [part.shape for part in none] == [(0, 3), (0, features.shape[1])]
