"""Components of the recognizers of videos with audio."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, hookimpl

NEEDS = ("torch", "torchvision", "timm", "scipy")


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """Networks over several frames, and over frames and audio."""
    yield Component(
        kind="recognizer", name="mma_dfer", factory="irfer_dynamic.mma_dfer:MMADFERRecognizer",
        params="irfer_dynamic.mma_dfer_params:MMADFERParams", needs=NEEDS,
        summary="MMA-DFER: frozen MAE-Face and AudioMAE, prompts and fusion bottlenecks",
        licence="MIT", source="chumachenko2024mmadfer", traits={"modality": "audio_video"},
    )
    yield Component(
        kind="recognizer", name="vision_only",
        factory="irfer_dynamic.unimodal:VisionOnlyRecognizer",
        params="irfer_dynamic.unimodal_params:VisionOnlyParams", needs=NEEDS,
        summary="Linear classifier on frozen MAE-Face, mean over the frames of a clip",
        licence="MIT", source="ma2023maeface", traits={"modality": "video"},
    )
    yield Component(
        kind="recognizer", name="audio_only",
        factory="irfer_dynamic.unimodal:AudioOnlyRecognizer",
        params="irfer_dynamic.unimodal_params:AudioOnlyParams", needs=NEEDS,
        summary="Linear classifier on frozen AudioMAE, which hears the voice alone",
        licence="MIT", source="huang2022audiomae", traits={"modality": "audio"},
    )
