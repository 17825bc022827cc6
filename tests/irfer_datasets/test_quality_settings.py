"""What settings of image quality measure on photographs of people."""

from __future__ import annotations

from irfer_bench.registry import load
from irfer_datasets.protocols import IMAGE_METRICS

OF_PEOPLE = {"kid", "face_identity", "face_identity_true", "nme", "face_missed"}


def test_translated_photographs_are_measured_by_who_and_where_a_face_is() -> None:
    """Settings of drawn faces keep theirs: metrics enter the keys of their published records."""
    registry = load()
    datasets = {component.name for component in registry.components("dataset")}
    found = [
        setting
        for dataset in sorted(datasets)
        for setting in registry.settings_of(dataset)
        if setting.kind == "quality"
    ]
    assert {"oulu_nir_quality", "nvie_lwir_quality", "folder_nir_quality", "large_hfe_nir_quality",
            "hub_nir_quality"} <= {setting.name for setting in found}  # fmt: skip
    for setting in found:
        asked = set(setting.metrics)
        assert asked >= set(IMAGE_METRICS)
        assert (asked >= OF_PEOPLE) == (setting.dataset != "synth"), setting.name
    announced = {component.name for component in registry.components("metric")}
    assert announced >= OF_PEOPLE
