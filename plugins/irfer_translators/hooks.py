"""Components of the translators."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, Traits, hookimpl

SCORE_NET = {"score_net": "diffusion.score_net/1"}
LANDMARK_NET = {"landmark_net": "diffusion.landmark_net/2"}
DOMAIN_NET = {"domain_net": "diffusion.domain_net/1"}
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
GAN: tuple[tuple[str, str, str, str, str, Traits], ...] = (
    ("cyclegan", "CycleGan", "two generators and two discriminators, from unpaired images",
     "BSD-2-Clause", "zhu2017cyclegan", Traits(trains=True, pairs=False)),
    ("pix2pix", "Pix2Pix", "a U-Net against a conditional discriminator, from pairs",
     "BSD-2-Clause", "isola2017pix2pix", Traits(trains=True, pairs=True)),
    ("hifacegan", "HiFaceGan", "a content-adaptive encoder and a SPADE decoder, from pairs",
     "MIT; published code GPL-3.0 and CC-BY-NC-SA-4.0, not used", "yang2020hifacegan",
     Traits(trains=True, pairs=True)),
)


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """The plain translators, the adversarial and the diffusion ones."""
    for name, factory, summary, traits in PLAIN:
        yield Component(
            "translator", name, f"irfer_translators.plain:{factory}",
            "irfer_translators.plain_params:PlainParams", summary, licence="MIT", traits=traits,
        )
    for name, factory, summary, licence, source, traits in GAN:
        yield Component(
            "translator", name, f"irfer_translators.gan.{name}:{factory}",
            f"irfer_translators.gan.{name}_params:{factory}Params", summary, licence=licence,
            source=source, traits=traits,
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
    yield Component(
        "translator", "ilvr", "irfer_translators.diffusion.ilvr:Ilvr",
        "irfer_translators.diffusion.ilvr_params:IlvrParams",
        "a diffusion of target images whose low frequencies follow the visible image",
        licence="MIT", source="choi2021ilvr", traits=Traits(trains=True), parts=SCORE_NET,
    )
    yield Component(
        "translator", "egsde", "irfer_translators.diffusion.egsde:Egsde",
        "irfer_translators.diffusion.egsde_params:EgsdeParams",
        "SDEdit guided by energies of a domain classifier and of low frequencies",
        licence="MIT; published code without a licence, not used", source="zhao2022egsde",
        traits=Traits(trains=True),
        parts={**SCORE_NET, **DOMAIN_NET},
    )
    yield Component(
        "translator", "t2v_ddpm", "irfer_translators.diffusion.t2v_ddpm:T2vDdpm",
        "irfer_translators.diffusion.t2v_ddpm_params:T2vDdpmParams",
        "conditional diffusion on a hundred levels, with a learned variance",
        licence="Apache-2.0", source="nair2023t2v", traits=Traits(trains=True, pairs=True),
        parts=SCORE_NET,
    )
    yield Component(
        "translator", "sr3", "irfer_translators.diffusion.sr3:Sr3",
        "irfer_translators.diffusion.sr3_params:Sr3Params",
        "conditional diffusion whose network sees the level of noise",
        licence="Apache-2.0", source="saharia2022sr3", traits=Traits(trains=True, pairs=True),
        parts=SCORE_NET,
    )
