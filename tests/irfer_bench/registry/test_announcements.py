"""Announcements: an invalid component is refused in one line, the others are loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.api import Component
from irfer_bench.contracts.component import Traits
from irfer_bench.errors import MissingError, UsageError
from irfer_bench.registry import GROUP, Registry, load
from irfer_bench.registry.announcement import TRAITS, find_problem, trait_problem
from tests.irfer_bench.distributions import entry_points_of, write_distribution

HEAD = "from irfer_bench.api import Component, hookimpl\n"


def announce(body: str) -> str:
    return HEAD + f"@hookimpl\ndef irfer_bench_components():\n    return [{body}]\n"


def load_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Registry:
    module = f"announced_{abs(hash((tmp_path, text)))}"
    site = write_distribution(tmp_path / "site", "third-party", {module: text}, {"third": module})
    monkeypatch.syspath_prepend(site)
    return load([*entry_points_of(site), *entry_points(group=GROUP)])


@pytest.mark.parametrize(
    "fields, reason",
    [
        ({"name": 5}, "name is int 5, not text"),
        ({"name": None}, "name is NoneType None, not text"),
        ({"factory": None}, "factory is NoneType None, not text"),
        ({"summary": None}, "summary is NoneType None, not text"),
        ({"version": 2}, "version is int 2, not text"),
        ({"kind": ["translator"]}, "kind is list ['translator'], not text"),
        ({"factory": "nowhere"}, "factory 'nowhere' is not 'module:name'"),
        ({"factory": "nowhere:"}, "factory 'nowhere:' is not 'module:name'"),
        ({"params": "nowhere"}, "params 'nowhere' is not 'module:name'"),
        ({"needs": "torch"}, "needs is 'torch', not a tuple of names"),
        ({"parts": ["net"]}, "parts is list, not a mapping"),
        ({"parts": {"net": 1}}, "parts maps names to owners, not 'net'"),
        ({"parts": {"net": "family"}}, "owner 'family' of part 'net' is not 'family.name/version'"),
        ({"traits": {"train": True}}, "unknown trait 'train' of a translator; did you mean"),
        ({"traits": {"resamples": 3}}, "unknown trait 'resamples' of a translator; known: "),
        ({"traits": {"trains": "no"}}, "trait 'trains' is 'no', not bool"),
        ({"traits": {"trains": 1}}, "trait 'trains' is 1, not bool"),
        ({"traits": None}, "traits are NoneType, not a mapping"),
    ],
)
def test_a_wrong_field_is_refused_by_name(fields: dict[str, Any], reason: str) -> None:
    usual: dict[str, Any] = {"kind": "translator", "name": "blur", "factory": "nowhere:Nothing"}
    assert reason in find_problem(Component(**(usual | fields)))


def test_every_declared_trait_is_known() -> None:
    assert set(TRAITS) == set(Traits.__annotations__)
    assert trait_problem("recognizer", {"modality": "audio"}) == ""
    assert "not 'image' or 'video'" in trait_problem("recognizer", {"modality": "sound"})


def test_a_misspelt_trait_harms_only_its_component(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = announce(
        "Component('translator', 'bad', 'nowhere:Nothing', traits={'pair': True}), "
        "Component('translator', 'good', 'nowhere:Nothing', traits={'pairs': True})"
    )
    registry = load_with(tmp_path, monkeypatch, text)
    assert registry.owner("translator", "good").component.traits == {"pairs": True}
    (failure,) = registry.failures
    assert failure.reason == "unknown trait 'pair' of a translator; did you mean 'pairs'?"
    with pytest.raises(UsageError, match="unknown translator 'bad'"):
        registry.owner("translator", "bad")


@pytest.mark.parametrize("raised", ["BaseException('odd')", "GeneratorExit()", "SystemExit(0)"])
def test_what_is_no_exception_is_kept_as_a_failure(
    raised: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = load_with(tmp_path, monkeypatch, f"raise {raised}")
    (failure,) = registry.failures
    assert failure.reason.startswith(raised.partition("(")[0])


def test_ctrl_c_while_plugins_load_is_no_failure_of_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        load_with(tmp_path, monkeypatch, "raise KeyboardInterrupt")


def test_a_setting_whose_module_exits_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = announce("Component('setting', 'leaving', 'announced_leaving:SETTING')")
    registry = load_with(tmp_path, monkeypatch, text)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "announced_leaving.py").write_text("raise SystemExit(0)\n")
    with pytest.raises(MissingError, match=r"setting 'leaving' cannot be loaded from .*SystemExit"):
        registry.setting("leaving")


def test_a_plugin_that_prints_leaves_json_alone(tmp_path: Path) -> None:
    settings = "from irfer_bench.api import Domain, Setting\nprint('loading', flush=True)\n"
    settings += "SETTING = Setting(name='loud', kind='supervised', dataset='synth', "
    settings += "target=Domain(spectrum='nir'), summary='a loud one')\n"
    text = "print('hello from a plugin')\n" + announce(
        "Component('setting', 'loud', 'announced_loud_setting:SETTING')"
    )
    modules = {"announced_loud": text, "announced_loud_setting": settings}
    site = write_distribution(tmp_path / "site", "loud", modules, {"loud": "announced_loud"})
    command = [sys.executable, "-m", "irfer_bench", "list", "settings", "--json"]
    environment = {"PYTHONPATH": f"{site}:{':'.join(sys.path)}", "IRFER_BENCH_HOME": str(tmp_path)}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    rows = {row["name"]: row["summary"] for row in json.loads(ended.stdout)["components"]}
    assert rows["loud"] == "a loud one"
    assert "hello from a plugin" in ended.stderr


def test_looking_up_takes_no_walk_over_all_components() -> None:
    registry = Registry()
    for number in range(20_000):
        assert registry.add(Component("translator", f"t{number}", "a:b"), "many") == ""
    registry.registered.clear()  # a walk would find nothing now
    assert registry.owner("translator", "t19999").distribution == "many"
    assert "announced twice" in registry.add(Component("translator", "t7", "a:b"), "many")


def test_swapped_options_are_recognised() -> None:
    with pytest.raises(UsageError, match="pca@literal is a recognizer: were -t and -r swapped"):
        load().owner("translator", "pca@literal")
