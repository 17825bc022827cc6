"""Components of the recognizers of videos with audio."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, Traits, hookimpl

TORCH = ("torch", "torchvision")
VIDEO: Traits = {"modality": "video"}
ENCODERS = (*TORCH, "timm", "scipy")


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """Networks over several frames, and over frames and audio."""
    yield Component(
        kind="recognizer", name="mma_dfer", factory="irfer_dynamic.mma_dfer:MMADFERRecognizer",
        params="irfer_dynamic.mma_dfer_params:MMADFERParams", needs=ENCODERS,
        summary="MMA-DFER: frozen MAE-Face and AudioMAE, prompts and fusion bottlenecks",
        licence="MIT", source="chumachenko2024mmadfer", traits={"modality": "audio_video"},
    )
    yield Component(
        kind="recognizer", name="vision_only",
        factory="irfer_dynamic.unimodal:VisionOnlyRecognizer",
        params="irfer_dynamic.unimodal_params:VisionOnlyParams", needs=ENCODERS,
        summary="Linear classifier on frozen MAE-Face, mean over the frames of a clip",
        licence="MIT", source="ma2023maeface", traits=VIDEO,
    )
    yield Component(
        kind="recognizer", name="audio_only",
        factory="irfer_dynamic.unimodal:AudioOnlyRecognizer",
        params="irfer_dynamic.unimodal_params:AudioOnlyParams", needs=ENCODERS,
        summary="Linear classifier on frozen AudioMAE, of the voice alone",
        licence="MIT", source="huang2022audiomae", traits={"modality": "audio"},
    )
    yield Component(
        kind="recognizer", name="former_dfer",
        factory="irfer_dynamic.former_dfer:FormerDfer",
        params="irfer_dynamic.former_dfer_params:FormerDferParams",
        summary="ResNet-18 with attention over the places of a frame, then over the frames",
        needs=TORCH, licence="MIT", source="zhao2021formerdfer", traits=VIDEO,
    )
    yield Component(
        kind="recognizer", name="c3d", factory="irfer_dynamic.c3d:C3D",
        params="irfer_dynamic.c3d_params:C3DParams",
        summary="eight convolutions over space and time and three linear layers",
        needs=TORCH, licence="MIT", source="tran2015c3d; zhao2021formerdfer", traits=VIDEO,
    )
    yield Component(
        kind="recognizer", name="c3d_lstm", factory="irfer_dynamic.c3d:C3DLstm",
        params="irfer_dynamic.c3d_params:C3DLstmParams",
        summary="C3D's convolutions, read over time by an LSTM",
        needs=TORCH, licence="MIT", source="tran2015c3d; zhao2021formerdfer", traits=VIDEO,
    )
    for name, params, what in (
        ("r3d_18", "R3DParams", "convolutions over space and time"),
        ("mc3_18", "MC3Params", "convolutions over space and time, then over space alone"),
        ("r2plus1d_18", "R2Plus1DParams", "convolutions over space, each followed by one in time"),
    ):
        yield Component(
            kind="recognizer", name=name,
            factory="irfer_dynamic.video_resnet:VideoResNetRecognizer",
            params=f"irfer_dynamic.video_resnet_params:{params}",
            summary=f"18-layer residual network with {what}",
            needs=TORCH, licence="MIT", source="tran2018closer; zhao2021formerdfer", traits=VIDEO,
        )
