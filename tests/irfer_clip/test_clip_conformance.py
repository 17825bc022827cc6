"""The suite every recognizer passes, with the shipped mini CLIP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from irfer_bench.testing.recognizer_conformance import RecognizerConformance


class TestPca(RecognizerConformance):
    component = "pca"
    params: ClassVar[Mapping[str, Any]] = {"epochs": 1, "batch": 8}


class TestPcaLiteral(RecognizerConformance):
    component = "pca"
    variant = "literal"
    params: ClassVar[Mapping[str, Any]] = {"epochs": 1, "batch": 8}


class TestClipZeroShot(RecognizerConformance):
    component = "clip_zero_shot"
