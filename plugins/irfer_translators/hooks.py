"""What this family announces."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, hookimpl

PLAIN = (
    ("none", "Identity", "nothing is added (augmented); the raw visible image (weak)"),
    ("identity", "Identity", "the raw visible image"),
    ("grey", "Grey", "Pillow's luma of the visible image"),
    ("red", "Red", "the red channel, nearest to a silicon sensor's near-infrared response"),
    ("histmatch", "HistogramMatch", "grey levels onto those of the training target images"),
    ("meanstd", "MeanStd", "grey mean and deviation onto those of the training target images"),
    ("oracle", "Oracle", "the true partner: the ceiling of any translator"),
)


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """The plain translators and the diffusion ones."""
    for name, factory, summary in PLAIN:
        yield Component(
            "translator", name, f"irfer_translators.plain:{factory}",
            f"irfer_translators.plain_params:{name.capitalize()}Params", summary, licence="MIT",
        )
    yield Component(
        "translator", "nfer_sde", "irfer_translators.diffusion.nfer_sde:NferSde",
        "irfer_translators.diffusion.nfer_sde_params:NferSdeParams",
        "conditional diffusion guided by landmark and high-pass energies",
        licence="MIT", source="luo2024nfersde",
    )
