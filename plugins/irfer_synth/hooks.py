"""Components of the embedded benchmark."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, hookimpl

SETTINGS = (
    "synth_nir_weak5",
    "synth_nir_weak0",
    "synth_nir_weak1",
    "synth_nir_weak10",
    "synth_nir_weak16",
    "synth_nir_weak_tenth",
    "synth_nir_weak_full",
    "synth_nir_uda",
    "synth_nir_augmented",
    "synth_nir_supervised",
    "synth_nir_validated",
    "synth_nir_quality",
    "synth_vis_to_nir",
    "synth_lwir_weak5",
    "synth_dark_weak5",
    "synth_clips_supervised",
)
"""The first is the default."""


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
    )
    for name in SETTINGS:
        yield Component(
            kind="setting",
            name=name,
            factory=f"irfer_synth.settings:{name.upper()}",
            summary=f"embedded benchmark: {name.removeprefix('synth_').replace('_', ' ')}",
            source="docs/synthetic-benchmark.md",
        )
