"""What settings of image quality measure on photographs and videos of people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from irfer_bench.cli import main
from irfer_bench.registry import load
from irfer_datasets.protocols import IMAGE_METRICS
from tests.irfer_datasets.movies import movie

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


def test_translated_video_is_compared_with_the_true_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The near-infrared clips are one frame longer than the visible ones."""
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    for number in range(5):
        for spectrum in ("vis", "nir"):
            for label in ("anger", "fear"):
                place = tmp_path / f"own/{spectrum}/s{number}/{label}"
                movie(place / "a.mp4", 3 + number + (spectrum == "nir"))
    words = ["-s", "folder_own_nir_video_quality", "-t", "histmatch", "--preset", "quick"]
    where = ["--data-root", f"folder={tmp_path / 'own'}", "--out", str(tmp_path / "out"), "--json"]
    assert main(["run", *words, *where]) == 0
    record = json.loads(Path(json.loads(capsys.readouterr().out)["record"]).read_text())
    assert 0 < record["metrics"]["psnr"]["value"] < 100 and record["data"]["pairs"] == 2
    assert any("partners are not frame-aligned" in warning for warning in record["warnings"])
