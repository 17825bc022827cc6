"""Components of the CLIP family."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, hookimpl


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """CLIP zero-shot and PCA."""
    yield Component(
        kind="recognizer",
        name="clip_zero_shot",
        factory="irfer_clip.clip_zero_shot:ClipZeroShot",
        params="irfer_clip.clip_zero_shot_params:ClipZeroShotParams",
        summary="CLIP compares an image with a sentence about each class; nothing is trained",
        needs=("torch", "open_clip"),
        licence="MIT",
        source="radford2021clip",
    )
    yield Component(
        kind="recognizer",
        name="pca",
        factory="irfer_clip.pca:Pca",
        params="irfer_clip.pca_params:PcaParams",
        summary="prompts and feature banks align visible and few labelled infrared images",
        needs=("torch", "open_clip"),
        licence="MIT",
        source="shi2025pca",
    )
