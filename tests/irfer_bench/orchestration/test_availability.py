"""What can run here: by packages, folders and weights, without importing a component."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from irfer_bench.api import Component
from irfer_bench.orchestration import availability
from irfer_bench.orchestration.availability import (
    data_here,
    dataset_of,
    gpu_problem,
    group_datasets,
    missing_packages,
    missing_weights,
)
from irfer_bench.registry import Registry, load


def test_what_is_announced_agrees_with_what_is_loaded() -> None:
    registry = load()
    announced = registry.components("dataset")
    datasets = group_datasets(announced)
    for component in announced:
        if registry.owner("dataset", component.name).builtin:
            embedded = bool(component.traits.get("embedded"))
            assert embedded != registry.needs_root(component), component.name
    for component in registry.components("setting"):
        if registry.owner("setting", component.name).builtin:
            assert dataset_of(component, datasets) == registry.setting(component.name).dataset


def test_a_setting_of_no_package_here_has_no_dataset() -> None:
    far = Component("setting", "far", "elsewhere.settings:FAR")
    assert dataset_of(far, group_datasets(load().components("dataset"))) == ""


def test_a_dataset_is_here_where_its_variable_names_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dfew = Component("dataset", "dfew", "a.b:C")
    monkeypatch.delenv("IRFER_BENCH_DATA_DFEW", raising=False)
    assert not data_here(dfew)
    monkeypatch.setenv("IRFER_BENCH_DATA_DFEW", str(tmp_path / "no"))
    assert not data_here(dfew)
    monkeypatch.setenv("IRFER_BENCH_DATA_DFEW", str(tmp_path))
    assert data_here(dfew)


def test_missing_packages_are_named_and_not_imported() -> None:
    made = Component("detector", "d", "a.b:C", needs=("json", "no_such_package", "a GPU"))
    assert missing_packages(made) == ["no_such_package"]


def test_weights_are_looked_for_in_every_preset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("IRFER_BENCH_WEIGHTS", str(tmp_path))
    registry = load()
    found = missing_weights(registry, registry.get("recognizer", "resnet18"))
    assert found["quick"] == ""
    assert "resnet18-f37072fd.pth" in found["paper"]
    assert set(missing_weights(registry, registry.get("translator", "grey")).values()) == {""}
    assert not (tmp_path / "home").exists(), "whoever only looks changes nothing"


def test_why_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.exists
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def driver(there: bool) -> None:
        def exists(path: Path) -> bool:
            return there if str(path) == "/dev/nvidia0" else real(path)

        monkeypatch.setattr(Path, "exists", exists)

    driver(False)
    assert "no /dev/nvidia0" in gpu_problem()
    driver(True)
    monkeypatch.setattr(availability, "_torch_is_without_cuda", lambda: True)
    assert "without CUDA" in gpu_problem()
    monkeypatch.setattr(availability, "_torch_is_without_cuda", lambda: False)
    assert gpu_problem() == ""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert "CUDA_VISIBLE_DEVICES" in gpu_problem()


def test_datasets_of_settings_are_looked_up_and_not_walked_through() -> None:
    """A plugin with many settings and datasets would be listed in quadratic time."""

    class Lookups(dict[str, None]):
        def __iter__(self) -> Iterator[str]:
            raise AssertionError("all datasets were walked through")

    near = Lookups.fromkeys(f"own_{k}" for k in range(1000))
    for name, dataset in (("own_7_nir", "own_7"), ("own_77", "own_77")):
        setting = Component("setting", name, "far.settings:ONE")
        assert dataset_of(setting, {"far": near}) == dataset


def test_a_method_without_parameters_needs_no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Component("translator", "bare", "nowhere:Bare")
    monkeypatch.setattr(Registry, "params_class", lambda self, component: pytest.fail("asked"))
    assert missing_weights(Registry(), bare) == dict.fromkeys(availability.PRESETS, "")
