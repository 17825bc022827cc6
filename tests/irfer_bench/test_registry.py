"""Loading third-party plugins one by one: what breaks is kept as data, names have one owner."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import msgspec
import pytest

from irfer_bench.contracts.params import Params
from irfer_bench.errors import MissingError, UsageError
from irfer_bench.experiment.dataset_copy import DatasetCopy
from irfer_bench.experiment.graph import prepare_step
from irfer_bench.registry import GROUP, OWN, Registry, load
from tests.irfer_bench.distributions import entry_points_of, hooks, write_distribution


def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **texts: str) -> Registry:
    """The built-ins and one distribution per text, announced before the built-ins."""
    entries = []
    for name, text in texts.items():
        module = f"{tmp_path.name}_{name}".replace("-", "_")
        site = write_distribution(
            tmp_path / name, name.replace("_", "-"), {module: text}, {name: module}
        )
        monkeypatch.syspath_prepend(site)
        entries += entry_points_of(site)
    return load([*entries, *entry_points(group=GROUP)])


def test_builtins_load_without_a_failure() -> None:
    registry = load([e for e in entry_points(group=GROUP) if e.dist and e.dist.name == OWN])
    assert registry.failures == []
    assert registry.warnings == []
    for kind, name in (("translator", "nfer_sde"), ("recognizer", "pca"), ("dataset", "synth")):
        assert registry.owner(kind, name).builtin  # type: ignore[arg-type]


@pytest.mark.parametrize("text, reason", [
    ("raise RuntimeError('no driver')", "RuntimeError: no driver"),
    ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
    ("raise SystemExit(3)", "SystemExit: 3"),
    ("def irfer_bench_components(): return 1 / 0", "ZeroDivisionError: division by zero"),
    ("def irfer_bench_components(): return [1]", "announced int, not a Component"),
    ("this is no python", "SyntaxError"),
    (hooks(("translator", "Blur Net")), "a name outside"),
    (hooks(("painter", "blur")), "unknown kind"),
    (hooks(("translator", "pca@x")), "a name outside"),
])
def test_a_broken_plugin_is_data(
    text: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = third_party(tmp_path, monkeypatch, bad=text, good=hooks(("translator", "fine")))
    (failure,) = registry.failures
    assert (failure.plugin, failure.distribution) == ("bad", "bad")
    assert reason in failure.reason
    assert registry.owner("translator", "fine").distribution == "good"
    assert registry.owner("recognizer", "pca").builtin


def test_a_factory_without_an_address_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = hooks(("translator", "blur")).replace("nowhere:Nothing", "nowhere.Nothing")
    registry = third_party(tmp_path, monkeypatch, bad=text)
    assert "is not 'module:name'" in registry.failures[0].reason


def test_a_builtin_name_is_reserved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where the third-party entry point comes first."""
    registry = third_party(
        tmp_path, monkeypatch, thief=hooks(("recognizer", "pca"), ("translator", "pca"))
    )
    assert registry.owner("recognizer", "pca").builtin
    assert registry.owner("translator", "pca").distribution == "thief"
    (failure,) = registry.failures
    assert failure.reason == "recognizer name 'pca' is reserved for the built-in"
    with pytest.raises(UsageError, match="unknown recognizer 'thief:pca'"):
        registry.owner("recognizer", "thief:pca")


def test_two_plugins_with_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = hooks(("translator", "blur"), ("translator", "only"))
    registry = third_party(tmp_path, monkeypatch, one=one, two=hooks(("translator", "blur")))
    assert registry.failures == []
    assert registry.owner("translator", "one:blur").distribution == "one"
    assert registry.owner("translator", "two:blur").distribution == "two"
    assert registry.owner("translator", "only").distribution == "one"
    with pytest.raises(UsageError) as caught:
        registry.owner("translator", "blur")
    assert str(caught.value) == (
        "translator 'blur' is offered by 2 plugins; say one:blur or two:blur"
    )


def test_a_plugin_that_announces_one_name_twice_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = hooks(("translator", "blur"), ("translator", "blur"))
    registry = third_party(tmp_path, monkeypatch, one=text)
    assert registry.owner("translator", "blur").distribution == "one"
    assert "announced twice" in registry.failures[0].reason


def test_unknown_names_get_near_ones_and_the_broken_plugins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = third_party(tmp_path, monkeypatch, bad="raise OSError('disk')")
    with pytest.raises(UsageError) as caught:
        registry.owner("translator", "nfer-sde")
    text = str(caught.value)
    assert text.startswith("unknown translator 'nfer-sde'; did you mean 'nfer_sde'")
    assert "plugin 'bad' is broken" in text


def test_a_hook_of_a_newer_core_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = "@hookimpl\ndef irfer_bench_telepathy():\n    return 1\n"
    registry = third_party(tmp_path, monkeypatch, new=hooks(("translator", "blur"), extra=extra))
    assert registry.owner("translator", "blur").distribution == "new"
    assert registry.failures == []
    assert any("irfer_bench_telepathy" in warning for warning in registry.warnings)


def test_builtin_only_leaves_third_party_plugins_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRFER_BENCH_PLUGINS", "builtin")
    registry = third_party(tmp_path, monkeypatch, bad="raise RuntimeError('never imported')")
    assert registry.failures == []
    assert all(owned.builtin for owned in registry.registered)


@pytest.mark.parametrize("text", [
    "raise RuntimeError('half a download')", "import nowhere_at_all", "Blur = 3", "",
])
def test_a_factory_that_cannot_be_loaded_is_missing(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{tmp_path.name}_code".replace("-", "_")
    announced = hooks(("translator", "blur")).replace("nowhere:Nothing", f"{name}:Blurry")
    registry = third_party(tmp_path, monkeypatch, one=announced)
    (tmp_path / "one" / f"{name}.py").write_text(text)
    sys.modules.pop(name, None)
    with pytest.raises(MissingError, match="translator 'blur' cannot be loaded"):
        registry.create(registry.get("translator", "blur"))


def test_other_crops_are_another_setting() -> None:
    registry = load()
    own = registry.setting("oulu_nir_weak5")
    assert (own.detector, own.no_face) == ("opencv", "whole")
    assert registry.cropped("oulu_nir_weak5") == own
    assert registry.cropped("oulu_nir_weak5", detector="opencv", no_face="whole") == own
    for options, name in (
        ({"detector": "mtcnn"}, "oulu_nir_weak5@mtcnn"),
        ({"boxes": True}, "oulu_nir_weak5@boxes"),
        ({"no_face": "drop"}, "oulu_nir_weak5@opencv-drop"),
        ({"detector": "none", "no_face": "fail"}, "oulu_nir_weak5@none-fail"),
        ({"detector": "dlib-align"}, "oulu_nir_weak5@dlib-align"),
        ({"detector": "dlib-every8-eyes", "no_face": "drop"},
         "oulu_nir_weak5@dlib-drop-eyes-every8"),
    ):
        made = registry.cropped("oulu_nir_weak5", **options)
        assert made.name == name
        assert registry.setting(name) == made
        assert registry.cropped(name) == made
        assert registry.cropped(name, no_face=made.no_face) == made


def test_aligned_faces_and_skipped_frames_change_the_key_and_nothing_else_does() -> None:
    registry = load()
    source = DatasetCopy(registry.get("dataset", "oulu_casia"), Params(), None, "abc")
    detectors = {"opencv": "1", "dlib": "1"}
    keys = []
    for name in ("", "@opencv-align", "@opencv-eyes", "@opencv-every8"):
        setting = registry.setting(f"oulu_nir_weak5{name}")
        step = prepare_step(setting, setting.target, source, detectors)
        keys.append(step.key)
        told = {"align", "every"} & set(msgspec.to_builtins(step.spec))
        assert bool(told) == bool(name), "a setting without them keeps its keys"
    assert len(set(keys)) == 4


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("oulu_nir_weak5", {"boxes": True, "detector": "mtcnn"}, "means --detector boxes"),
        ("oulu_nir_weak5@mtcnn", {"detector": "opencv"}, "--detector opencv disagree"),
        ("oulu_nir_weak5@opencv-drop", {"no_face": "fail"}, "--no-face fail disagree"),
        ("oulu_nir_weak5@opencv-hide", {}, "unknown policy 'hide'"),
        ("oulu_nir_weak5@opencv-every0", {}, "unknown policy 'every0'"),
        ("oulu_nir_weak5@dlib-align-eyes", {}, "align and eyes disagree"),
        ("oulu_nir_weak5@nose", {}, "unknown detector 'nose'"),
    ],
)
def test_crops_that_disagree_are_refused(name: str, options: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        load().cropped(name, **options)


def test_a_setting_is_announced_with_its_own_summary() -> None:
    """`list` prints what is announced and `show` what the setting says of itself."""
    registry = load()
    for owned in registry.registered:
        if owned.component.kind == "setting" and owned.builtin:
            setting = registry.setting(owned.component.name)
            assert owned.component.summary == setting.summary, setting.name
