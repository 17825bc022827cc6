"""Components of the image recognizers."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, hookimpl


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """Image networks, trained or fine-tuned by one recipe."""
    yield Component(
        kind="recognizer", name="resnet18", factory="irfer_static.resnet:ResNetRecognizer",
        params="irfer_static.resnet_params:ResNetParams", needs=("torch", "torchvision"),
        summary="ResNet-18 trained plainly on source and target together", licence="MIT",
        source="he2016resnet",
        traits={"modality": "image"},
    )
    yield Component(
        kind="recognizer", name="resnet50", factory="irfer_static.resnet:ResNetRecognizer",
        params="irfer_static.resnet_params:ResNet50Params", needs=("torch", "torchvision"),
        summary="ResNet-50, fine-tuned", licence="MIT", source="he2016resnet",
        traits={"modality": "image"},
    )
    yield Component(
        kind="recognizer", name="vit", factory="irfer_static.vit:ViTRecognizer",
        params="irfer_static.vit_params:ViTParams", needs=("torch", "torchvision", "timm"),
        summary="Vision transformer (ViT-B/16 or ViT-L/14), fine-tuned", licence="MIT",
        source="dosovitskiy2021vit", traits={"modality": "image"},
    )
    yield Component(
        kind="recognizer", name="mae_face", factory="irfer_static.mae_face:MAEFaceRecognizer",
        params="irfer_static.mae_face_params:MAEFaceParams",
        needs=("torch", "torchvision", "timm"),
        summary="MAE-Face (ViT-B/16 pretrained on faces), fine-tuned", licence="MIT",
        source="ma2023maeface", traits={"modality": "image"},
    )
