"""Components of the embedded benchmark."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, hookimpl

SETTINGS = {
    "synth_nir_weak5": "visible labels, 5 near-infrared labels per class of the target domain",
    "synth_nir_weak0": "visible labels, no near-infrared label of the target domain",
    "synth_nir_weak1": "visible labels, 1 near-infrared label per class of the target domain",
    "synth_nir_weak10": "visible labels, 10 near-infrared labels per class of the target domain",
    "synth_nir_weak16": "visible labels, 16 near-infrared labels per class of the target domain",
    "synth_nir_weak_tenth": (
        "visible labels, near-infrared labels of a tenth of the subjects of the target domain"
    ),
    "synth_nir_weak_full": "visible labels, every near-infrared label of the target domain",
    "synth_nir_uda": "visible labels, and near-infrared training images without labels",
    "synth_nir_augmented": (
        "every near-infrared label, and translations of 30 other people's visible images"
    ),
    "synth_nir_supervised": "trained and tested on near-infrared",
    "synth_nir_shots1": "trained on 1 near-infrared image per class and nothing else",
    "synth_nir_shots2": "trained on 2 near-infrared images per class and nothing else",
    "synth_nir_shots4": "trained on 4 near-infrared images per class and nothing else",
    "synth_nir_shots8": "trained on 8 near-infrared images per class and nothing else",
    "synth_nir_shots16": "trained on 16 near-infrared images per class and nothing else",
    "synth_nir_validated": (
        "trained and tested on near-infrared; a fifth of the training subjects chooses "
        "parameters"
    ),
    "synth_nir_misaligned": "as synth_nir_quality, but heads moved between the partners, which no "
    "frame aligns",
    "synth_nir_quality": (
        "translations of visible test images against their true near-infrared partners"
    ),
    "synth_vis_to_nir": "trained on visible, tested on near-infrared",
    "synth_lwir_weak5": "visible labels, 5 thermal labels per class of the target domain",
    "synth_lwir_weak1": "visible labels, 1 thermal label per class of the target domain",
    "synth_lwir_weak16": "visible labels, 16 thermal labels per class of the target domain",
    "synth_lwir_weak_full": "visible labels, every thermal label of the target domain",
    "synth_lwir_augmented": (
        "every thermal label, and translations of 30 other people's visible images"
    ),
    "synth_lwir_quality": (
        "translations of visible test images against their true thermal partners"
    ),
    "synth_dark_weak5": "visible labels, 5 labels per class in the dark of the target domain",
    "synth_dark_weak1": "visible labels, 1 label per class in the dark of the target domain",
    "synth_dark_weak16": "visible labels, 16 labels per class in the dark of the target domain",
    "synth_dark_weak_full": "visible labels, every label in the dark of the target domain",
    "synth_dark_augmented": (
        "every label in the dark, and translations of 30 other people's visible images"
    ),
    "synth_dark_quality": (
        "translations of visible test images against their true partners in the dark"
    ),
    "synth_clips_supervised": "clips with voice, trained and tested on visible",
    "synth_av7_supervised": "noisy voices, some videos without audio; DFEW's seven classes",
    "synth_av11_supervised": "noisy voices, some videos without audio; MAFW's eleven classes",
}
"""Summary of each; the first is the default."""


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """The embedded dataset and its settings."""
    yield Component(
        kind="dataset",
        name="synth",
        factory="irfer_synth.dataset:SynthDataset",
        params="irfer_synth.synth_params:SynthParams",
        summary="procedural faces: visible, near-infrared, thermal, dark; clips with voice",
        licence="public domain (generated)",
        source="docs/synthetic-benchmark.md",
        traits={"embedded": True},
    )
    for name, summary in SETTINGS.items():
        yield Component(
            kind="setting",
            name=name,
            factory=f"irfer_synth.settings:{name.upper()}",
            summary=summary,
            source="docs/synthetic-benchmark.md",
        )
