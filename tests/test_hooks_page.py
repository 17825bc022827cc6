"""docs/hooks.md: every hook with its exact signature and its own words, and code that works."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.contracts import hookspecs
from tests.irfer_bench.distributions import write_distribution
from tests.third_party.installing import TOY, bench

PAGE = Path(__file__).parents[1] / "docs" / "hooks.md"
HOOKS: list[Callable[..., Any]] = [
    value for name, value in vars(hookspecs).items() if name.startswith("irfer_bench_")
]
METHODS = """
import numpy as np

from irfer_bench.api import State


class AlwaysHappy:
    def __init__(self, params):
        self.column = -1

    def fit(self, data, ctx):
        self.column = data.classes.index("anger")
        self.classes = len(data.classes)

    def predict(self, clips, ctx):
        scores = np.full((len(clips), self.classes), np.log(0.1 / (self.classes - 1)), np.float32)
        scores[:, self.column] = np.log(0.9)
        return scores

    def state(self):
        return State({}, {"column": self.column, "classes": self.classes})

    def restore(self, state):
        self.column, self.classes = state.scalars["column"], state.scalars["classes"]
"""


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.__name__)
def test_every_hook_has_a_heading_and_its_words(hook: Callable[..., Any]) -> None:
    page = PAGE.read_text()
    heading = f"## {hook.__name__}{inspect.signature(hook)}".replace("'", "")
    assert heading in page.splitlines(), heading
    section = page.partition(heading)[2].partition("\n## ")[0]
    assert plain(inspect.getdoc(hook) or "?") in plain(section)
    assert "```python" in section


def test_no_heading_is_of_a_hook_that_is_gone() -> None:
    headings = re.findall(r"^## (irfer_bench_\w+)", PAGE.read_text(), re.MULTILINE)
    assert headings == [hook.__name__ for hook in HOOKS]


def test_its_code_works(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    (ways,) = [text for text in blocks if text.startswith("# my_ways.py")]
    hooks = "\n\n".join(text for text in blocks if text is not ways)
    modules = {"my_hooks": hooks, "my_ways": ways, "my_methods": METHODS}
    site = write_distribution(tmp_path / "site", "irfer-bench-my", modules, {"my": "my_hooks"})
    words = "run --setting toy_weak -t toy_raw -r always_happy -r toy_means --fold 1"
    done = bench(f"{words} --executor backwards --out out", [site, TOY], tmp_path)
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "finished.txt").read_text().splitlines()
    assert [line.split()[0] for line in told] == ["toy_means", "always_happy"]
    again = bench(f"{words} --seed 1 --executor one_by_one --out out", [site, TOY], tmp_path)
    assert again.returncode == 0, again.stderr
    told = (tmp_path / "finished.txt").read_text().splitlines()
    assert [line.split()[0] for line in told[2:]] == ["always_happy", "toy_means"]
    shown = bench("leaderboard --out out --format names", [site, TOY], tmp_path)
    assert shown.stdout.split() == ["out/names.csv"]
    written = (tmp_path / "out" / "names.csv").read_text()
    assert sorted(written.split()) == ["toy_raw,always_happy", "toy_raw,toy_means"]


def test_a_broken_hook_stops_nobody(tmp_path: Path) -> None:
    """Observers and announcements that raise, or claim a built-in name, beside ones that work."""
    bad = (
        "from irfer_bench.api import hookimpl\n\n\n"
        "@hookimpl\ndef irfer_bench_executors():\n    raise OSError('no cluster')\n\n\n"
        "@hookimpl\ndef irfer_bench_cell(event, record):\n    if event == 'finished':\n"
        "        raise ValueError('no server')\n"
    )
    good = bad.replace("raise ValueError('no server')", "open('told', 'a').write(record.key)")
    assert good != bad
    good = good.replace("raise OSError('no cluster')", "return [('inline', 'thief:run')]")
    for name, text in (("bad", bad), ("good", good), ("worse", bad)):
        modules = {f"{name}_hooks": text}
        write_distribution(tmp_path / name, f"irfer-{name}", modules, {name: f"{name}_hooks"})
    sites = [tmp_path / "bad", tmp_path / "good", tmp_path / "worse", TOY]
    words = "run --setting toy_weak -t toy_raw -r toy_means --fold 1"
    done = bench(words, sites, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "told").read_text()
    assert done.stderr.count("failed: ValueError: no server") == 2
    refused = bench(f"{words} --executor slrm", sites, tmp_path)
    assert refused.returncode == 2
    assert "unknown executor 'slrm'" in refused.stderr
    assert "OSError: no cluster" in refused.stderr
