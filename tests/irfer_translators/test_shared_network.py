"""One unconditional network per fold: what the methods that share it leave in a store."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import msgspec
import pytest

import irfer_datasets.folder.settings as folder_settings
from irfer_bench.cli import main
from irfer_bench.registry import load
from tests.conformance.sample_trees import write_folder

METHODS = ("sdedit", "egsde", "ilvr", "nfer_sde@baseline")
TINY = {"size": 16, "iterations": 2, "batch": 2, "steps": 2, "warmup": 1}
OWN = {"egsde": {"dse_iterations": 2, "dse_batch": 4}}


def trained(home: Path) -> Counter[str]:
    """How many networks of each name the store holds."""
    manifests = (home / "store" / "artefacts").glob("*/*/manifest.json")
    described = (json.loads(path.read_text())["describe"] for path in manifests)
    return Counter(each["name"] for each in described if each["step"] == "part")


@pytest.mark.slow
def test_four_methods_train_one_network_on_each_fold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("IRFER_BENCH_HOME", str(home))
    setting = load().setting("folder_nir_quality")
    small = msgspec.structs.replace(setting, size=32, metrics=("psnr",), primary="psnr")
    monkeypatch.setattr(folder_settings, "FOLDER_NIR_QUALITY", small)
    write_folder(tmp_path / "own")
    words = ["-s", setting.name, "--data-root", f"folder={tmp_path / 'own'}", "--preset", "quick"]
    words += [word for method in METHODS for word in ("-t", method)]
    for method in METHODS:
        name = method.partition("@")[0]
        words += [
            word for field, value in (TINY | OWN.get(name, {})).items()
            for word in ("-p", f"{name}.{field}={value}")
        ]
    for fold in (1, 2):
        out = ["--fold", str(fold), "--out", str(tmp_path / "out")]
        assert main(["run", *words, *out]) == 0, capsys.readouterr().err
        assert len(list((tmp_path / "out/records").rglob("*.json"))) == fold * len(METHODS)
        assert trained(home) == {"score_net": fold, "domain_net": fold}
