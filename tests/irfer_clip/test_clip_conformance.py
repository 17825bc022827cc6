"""The suite every recognizer passes, with the shipped mini CLIP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from irfer_bench.api import TrainingData
from irfer_bench.testing.faces import TRAINING, make_faces
from irfer_bench.testing.recognizer_conformance import RecognizerConformance


class TestPca(RecognizerConformance):
    component = "pca"
    params: ClassVar[Mapping[str, Any]] = {"epochs": 1, "batch": 8}


class TestPcaLiteral(RecognizerConformance):
    component = "pca"
    variant = "literal"
    params: ClassVar[Mapping[str, Any]] = {"epochs": 1, "batch": 8}


class TestPda(RecognizerConformance):
    component = "pda"
    params: ClassVar[Mapping[str, Any]] = {"epochs": 1, "batch": 8, "confidence": 0.2}

    def data(self, **sides: Any) -> TrainingData:
        """With the unlabelled target images that a setting must grant."""
        unlabelled = make_faces("nir", TRAINING).unlabelled()
        return replace(super().data(**sides), unlabelled=unlabelled)


class TestVpt(RecognizerConformance):
    component = "vpt"
    params: ClassVar[Mapping[str, Any]] = {"epochs": 1, "batch": 8}


class TestClipZeroShot(RecognizerConformance):
    component = "clip_zero_shot"
