"""CFEE, KDEF and Oulu-CASIA from the official folders to a record, through the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

import irfer_datasets.cfee.settings
import irfer_datasets.kdef.settings
import irfer_datasets.oulu_casia.settings
from irfer_bench.cli import main
from irfer_bench.registry import load
from irfer_bench.settings.setting import Setting
from irfer_datasets.protocols import RECOGNITION
from tests.conformance.sample_trees import SAMPLES

OWNERS = ("oulu_casia", "cfee", "kdef")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three sample trees side by side."""
    root = tmp_path_factory.mktemp("data")
    for name in OWNERS:
        SAMPLES[name](root / name)
    return root


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """32 pixels, and no image metrics: these are tested by themselves."""
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    for name in OWNERS:
        monkeypatch.delenv(f"IRFER_BENCH_DATA_{name.upper()}", raising=False)
    modules: tuple[Any, ...] = (
        irfer_datasets.oulu_casia.settings,
        irfer_datasets.cfee.settings,
        irfer_datasets.kdef.settings,
    )
    for module in modules:
        for name, value in list(vars(module).items()):
            if isinstance(value, Setting):
                quick = {"size": 32, "metrics": RECOGNITION}
                monkeypatch.setattr(module, name, msgspec.structs.replace(value, **quick))


def run(out: Path, setting: str, translator: str, *roots: str) -> int:
    dataset = setting.partition("_")[0].replace("oulu", "oulu_casia")
    words = ["-d", dataset, "-s", setting, "-t", translator, "-r", "resnet18", "--fold", "1"]
    given = [word for root in roots for word in ("--data-root", root)]
    given += [
        word for value in ("epochs=1", "width=8", "size=32") for word in ("-p", f"resnet18.{value}")
    ]
    return main(["run", *words, "--preset", "quick", "--out", str(out), *given])


@pytest.mark.parametrize(
    ("setting", "translator", "source", "target", "tested"),
    [
        # Three subjects, one of whom tests. CFEE: six classes of three people, neutral left out.
        ("oulu_nir_augmented", "histmatch", 18, 2 * 6 * 3, 18),
        ("oulu_nir_augmented", "none", 0, 2 * 6 * 3, 18),
        ("oulu_nir_augmented_kdef", "histmatch", 36, 2 * 6 * 3, 18),
        ("oulu_vis_to_nir", "identity", 2 * 6 * 2, 0, 18),
        ("oulu_dark_weak1", "identity", 2 * 6 * 2, 6, 12),
        ("cfee_supervised", "none", 0, 2 * 7, 7),
        ("kdef_supervised", "none", 0, 2 * 2 * 7, 14),
    ],
)
def test_a_setting_runs_with_as_many_clips_as_it_says(
    setting: str, translator: str, source: int, target: int, tested: int, data: Path, tmp_path: Path
) -> None:
    roots = [f"{name}={data / name}" for name in OWNERS]
    assert run(tmp_path / "out", setting, translator, *roots) == 0
    (path,) = (tmp_path / "out/records").rglob("*.json")
    facts = json.loads(path.read_text())["data"]
    counts = (facts["train_source"], facts["train_target"], facts["test"])
    assert counts == (source, target, tested)
    assert facts["incomplete"] is True and facts["subjects"] == "checked"


@pytest.mark.slow
def test_every_recognizer_of_images_learns_from_the_translated_extra_set(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One run, so that all learn from the same translations; `quick`, one pass where it trains."""
    registry = load()
    found = [owned.component for owned in registry.registered if owned.builtin]
    admitted = [
        component for component in found
        if component.kind == "recognizer" and component.traits.get("modality") == "image"
        and not component.traits.get("unlabelled")
    ]
    names, words = [component.name for component in admitted], list[str]()
    for component in admitted:
        words += ["-r", component.name]
        if "epochs" in registry.params_class(component).__struct_fields__:
            words += ["-p", f"{component.name}.epochs=1"]
    roots = [word for name in OWNERS for word in ("--data-root", f"{name}={data / name}")]
    out = ["--fold", "1", "--preset", "quick", "--out", str(tmp_path / "out")]
    assert {"resnet18", "resnet50", "vit", "mae_face", "pca", "clip_zero_shot"} <= set(names)
    code = main(["run", "-s", "oulu_nir_augmented", "-t", "histmatch", *words, *roots, *out])
    assert code == 0, capsys.readouterr().err
    records = [json.loads(path.read_text()) for path in (tmp_path / "out/records").rglob("*.json")]
    assert sorted(record["recognizer"]["name"] for record in records) == sorted(names)
    for record in records:
        counts = [record["data"][part] for part in ("train_source", "train_target", "test")]
        assert counts == [18, 36, 18], record["recognizer"]["name"]
        assert 0 <= record["metrics"]["accuracy"]["value"] <= 1


def test_the_extra_set_has_to_be_there(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    oulu = f"oulu_casia={data / 'oulu_casia'}"
    assert run(tmp_path / "out", "oulu_nir_augmented", "histmatch", oulu) == 3
    assert "--data-root cfee=" in capsys.readouterr().err
    wrong = f"cfee={data / 'kdef'}"
    assert run(tmp_path / "out", "oulu_nir_augmented", "histmatch", oulu, wrong) == 3
    assert "is not cfee" in (told := capsys.readouterr().err) and "it looks like kdef" in told


def test_a_record_of_three_illuminations_has_its_metrics_by_illumination(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roots = [f"{name}={data / name}" for name in OWNERS]
    assert run(tmp_path / "out", "oulu_lights_nir_augmented", "identity", *roots) == 0
    assert re.search(r"^metric +dark +strong +weak$", capsys.readouterr().out, re.M)
    (path,) = (tmp_path / "out/records").rglob("*.json")
    record = json.loads(path.read_text())
    assert record["data"]["test"] == 3 * 18
    (title,) = [step["title"] for step in record["steps"] if step["kind"] == "score"]
    parts = [record["facts"][title][f"accuracy, {light}"] for light in ("dark", "strong", "weak")]
    # As many images of each illumination: the whole is the mean of its parts.
    assert sum(parts) / 3 == pytest.approx(record["metrics"]["accuracy"]["value"], abs=1e-5)
