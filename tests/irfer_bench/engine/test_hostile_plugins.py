"""Metrics, observers and renderers that exit, print, or write into what they were given."""

from __future__ import annotations

import json

import pytest

from tests.irfer_bench.distributions import write_distribution

HOOKS = """
import os

from irfer_bench.api import Component, hookimpl

METRICS = ("exits", "exits_resampled", "exits_made", "exits_summed", "writes", "prints",
           "odd_range", "odd_direction")


@hookimpl
def irfer_bench_components():
    for name in METRICS:
        factory = "".join(word.capitalize() for word in name.split("_"))
        yield Component("metric", f"odd_{name}", f"hostile_metrics:{factory}")


@hookimpl
def irfer_bench_renderers():
    for name in ("exits", "raises", "prints"):
        yield name, f"hostile_pages:{name}"


@hookimpl
def irfer_bench_cell(event, cell, record):
    how = os.environ.get("ODD_OBSERVER")
    if how == "exit":
        raise SystemExit(0)
    if how == "print":
        print("the observer talks")
    if how == "write" and record is not None:
        record.metrics.clear()
        record.classes[:] = ["nobody"]
"""
METRICS = """
import sys


class Share:
    consumes = frozenset({"scores"})
    direction = "higher"
    unit = "fraction"
    range = (0.0, 1.0)

    def __init__(self, params):
        pass

    def compute(self, inputs, index=None):
        hit = inputs.scores.argmax(1) == inputs.labels
        return float(hit.mean() if index is None else hit[index].mean())


class Exits(Share):
    def compute(self, inputs, index=None):
        sys.exit(0)


class ExitsResampled(Share):
    def compute(self, inputs, index=None):
        return 0.5 if index is None else sys.exit(0)


class ExitsMade(Share):
    def __init__(self, params):
        sys.exit(0)


class ExitsSummed(Share):
    def summands(self, inputs):
        sys.exit(0)

    def from_sums(self, sums):
        return sums[..., 0]


class Writes(Share):
    def compute(self, inputs, index=None):
        inputs.labels[:] = 0
        inputs.scores[:] = 0
        return 0.5


class Prints(Share):
    def compute(self, inputs, index=None):
        print("the metric talks")
        return super().compute(inputs, index)


class OddRange(Share):
    range = "wide"


class OddDirection(Share):
    direction = "sideways"
"""
PAGES = """
import sys


def exits(boards):
    sys.exit(0)


def raises(boards):
    raise KeyError("brow")


def prints(boards):
    print("the renderer talks")
    return {"page.txt": "page"}
"""
CELL = ("-d", "toy", "-s", "toy_supervised", "-t", "none", "-r", "toy_means")


@pytest.fixture
def odd(bench, monkeypatch):
    site = write_distribution(
        bench.folder / "site", "irfer-hostile",
        {"hostile_hooks": HOOKS, "hostile_metrics": METRICS, "hostile_pages": PAGES},
        {"hostile": "hostile_hooks"},
    )  # fmt: skip
    monkeypatch.syspath_prepend(str(site))
    return bench


@pytest.mark.parametrize(
    "name, said",
    [
        ("exits", "compute raised SystemExit"),
        ("exits_resampled", "no interval: compute raised SystemExit"),
        ("exits_summed", "no interval: summands raised SystemExit"),
        ("writes", "compute raised ValueError: assignment destination is read-only"),
    ],
)
def test_a_metric_that_exits_or_writes_costs_its_own_number(odd, name, said):
    code, out, err = odd.run(*CELL, "--metric", f"odd_{name}", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert said in found["metrics"][f"odd_{name}"]["reason"]
    assert found["metrics"]["accuracy"]["value"] == 1.0
    assert found["warnings"] == []
    assert odd.call("leaderboard", "--check")[0] == 0


@pytest.mark.parametrize(
    "name, said",
    [
        ("exits_made", "metric 'odd_exits_made' cannot be constructed: SystemExit"),
        ("odd_range", "metric 'odd_odd_range': range 'wide' is not the lowest and the highest"),
        ("odd_direction", "direction 'sideways' is not higher, lower or none"),
    ],
)
def test_a_metric_that_is_none_fails_its_cell_in_one_line(odd, name, said):
    code, out, err = odd.run(*CELL, "--metric", f"odd_{name}", "--json")
    assert code == 1
    assert said in json.loads(out)["warnings"][0]
    assert "Traceback" not in err


def test_metrics_that_print_leave_the_board_one_object(odd):
    assert odd.run(*CELL, "--metric", "odd_prints")[0] == 0
    code, out, _ = odd.call("leaderboard", "--json")
    assert code == 0
    (row,) = json.loads(out)["toy_supervised"]
    assert row["metrics"]["odd_prints"]["value"] == 1.0


@pytest.mark.parametrize("how", ["exit", "print", "write"])
def test_an_observer_changes_nothing(odd, monkeypatch, how):
    monkeypatch.setenv("ODD_OBSERVER", how)
    code, out, err = odd.run(*CELL, "--json")
    assert code == 0, err
    assert json.loads(out)["metrics"]["accuracy"]["value"] == 1.0
    assert "Traceback" not in err
    assert ("observer irfer-hostile:hostile failed: SystemExit" in err) == (how == "exit")


@pytest.mark.parametrize("words", [(), ("--check",)])
@pytest.mark.parametrize("name, said", [("exits", "SystemExit: 0"), ("raises", "KeyError: 'brow'")])
def test_a_renderer_that_exits_or_raises_is_one_line(odd, words, name, said):
    odd.run(*CELL)
    code, out, err = odd.call("leaderboard", "--format", name, *words)
    assert (code, out) == (1, "")
    assert err.strip() == f"irfer-bench: renderer {name!r} raised {said}"


def test_a_renderer_that_prints_leaves_the_paths_alone_on_standard_output(odd):
    odd.run(*CELL)
    assert odd.call("leaderboard", "--format", "prints")[1] == "results/page.txt\n"
