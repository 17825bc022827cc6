"""Every built-in component and variant passes the conformance suite of its kind.

Components are found in the registry, so a new one is tested from the moment it is announced; one
that is heavy needs small parameters in `SMALL`, and a dataset of files needs a sample in `SAMPLES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from irfer_bench.api import BASIC
from irfer_bench.registry import load
from irfer_bench.testing.conformance import (
    DatasetConformance,
    DetectorConformance,
    MetricConformance,
    RecognizerConformance,
    TranslatorConformance,
)
from irfer_bench.testing.faces import TEST, make_clip
from irfer_bench.testing.memory import ClipList
from tests.conformance.sample_trees import SAMPLES


class ImageRecognizer(RecognizerConformance):
    """What every built-in recognizer of images does with a video."""

    def test_a_video_is_scored_by_the_mean_over_its_scored_frames(self) -> None:
        """Log-probabilities are averaged over the frames that the setting scores, repeats too."""
        recognizer, _ = self.result()
        video = replace(make_clip(TEST[0], BASIC[3], "nir", frames=4), scored=(2, 0, 3, 3))
        assert video.scored is not None
        frames = ClipList([
            replace(video, id=str(place), frames=video.frames[[t]], landmarks=None, scored=None)
            for place, t in enumerate(video.scored)
        ])
        mean = self.predict(recognizer, frames).astype(np.float64).mean(0)
        expected = mean - np.logaddexp.reduce(mean)
        (scores,) = self.predict(recognizer, ClipList([video]))
        assert np.allclose(scores, expected, atol=self.tolerance)


SUITES = {
    "translator": TranslatorConformance,
    "recognizer": RecognizerConformance,
    "dataset": DatasetConformance,
    "metric": MetricConformance,
    "detector": DetectorConformance,
}
TINY_DIFFUSION = {
    "size": 16, "net": "mini", "iterations": 2, "batch": 4, "steps": 2, "warmup": 0,
}
TINY_NFER_SDE = {**TINY_DIFFUSION, "h_iterations": 2, "h_batch": 4}
TINY_GAN = {"ngf": 2, "ndf": 2, "batch": 2, "iterations": 2}
TINY_VIDEO = {"epochs": 1, "batch": 9, "width": 4, "size": 16}
SMALL: dict[str, dict[str, Any]] = {
    "nfer_sde": TINY_NFER_SDE,
    "sdedit": TINY_DIFFUSION,
    "cyclegan": {**TINY_GAN, "size": 24, "blocks": 1},
    "pix2pix": {**TINY_GAN, "size": 32, "downs": 5},
    "hifacegan": {**TINY_GAN, "size": 64, "lambda_vgg": 0.0},
    "ilvr": TINY_DIFFUSION,
    "egsde": {**TINY_DIFFUSION, "dse_iterations": 2, "dse_batch": 4},
    "t2v_ddpm": {**TINY_DIFFUSION, "steps": 0, "levels": 5},
    "sr3": TINY_DIFFUSION,
    "pca": {"epochs": 1, "batch": 27, "J": 2},
    "pda": {"epochs": 1, "batch": 27},
    "vpt": {"epochs": 1, "batch": 27, "depth": 2},
    "dfer_clip": {"epochs": 1, "batch": 9, "segments": 2},
    "resnet18": {"epochs": 2, "width": 8, "size": 32},
    "resnet50": {"epochs": 2, "width": 4, "size": 32},
    "vit": {"epochs": 2, "size": 24},
    "mae_face": {"epochs": 2, "size": 24, "weights": "none"},
    "mma_dfer": {
        "epochs": 1, "batch": 27, "size": 16, "frames": 2, "window": 32, "vision_weights": "none",
        "audio_weights": "none",
    },
    "vision_only": {"epochs": 1, "size": 16, "frames": 2, "weights": "none"},
    "audio_only": {"epochs": 1, "window": 32, "weights": "none"},
    "former_dfer": TINY_VIDEO,
    "c3d": TINY_VIDEO,
    "c3d_lstm": TINY_VIDEO,
    "r3d_18": TINY_VIDEO,
    "mc3_18": TINY_VIDEO,
    "r2plus1d_18": TINY_VIDEO,
}
"""Parameters on top of the preset `quick`, so that each suite runs in seconds."""
ONE_LEVEL = {
    "nfer_sde", "sdedit", "ilvr", "egsde", "t2v_ddpm", "sr3", "cyclegan", "pix2pix", "hifacegan",
}
"""Networks whose float sums depend on the batch size: a rounded pixel may move by one of 255."""


UNLABELLED = {"pda"}
"""Recognizers that need unlabelled target clips, which only some settings grant."""


def _write(sample: Callable[[Path], None]) -> Any:
    return lambda self, folder: sample(folder)


def _announce(kind: str, name: str, variant: str) -> None:
    """Put a test class for one component and variant into this module."""
    members: dict[str, Any] = {
        "component": name, "variant": variant, "params": SMALL.get(name, {}),
        "__module__": __name__,
    }
    if name in ONE_LEVEL:
        members["levels"] = 1
    if name in UNLABELLED:
        members["unlabelled"] = True
    if name in SAMPLES:
        members["write_sample"] = _write(SAMPLES[name])
    title = "_".join(filter(None, ("Test", kind, name, variant)))
    suite = ImageRecognizer if name in IMAGE_RECOGNIZERS else SUITES[kind]
    globals()[title] = type(title, (suite,), members)


_registry = load()
IMAGE_RECOGNIZERS = {
    component.name for component in _registry.components("recognizer")
    if component.traits.get("modality", "image") == "image"
}
for _owned in _registry.registered:
    _component = _owned.component
    if _owned.builtin and _component.kind in SUITES:
        for _variant in ("", *_registry.params_class(_component).variants):
            _announce(_component.kind, _component.name, _variant)
