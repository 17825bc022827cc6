"""What trainings on video read: the next batch while one computes, and no frame that is not used.

The clips are stored as JPEG files, so that every frame that is read is decoded and can be counted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irfer_bench.api import Clip, Clips, TrainingData
from irfer_bench.contracts.params import resolve
from irfer_bench.nn import clip_training
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_dynamic import encoder_recognizer
from irfer_dynamic.former_dfer import FormerDfer
from irfer_dynamic.former_dfer_params import FormerDferParams
from irfer_dynamic.unimodal import AudioOnlyRecognizer
from irfer_dynamic.unimodal_params import AudioOnlyParams
from irfer_static import fine_tuning
from irfer_static.resnet import ResNetRecognizer
from irfer_static.resnet_params import ResNetParams
from tests.decoded_frames import Decoded, Waiting, store_jpegs
from tests.irfer_dynamic.voices import CLASSES, EMPTY, RATE, mma, tone

CLIPS, FRAMES, SIDE, EPOCHS, BATCH = 8, 20, 32, 2, 4
TAKEN = 4


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Decoded:
    return Decoded.watch(monkeypatch)


def draw(number: int) -> Clip:
    """A smooth slope with a bright bar whose height is the class, and a tone."""
    label = number % 3
    slope = np.linspace(0, 100, SIDE)[:, None, None].repeat(SIDE, 1).repeat(3, 2)
    frames = np.stack([slope + k for k in range(FRAMES)]).astype(np.uint8)
    frames[:, 4 + 8 * label : 10 + 8 * label] += 120
    return Clip(
        f"c{number}", frames, "vis", CLASSES[label], f"p{number}", audio=tone(label),
        sample_rate=RATE, positions=tuple(range(FRAMES)), length=FRAMES)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return store_jpegs(tmp_path_factory.mktemp("stored"), (draw(k) for k in range(CLIPS)))


def training(target: Clips) -> TrainingData:
    return TrainingData(EMPTY, target, EMPTY, EMPTY, CLASSES)


def former_dfer() -> FormerDfer:
    given = {"width": 8, "size": 32, "segments": 2, "duration": 2, "epochs": EPOCHS,
             "batch": BATCH}  # fmt: skip
    return FormerDfer(resolve(FormerDferParams, component="former_dfer", given=given))


def resnet() -> ResNetRecognizer:
    given = {"width": 8, "size": 32, "epochs": EPOCHS, "batch": BATCH}
    return ResNetRecognizer(
        resolve(ResNetParams, component="resnet18", preset="quick", given=given))


METHODS: dict[str, tuple[Callable[[], Any], int]] = {
    "mma_dfer": (partial(mma, frames=TAKEN, epochs=EPOCHS, batch=BATCH), TAKEN),
    "former_dfer": (former_dfer, TAKEN),
}


@pytest.mark.parametrize("name", METHODS)
def test_the_next_batch_is_read_while_one_computes_and_no_frame_more(
    name: str, stored: Clips, decoded: Decoded
) -> None:
    make, taken = METHODS[name]
    ctx = Waiting(decoded, BATCH * taken)
    make().fit(training(stored), ctx)
    steps = EPOCHS * CLIPS // BATCH
    assert ctx.ready == [True] * (steps - 1)
    assert len(decoded.frames) == EPOCHS * CLIPS * taken
    assert threading.current_thread().name not in decoded.threads


@pytest.mark.parametrize("count", [1, 2])
def test_scoring_decodes_the_frames_of_its_clips_and_no_other(
    count: int, stored: Clips, decoded: Decoded
) -> None:
    recognizer, ctx = mma(frames=TAKEN, epochs=0, test_clips=count), MemoryContext()
    recognizer.fit(training(stored), ctx)
    assert decoded.frames == []
    recognizer.predict(stored, ctx)
    assert len(decoded.frames) == len(set(decoded.frames)) == CLIPS * TAKEN * count


def test_a_static_recognizer_on_video_reads_one_frame_of_a_clip_and_ahead(
    stored: Clips, decoded: Decoded
) -> None:
    resnet().fit(training(stored), MemoryContext())
    assert CLIPS <= len(decoded.frames) <= EPOCHS * CLIPS
    assert len(set(decoded.frames)) == len(decoded.frames)  # a frame that is drawn again is kept
    assert threading.current_thread().name not in decoded.threads


def test_audio_alone_decodes_no_frame(stored: Clips, decoded: Decoded, tmp_path: Path) -> None:
    given = {"weights": "none", "window": 32, "epochs": 1, "batch": 4}
    recognizer = AudioOnlyRecognizer(
        resolve(AudioOnlyParams, component="audio_only", preset="quick", given=given))
    ctx = MemoryContext()
    recognizer.fit(training(stored), ctx)
    assert recognizer.predict(stored, ctx).shape == (CLIPS, 3)
    assert ctx.reports["clips_without_audio"] == 0
    assert decoded.frames == []


@pytest.mark.parametrize("name", [*METHODS, "resnet18"])
def test_reading_ahead_changes_no_number(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make = resnet if name == "resnet18" else METHODS[name][0]
    data = training(ClipList([draw(k) for k in range(CLIPS)]))

    def weights() -> dict[str, Any]:
        recognizer = make()
        recognizer.fit(data, MemoryContext())
        return dict(recognizer.state().tensors)

    with_thread = weights()
    for module in (clip_training, encoder_recognizer, fine_tuning):
        monkeypatch.setattr(module, "AHEAD", 0)
    for key, value in weights().items():
        np.testing.assert_array_equal(value, with_thread[key])
