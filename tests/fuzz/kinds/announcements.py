"""Plugins whose hooks return nonsense: a distribution on the path, and commands that meet it."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

from tests.fuzz.mutations import change_value, dump, odd_value

HOOKS = ("components", "executors", "renderers", "cell", "fetch")
PLAIN = {
    "kind": "translator",
    "name": "fuzzed",
    "factory": "irfer_toy.methods:Raw",
    "params": "irfer_toy.toy_params:RawParams",
    "summary": "one",
    "version": "1",
    "needs": [],
    "licence": "",
    "source": "",
    "traits": {"trains": False},
    "parts": {"a": ""},
    "tree": "",
}
SETTING = PLAIN | {
    "kind": "setting",
    "name": "fuzz_setting",
    "factory": "irfer_toy.settings:WEAK",
    "params": "",
    "traits": {},
    "parts": {},
}
METRIC = PLAIN | {
    "kind": "metric",
    "name": "fuzz_metric",
    "factory": "irfer_toy.metrics:PixelError",
    "params": "",
    "traits": {"resamples": 0},
    "parts": {},
}
DATASET = PLAIN | {
    "kind": "dataset",
    "name": "fuzz_set",
    "factory": "irfer_toy.dataset:Toy",
    "params": "irfer_toy.toy_params:ToyParams",
    "traits": {"embedded": True},
    "parts": {},
    "tree": "a/b\n",
}
WHOLE = {
    "components": [PLAIN, SETTING, METRIC, DATASET],
    "executors": [["one", "a:b"]],
    "renderers": [["page", "a:b"]],
}
ODD = ("object", "class", "raise", "exit", "print", "bytes", "set", "lambda", "unsaid", "surrogate")
COMMANDS = (
    ("list",),
    ("list", "--json"),
    ("doctor",),
    ("doctor", "--json"),
    ("show", "fuzzed"),
    ("plan", "-d", "toy", "-t", "fuzzed", "-r", "toy_means"),
    ("show", "fuzz_setting"),
    ("plan", "-s", "fuzz_setting", "-r", "toy_means"),
    ("completion", "bash"),
    ("show", "fuzz_set"),
    ("plan", "-d", "toy", "-r", "toy_means", "--executor", "one"),
    ("data", "list"),
    ("plan", "-d", "toy", "-r", "toy_means", "--metric", "fuzz_metric"),
    ("data", "check", "fuzz_set"),
    ("leaderboard", "--format", "page", "--check"),
    ("list", "translators"),
    ("show", "fuzz_metric"),
)


def strategy() -> Any:
    """Hypothesis's strategy of contents: fields of any JSON value, and objects that are none."""
    from hypothesis import strategies as st

    leaf = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from([{"$": name} for name in ODD]),
        st.sampled_from(list(PLAIN.values())),
    )
    value = st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
        ),
        max_leaves=6,
    )
    changed = st.dictionaries(st.sampled_from(sorted(PLAIN)), value, max_size=3)
    component = st.builds(
        lambda base, over: base | over, st.sampled_from((PLAIN, SETTING, METRIC, DATASET)), changed
    )
    components = st.one_of(st.lists(st.one_of(component, component, value), max_size=3), value)
    return st.fixed_dictionaries(
        {"components": components}, optional=dict.fromkeys(HOOKS[1:], value)
    ).map(dump)


def seeds(kind: str) -> list[bytes]:
    """A plugin that announces one of each."""
    return [dump(WHOLE)]


def mutate(kind: str, random: Random, seed: bytes, others: Sequence[bytes]) -> bytes:
    """Fields changed, sometimes into something that is no value at all."""
    value: Any = json.loads(seed)
    for _ in range(random.choice((1, 1, 2))):
        where = random.choice(value["components"])
        name = random.choice(list(PLAIN))
        where[name] = {"$": random.choice(ODD)} if random.random() < 0.3 else odd_value(random)
    return dump(change_value(random, value) if random.random() < 0.4 else value)


def prepare(kind: str, content: bytes, place: Path) -> Callable[[], object]:
    """Install it in the sandbox and call a command that the content itself chooses."""
    value = _read(content)
    site = place / "site"
    folder = site / "fuzzed-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: fuzzed\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[irfer_bench]\nfuzzed = fuzzed_hooks\n")
    sys.modules["fuzzed_hooks"] = _module(value)
    sys.path[:] = [str(site), *(each for each in sys.path if not each.endswith("/site"))]
    words = COMMANDS[hashlib.sha256(content).digest()[0] % len(COMMANDS)]
    if words[0] in ("plan", "leaderboard"):
        words += ("--out", str(place.parents[1] / "out"))

    def call() -> int:
        from irfer_bench.cli import main

        try:
            return main(words)
        finally:
            sys.path.remove(str(site))
            del sys.modules["fuzzed_hooks"]

    return call


def _read(content: bytes) -> dict[str, Any]:
    try:
        value: Any = json.loads(content)
    except (ValueError, RecursionError):  # nested too deep for this test, not for a plugin
        value = None
    return value if isinstance(value, dict) else {"components": value}


def _module(value: dict[str, Any]) -> ModuleType:
    """A module whose hooks return what the content says."""
    from irfer_bench.api import Component, hookimpl

    module: Any = ModuleType("fuzzed_hooks")

    def made(given: Any) -> Any:
        if isinstance(given, dict) and set(given) == {"$"}:
            return _odd(given["$"])
        if isinstance(given, dict) and {"kind", "name"} <= set(given):
            return Component(**{k: _plain(v) for k, v in given.items() if k in PLAIN})
        if isinstance(given, dict):
            return {k: made(v) for k, v in given.items()}
        return [made(each) for each in given] if isinstance(given, list) else given

    def announces(name: str) -> Callable[[], Any]:
        return hookimpl(lambda: made(value[name]), specname=f"irfer_bench_{name}")

    for name in HOOKS:
        if name in value:
            setattr(module, f"irfer_bench_{name}", announces(name))
    return module  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"$"}:
        return _odd(value["$"])
    return tuple(value) if isinstance(value, list) else value


def _odd(name: Any) -> Any:
    """Something that is no JSON value, or does something when it is looked at."""

    class Unsaid(Exception):  # noqa: N818  its text cannot be read
        def __str__(self) -> str:
            raise KeyError("no text")

    class Odd:
        def __hash__(self) -> int:
            return len(repr(self))

        def __repr__(self) -> str:
            if name == "unsaid":
                raise Unsaid
            if name == "raise":
                raise KeyError("brow")
            if name == "exit":
                raise SystemExit(0)
            if name == "print":
                print("a plugin talks")  # noqa: T201  as plugins do
            return "odd"

    found = {
        "bytes": b"bytes",
        "set": {1, 2},
        "lambda": lambda: 1,
        "class": Odd,
        "surrogate": "\udce9",
    }
    return found.get(str(name), Odd())
