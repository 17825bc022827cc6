"""The suites for methods find what they are for: each flaw fails the check meant for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from irfer_bench.contracts.values import State
from irfer_bench.testing.conformance import (
    RecognizerConformance,
    TranslatorConformance,
)


class Faultless:
    """A translator that keeps every promise: pixels plus a learnt number, and grain by id."""

    def __init__(self) -> None:
        self.shift = 0.0

    def fit(self, data: Any, ctx: Any) -> None:
        self.shift = float(np.mean([c.frames.mean() for c in data.target])) / 10

    def translate(self, clips: Any, ctx: Any) -> Any:
        for clip in clips:
            yield self.one(clip, np.random.default_rng(ctx.seed_for("grain", clip.id)))

    def one(self, clip: Any, random: Any) -> Any:
        moved = clip.frames + self.shift + random.normal(size=clip.frames.shape)
        return replace(clip, frames=moved.clip(0, 255).astype(np.uint8), spectrum="nir")

    def state(self) -> State:
        return State({"shift": np.array([self.shift])})

    def restore(self, state: State) -> None:
        self.shift = float(state.tensors["shift"][0])


class NoiseByPlace(Faultless):
    def translate(self, clips: Any, ctx: Any) -> Any:
        for place, clip in enumerate(clips):
            yield self.one(clip, np.random.default_rng(place))


class Backwards(Faultless):
    def translate(self, clips: Any, ctx: Any) -> Any:
        return reversed(list(super().translate(clips, ctx)))


class Forgetful(Faultless):
    def restore(self, state: State) -> None:
        pass


class Unseeded(Faultless):
    def fit(self, data: Any, ctx: Any) -> None:
        self.shift = float(np.random.default_rng().uniform(0, 40))


class Scribbler(Faultless):
    def fit(self, data: Any, ctx: Any) -> None:
        data.target[0].frames[:] = 0


class StillsOnly(Faultless):
    def one(self, clip: Any, random: Any) -> Any:
        made = super().one(clip, random)
        return replace(made, frames=made.frames[:1], audio=None)


class Floats(Faultless):
    def one(self, clip: Any, random: Any) -> Any:
        made = super().one(clip, random)
        return replace(made, frames=made.frames / 255)


class Leaky(Faultless):
    def one(self, clip: Any, random: Any) -> Any:
        made = super().one(clip, random)
        return replace(made, frames=made.frames // (2 if clip.label == "anger" else 1))


class Renaming(Faultless):
    def one(self, clip: Any, random: Any) -> Any:
        return replace(super().one(clip, random), pair=None, spectrum="vis")


class Objects(Faultless):
    def state(self) -> State:
        return State({"shift": np.array([self.shift])}, {"self": self})


class Shared(Faultless):
    kept: Any = np.zeros(1)

    def fit(self, data: Any, ctx: Any) -> None:
        super().fit(data, ctx)
        self.kept += 1

    def state(self) -> State:
        return State({"shift": np.array([self.shift]), "kept": self.kept.copy()})


class Drifting(Faultless):
    def translate(self, clips: Any, ctx: Any) -> Any:
        self.shift += 5
        return super().translate(clips, ctx)


def checks(suite: Any) -> list[str]:
    return [name for name in dir(suite) if name.startswith("test_")]


def suite_of(base: Any, make: Any) -> Any:
    return type("Suite", (base,), {"make": lambda self: make()})()


TRANSLATORS = {
    NoiseByPlace: "a_subset_in_another_order_gives_the_same_pixels",
    Backwards: "same_ids_in_the_same_order",
    Forgetful: "a_fresh_one_restores_the_state",
    Unseeded: "the_seed_decides",
    Scribbler: "inputs_are_left_alone",
    StillsOnly: "clips_of_several_frames",
    Floats: "frames_keep_shape_and_type",
    Leaky: "labels_change_no_pixel",
    Renaming: "facts_pass_through",
    Objects: "the_state_is_tensors_and_scalars",
    Shared: "one_fit_does_not_change_another",
    Drifting: "translating_twice_gives_the_same_pixels",
}
UNANNOUNCED = ("announced_with", "announcing_imports", "params_are", "presets_and")


def test_a_faultless_translator_passes() -> None:
    suite = suite_of(TranslatorConformance, Faultless)
    for name in checks(suite):
        if not name.startswith(tuple(f"test_{part}" for part in UNANNOUNCED)):
            getattr(suite, name)()


@pytest.mark.parametrize("flawed, check", TRANSLATORS.items(), ids=lambda value: str(value))
def test_a_flawed_translator_fails(flawed: type, check: str) -> None:
    with pytest.raises((AssertionError, TypeError)):
        getattr(suite_of(TranslatorConformance, flawed), f"test_{check}")()


class Means:
    """A faultless recognizer: nearest class mean."""

    def fit(self, data: Any, ctx: Any) -> None:
        clips = [*data.source, *data.target]
        self.means = np.stack([
            np.mean([c.frames.mean(0) for c in clips if c.label == name], 0)
            for name in data.classes
        ])

    def predict(self, clips: Any, ctx: Any) -> Any:
        rows = np.array([c.frames.mean(0) for c in clips]).reshape(len(clips), -1)
        return self.scores(-np.abs(rows[:, None] - self.means.reshape(1, 6, -1)).mean(-1))

    def scores(self, logits: Any) -> Any:
        norm = np.logaddexp.reduce(logits, axis=1, keepdims=True)
        return (logits - norm).astype(np.float32)

    def state(self) -> State:
        return State({"means": self.means})

    def restore(self, state: State) -> None:
        self.means = state.tensors["means"]


class Logits(Means):
    def scores(self, logits: Any) -> Any:
        return logits.astype(np.float32)


class Doubles(Means):
    def scores(self, logits: Any) -> Any:
        return super().scores(logits).astype(np.float64)


class BatchStatistics(Means):
    def scores(self, logits: Any) -> Any:
        return super().scores(5 * (logits - logits.mean(0)) / (logits.std(0) + 1e-6))


class Peeking(Means):
    def predict(self, clips: Any, ctx: Any) -> Any:
        scores = super().predict(clips, ctx)
        labels = [clip.label for clip in clips]
        return scores if None in labels else np.roll(scores, 1, axis=1)


class NoState(Means):
    def state(self) -> State:
        return State()

    def restore(self, state: State) -> None:
        self.means = np.zeros((6, 32, 32, 3))


class RandomMeans(Means):
    def fit(self, data: Any, ctx: Any) -> None:
        self.means = np.random.default_rng().uniform(0, 255, (6, 32, 32, 3))


class Features(Means):
    def embed(self, clips: Any, ctx: Any) -> Any:
        return np.zeros((len(clips) + 1, 3), np.float32)


class CrashOnEmpty(Means):
    def fit(self, data: Any, ctx: Any) -> None:
        data.source[0]
        super().fit(data, ctx)


RECOGNIZERS = {
    Logits: "scores_are_log_probabilities",
    Doubles: "scores_are_log_probabilities",
    BatchStatistics: "a_subset_in_another_order_gives_the_same_scores",
    Peeking: "labels_of_test_clips_are_not_looked_at",
    NoState: "a_fresh_one_restores_the_state",
    RandomMeans: "the_seed_decides",
    Features: "features_are_rows",
    CrashOnEmpty: "an_empty_source_is_met",
}


def test_a_faultless_recognizer_passes() -> None:
    suite = suite_of(RecognizerConformance, Means)
    for name in checks(suite):
        if not name.startswith(tuple(f"test_{part}" for part in UNANNOUNCED)):
            getattr(suite, name)()


@pytest.mark.parametrize("flawed, check", RECOGNIZERS.items(), ids=lambda value: str(value))
def test_a_flawed_recognizer_fails(flawed: type, check: str) -> None:
    with pytest.raises((AssertionError, IndexError)):
        getattr(suite_of(RecognizerConformance, flawed), f"test_{check}")()
