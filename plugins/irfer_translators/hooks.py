"""Components of the translators."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, Traits, hookimpl

SCORE_NET = {"score_net": "diffusion.score_net/1"}
LANDMARK_NET = {"landmark_net": "diffusion.landmark_net/1"}
"""Shared parts: methods that declare one owner and ask for one key share one trained network."""

FITTED, FIXED = Traits(trains=True), Traits(trains=False)
PLAIN: tuple[tuple[str, str, str, Traits], ...] = (
    ("none", "Identity", "nothing is added (augmented); the raw visible image (weak)",
     Traits(trains=False, adds_nothing=True)),
    ("identity", "Identity", "the raw visible image", FIXED),
    ("grey", "Grey", "Pillow's luma of the visible image", FIXED),
    ("red", "Red", "the red channel, nearest to a silicon sensor's near-infrared response", FIXED),
    ("histmatch", "HistogramMatch", "grey levels onto those of the training target images", FITTED),
    ("meanstd", "MeanStd", "grey mean and deviation onto those of the training target images",
     FITTED),
    ("oracle", "Oracle", "the true partner: the ceiling of any translator",
     Traits(trains=False, partners=True)),
)


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """The plain translators and the diffusion ones."""
    for name, factory, summary, traits in PLAIN:
        yield Component(
            "translator", name, f"irfer_translators.plain:{factory}",
            "irfer_translators.plain_params:PlainParams", summary, licence="MIT", traits=traits,
        )
    yield Component(
        "translator", "nfer_sde", "irfer_translators.diffusion.nfer_sde_translator:NferSde",
        "irfer_translators.diffusion.nfer_sde_params:NferSdeParams",
        "conditional diffusion guided by landmark and high-pass energies",
        # 2: frames of a clip share their noise; the paper preset's baseline has lr 1e-4.
        version="2",
        licence="MIT", source="luo2024nfersde",
        traits=Traits(trains=True, pairs=True, landmarks=True),
        parts={**SCORE_NET, **LANDMARK_NET},
    )
    yield Component(
        "translator", "sdedit", "irfer_translators.diffusion.sdedit:SdEdit",
        "irfer_translators.diffusion.sdedit_params:SdEditParams",
        "noise the visible image, then denoise it with a diffusion of target images",
        licence="MIT", source="meng2022sdedit", traits=Traits(trains=True), parts=SCORE_NET,
    )
