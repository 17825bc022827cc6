"""Entry points read from folders are those that `importlib.metadata` finds."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from irfer_bench.registry.entry_points import Address, find_entry_points

GROUP = "irfer_bench.test"


def distribution(site: Path, folder: str, name: str, entries: str, file: str = "METADATA") -> None:
    place = site / folder
    place.mkdir(parents=True)
    (place / file).write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n\nName: of the description\n"
    )
    (place / "entry_points.txt").write_text(entries)


def by_the_library(group: str) -> list[tuple[str, str, str]]:
    return [(e.dist.name if e.dist else "", e.name, e.value) for e in entry_points(group=group)]


def found(group: str) -> list[tuple[str, str, str]]:
    return [(owner, entry.name, entry.value) for owner, entry in find_entry_points(group)]


@pytest.mark.parametrize("group", ["irfer_bench", "console_scripts", "nobody"])
def test_of_this_environment(group: str) -> None:
    assert found(group) == by_the_library(group)
    if group == "irfer_bench":
        assert all(isinstance(entry, Address) for _, entry in find_entry_points(group)), "slow way"


def test_names_sections_and_shadowed_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    text = f"[other]\nb = json:dumps\n\n[{GROUP}]\n# a = no\na = json : loads\n"
    distribution(first, "My_Plug.in-1.dist-info", "My-Plug.in", text.replace(" : ", ":"))
    distribution(first, "quiet-1.dist-info", "quiet", "[other]\nb = json:dumps\n")
    distribution(first, "old-1-py3.11.egg-info", "old", f"[{GROUP}]\nc = json\n", "PKG-INFO")
    distribution(second, "my_plug_in-2.dist-info", "my-plug-in", f"[{GROUP}]\na = never:seen\n")
    distribution(second, "Quiet-2.dist-info", "Quiet", f"[{GROUP}]\nq = never:seen\n")
    monkeypatch.setattr(sys, "path", [str(first), str(second), *sys.path])
    assert found(GROUP) == by_the_library(GROUP)
    assert {(owner, name) for owner, name, _ in found(GROUP)} == {("My-Plug.in", "a"), ("old", "c")}
    loaded = {entry.name: entry.load() for _, entry in find_entry_points(GROUP)}
    assert loaded["c"].__name__ == "json" and loaded["a"]('"x"') == "x"


@pytest.mark.parametrize("value", ["json:loads [extra]", "json : loads"])
def test_an_unusual_value_is_left_to_the_library(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution(tmp_path, "plug-1.dist-info", "plug", f"[{GROUP}]\na = {value}\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert found(GROUP) == by_the_library(GROUP)
    ((_, entry),) = find_entry_points(GROUP)
    assert entry.load()("1") == 1


def test_a_finder_of_somebody_elses_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.metadata import DistributionFinder, PathDistribution

    distribution(tmp_path, "plug-1.dist-info", "plug", f"[{GROUP}]\na = json:loads\n")

    class Elsewhere(DistributionFinder):
        def find_distributions(self, context: object = None) -> list[PathDistribution]:
            return [PathDistribution(tmp_path / "plug-1.dist-info")]

        def find_spec(self, *asked: object) -> None:
            return None

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Elsewhere()])
    assert found(GROUP) == [("plug", "a", "json:loads")]
