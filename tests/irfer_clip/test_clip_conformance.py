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


class TestLinearProbe(RecognizerConformance):
    component = "linear_probe"


class TestCoop(RecognizerConformance):
    component = "coop"
    params: ClassVar[Mapping[str, Any]] = {"epochs": 2, "batch": 8}


class TestCocoop(RecognizerConformance):
    component = "cocoop"
    params: ClassVar[Mapping[str, Any]] = {"epochs": 1, "batch": 8}


class TestMaple(RecognizerConformance):
    component = "maple"
    params: ClassVar[Mapping[str, Any]] = {"epochs": 1, "batch": 8}


class TestIvlp(RecognizerConformance):
    component = "ivlp"
    params: ClassVar[Mapping[str, Any]] = {"epochs": 1, "batch": 8}


class TestVpt(RecognizerConformance):
    component = "vpt"
    params: ClassVar[Mapping[str, Any]] = {"epochs": 1, "batch": 8}


class TestPda(RecognizerConformance):
    component = "pda"
    params: ClassVar[Mapping[str, Any]] = {"epochs": 1, "batch": 8}
    unlabelled = True


class TestMpaFer(RecognizerConformance):
    component = "mpa_fer"
    params: ClassVar[Mapping[str, Any]] = {"epochs": 1, "batch": 8}
