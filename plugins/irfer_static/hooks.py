"""Components of the image recognizers."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, hookimpl


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """Plainly trained image networks."""
    yield Component(
        kind="recognizer", name="resnet18", factory="irfer_static.resnet:ResNet18Recognizer",
        params="irfer_static.resnet_params:ResNetParams", needs=("torch", "torchvision"),
        summary="ResNet-18 trained plainly on source and target together", licence="MIT",
        source="he2016resnet",
        traits={"modality": "image"},
    )
