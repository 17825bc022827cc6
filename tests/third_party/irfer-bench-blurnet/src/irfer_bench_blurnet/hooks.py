"""What this package announces."""

from collections.abc import Iterable

from irfer_bench.api import Component, hookimpl


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """A translator and a recognizer."""
    yield Component(
        kind="translator",
        name="blur",
        factory="irfer_bench_blurnet.blur:Blur",
        params="irfer_bench_blurnet.blurnet_params:BlurParams",
        summary="blurred luma at the target's mean and deviation",
        licence="MIT",
    )
    yield Component(
        kind="recognizer",
        name="centroids",
        factory="irfer_bench_blurnet.centroids:Centroids",
        params="irfer_bench_blurnet.blurnet_params:CentroidsParams",
        summary="nearest mean image of a class",
        licence="MIT",
    )
