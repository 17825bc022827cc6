"""Plugins that announce nonsense, raise or exit on import: every command works without them."""

from __future__ import annotations

import json

import pytest

from tests.irfer_bench.conftest import CELL, Preparer
from tests.irfer_bench.distributions import write_distribution

NONSENSE = """
from irfer_bench.api import Component, hookimpl

BAD = ({"name": 5}, {"name": None}, {"factory": None}, {"summary": None}, {"kind": []},
       {"name": chr(27) + "[31m"}, {"traits": 3}, {"needs": 7})


@hookimpl
def irfer_bench_components():
    for fields in BAD:
        yield Component(**({"kind": "translator", "name": "odd", "factory": "a:b"} | fields))
    yield "no component"
    yield Component("setting", "leaving", "odd_leaving:SETTING")
    yield Component("translator", "good", "odd_nowhere:Good", summary="announced after nonsense")
"""
RAISES = "raise BaseException('brow')"
EXITS = "import sys\nsys.exit(0)"
LOOPS = """
from irfer_bench.api import hookimpl


@hookimpl
def irfer_bench_components():
    raise GeneratorExit
"""
COMMANDS = (
    (("list",), 0), (("list", "settings", "--json"), 0), (("data", "list"), 0), (("doctor",), 3),
    (("plan", *CELL), 0), (("run", *CELL), 0), (("leaderboard", "--check"), 0), (("gc",), 0),
)  # fmt: skip


@pytest.fixture
def odd(bench: Preparer, monkeypatch: pytest.MonkeyPatch) -> Preparer:
    texts = {"odd_nonsense": NONSENSE, "odd_raises": RAISES, "odd_exits": EXITS, "odd_loops": LOOPS}
    for name, text in texts.items():
        modules = {name: text} | ({"odd_leaving": EXITS} if name == "odd_nonsense" else {})
        write_distribution(bench.folder / "site", name.replace("_", "-"), modules, {name: name})
    monkeypatch.syspath_prepend(str(bench.folder / "site"))
    return bench


def test_every_command_works_and_names_them(odd: Preparer) -> None:
    for words, expected in COMMANDS:
        code, out, err = odd.call(*words)
        assert code == expected, (words, err)
        assert "Traceback" not in err and "\x1b" not in out + err
        assert out or words[0] in ("leaderboard", "gc"), "exit 0 with nothing done"


def test_a_setting_that_exits_leaves_the_list_whole(odd: Preparer) -> None:
    code, out, _ = odd.call("list", "--json")
    said = json.loads(out)
    assert code == 0
    names = {row["name"] for row in said["components"]}
    assert {"toy_weak", "pca", "leaving", "good"} <= names
    broken = [row["plugin"] for row in said["broken"]]
    assert {"odd_raises", "odd_exits", "odd_loops"} <= set(broken)
    assert broken.count("odd_nonsense") == 9
    code, _, err = odd.run("-d", "toy", "-s", "leaving", "-t", "toy_raw", "-r", "toy_means")
    assert code == 3 and "SystemExit" in err and err.count("\n") == 1
