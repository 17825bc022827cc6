"""Components of the recognizers of videos with audio."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, Traits, hookimpl

TORCH = ("torch", "torchvision")
VIDEO: Traits = {"modality": "video"}


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """Networks over several frames, and over frames and audio."""
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
