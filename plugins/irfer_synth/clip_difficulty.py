"""What face and voice of the embedded clips tell, measured by a recognizer outside the suite.

`python -m irfer_synth.clip_difficulty` prints the figures of docs/synthetic-benchmark.md: ridge
classifiers on oriented gradients of two frames, on statistics of the voice, and on both.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from irfer_bench.api import BASIC, CLASSES
from irfer_synth.clips import count_frames, draw_clip, draw_recording, draw_voice
from irfer_synth.dataset import CLIP_SUBJECTS, FOLDS, SUBJECTS
from irfer_synth.difficulty import describe_gradients
from irfer_synth.faces import render
from irfer_synth.voice import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

Draw = Callable[[int, str], "NDArray[Any] | None"]
CLIPS, RECORDINGS = range(1, CLIP_SUBJECTS + 1), range(CLIP_SUBJECTS + 1, SUBJECTS + 1)
HOP, WINDOW, BANDS = 160, 400, 40
"""Samples between frames and in a frame of 16 kHz audio, and mel bands."""
FRAME_AT = (0.4, 0.6)


@dataclass(frozen=True, slots=True)
class ClipDifficulty:
    """Accuracies over the five folds, and how many clips had no audio."""

    face: float
    voice: float
    both: float
    without_audio: int


def measure(people: Sequence[int], labels: Sequence[str], draw: Draw) -> ClipDifficulty:
    """Train and test on visible clips; where audio is missing, its features are the mean."""
    pairs = [(number, label) for number in people for label in labels]
    voices = [draw(number, label) for number, label in pairs]
    heard = np.array([voice is not None for voice in voices])
    sounds = np.zeros((len(pairs), len(describe_voice(np.zeros(RATE)))))
    sounds[heard] = [describe_voice(voice) for voice in voices if voice is not None]
    sounds[~heard] = sounds[heard].mean(0)
    truth = np.tile(np.arange(len(labels)), len(people))
    fold = np.repeat(np.asarray(people) % FOLDS, len(labels))
    face = _score(np.stack([_describe_face(*pair) for pair in pairs]), truth, fold, 3000.0)
    voice = _score(sounds, truth, fold, 30.0)
    right = [float((s.argmax(1) == truth).mean()) for s in (face, voice, face + voice)]
    return ClipDifficulty(right[0], right[1], right[2], without_audio=int((~heard).sum()))


def describe_voice(voice: NDArray[Any]) -> NDArray[Any]:
    """(141,) log-mel mean, deviation and change, pitch, loudness, and rhythm by its spectrum."""
    frames = np.lib.stride_tricks.sliding_window_view(voice.astype(np.float64), 2 * WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(frames[:, :WINDOW] * np.hanning(WINDOW), 512)) ** 2
    mel = np.log(power @ _mel_bands() + 1e-6)
    third = len(frames) // 3
    total = power.sum(1)
    correlation = np.fft.irfft(np.abs(np.fft.rfft(frames, 2048)) ** 2)[:, RATE // 450 : RATE // 70]
    pitch = np.log(RATE / (correlation.argmax(1) + RATE // 450))
    loud = total >= np.median(total)
    first, last = (np.median(pitch[at][loud[at]]) if loud[at].any() else 0.0
                   for at in (slice(third), slice(-third, None)))
    envelope = np.sqrt(total)
    rhythm = np.abs(np.fft.rfft(envelope - envelope.mean(), 1024))[10:138].reshape(16, 8).mean(1)
    summary = (np.median(pitch[loud]), pitch[loud].std(), last - first)
    level = np.log(total + 1e-6)
    return np.concatenate(
        [mel.mean(0), mel.std(0), mel[-third:].mean(0) - mel[:third].mean(0), summary,
         [level.mean(), level.std()], rhythm / (rhythm.sum() + 1e-9)]
    )


def _describe_face(number: int, label: str) -> NDArray[Any]:
    frames = count_frames(number, label)
    moments = draw_clip(number, label, [int(frames * at) for at in FRAME_AT])
    return describe_gradients(render(moments, "vis")[0]).ravel()


def _score(
    features: NDArray[Any], truth: NDArray[Any], fold: NDArray[Any], alpha: float
) -> NDArray[Any]:
    """(N, classes) decision values of ridge classifiers that did not see the clip's fold."""
    from sklearn.linear_model import RidgeClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    scores = np.zeros((len(truth), int(truth.max()) + 1))
    for k in range(FOLDS):
        model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=alpha, solver="cholesky"))
        model.fit(features[fold != k], truth[fold != k])
        scores[fold == k] = model.decision_function(features[fold == k])
    return scores


def _mel_bands() -> NDArray[Any]:
    """(257, 40) triangles, equally wide on the mel scale from 20 Hz to 8 kHz."""

    def mel(frequency: Any) -> Any:
        return 1127 * np.log(1 + frequency / 700)

    edges = np.linspace(mel(20), mel(RATE / 2), BANDS + 2)
    at = mel(np.linspace(0, RATE / 2, 257))[:, None]
    low, peak, high = edges[:-2], edges[1:-1], edges[2:]
    bands = np.minimum((at - low) / (peak - low), (high - at) / (high - peak))
    return np.asarray(np.maximum(0, bands))


def main() -> None:
    """Print the figures of the three settings."""
    for name, people, labels, draw in (
        ("synth_clips_supervised", CLIPS, BASIC, draw_voice),
        ("synth_av7_supervised", RECORDINGS, CLASSES[:7], draw_recording),
        ("synth_av11_supervised", RECORDINGS, CLASSES, draw_recording),
    ):
        d = measure(people, labels, draw)
        sys.stdout.write(
            f"{name}: face {d.face:.3f}, voice {d.voice:.3f}, both {d.both:.3f}, "
            f"{d.without_audio} clips without audio\n"
        )


if __name__ == "__main__":
    main()
