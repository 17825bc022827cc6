"""Any dataset with any method there is: from the official folder to a record, in small trees."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from irfer_bench.cli import main
from irfer_bench.registry import load
from tests.conformance.sample_trees import SAMPLES

Capture = pytest.CaptureFixture[str]
SMALL = {
    "nfer_sde": {
        "size": 16, "net": "mini", "iterations": 2, "batch": 4, "steps": 2, "h_iterations": 2,
        "h_batch": 4, "warmup": 0,
    },
    "pca": {"epochs": 1, "batch": 27, "J": 2},
}
TINY = [
    word
    for owner, fields in SMALL.items()
    for field, value in fields.items()
    for word in ("-p", f"{owner}.{field}={value}")
]


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every sample tree, and made-up landmarks of all their items."""
    folder = tmp_path_factory.mktemp("trees")
    registry, marks = load(), {}
    for name in ("nvie", "oulu_casia", "large_hfe", "dfew", "mafw", "cfee"):
        root = folder / name
        root.mkdir()
        SAMPLES[name](root)
        for item in registry.create(registry.get("dataset", name)).index(root):
            noise = np.random.default_rng(len(marks)).random((item.frames, 68, 2))
            marks[item.id] = (noise * 16 + 4).astype(np.float32)
    save_file(marks, folder / "landmarks.safetensors")
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(trees: Path, capsys: Capture, words: Sequence[str], *roots: str) -> dict[str, Any]:
    given = [word for name in roots for word in ("--data-root", f"{name}={trees / name}")]
    marks = str(trees / "landmarks.safetensors")
    method = ["-t", "nfer_sde", "-r", "pca", "--preset", "quick", *TINY, "--landmarks", marks]
    code = main(["run", *words, *given, *method, "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    result: dict[str, Any] = json.loads(out)
    return result


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nvie", "oulu_casia", "large_hfe"])
def test_a_dataset_with_infrared_runs_as_it_came(
    name: str, trees: Path, capsys: Capture, home: Path
) -> None:
    result = run(trees, capsys, ["--dataset", name], name, "cfee")
    assert result["outcome"] == "ok" and result["metrics"]["accuracy"]["value"] is not None
    record = json.loads(Path(result["record"]).read_text())
    assert record["data"]["incomplete"] is True
    assert any("incomplete" in warning for warning in result["warnings"])
    assert any(record["data"]["crops"].values()) and any(record["data"]["folds"].values())
    assert not list(Path("results").rglob("faces")), "nobody allowed images of people"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dfew", "mafw"])
def test_a_dataset_without_infrared_runs_simulated(
    name: str, trees: Path, capsys: Capture, home: Path
) -> None:
    words = ["--dataset", name, "--fit-translator-on", "oulu_casia"]
    result = run(trees, capsys, words, name, "oulu_casia")
    assert result["setting"] == f"{name}_nir_simulated", "whoever names pairs means to translate"
    assert result["outcome"] == "ok" and result["metrics"]["uar"]["value"] is not None
    assert result["metrics"].get("psnr", {"value": None})["value"] is None
    record = json.loads(Path(result["record"]).read_text())
    assert set(record["data"]["other_fingerprints"]) == {"oulu_casia"}


def test_simulated_images_need_somebody_elses_pairs(
    trees: Path, capsys: Capture, home: Path
) -> None:
    words = ["run", "-s", "dfew_nir_simulated", "-t", "nfer_sde", "-r", "pca", "--preset", "quick"]
    assert main([*words, "--data-root", f"dfew={trees / 'dfew'}"]) == 3
    assert "--fit-translator-on DATASET" in capsys.readouterr().err
