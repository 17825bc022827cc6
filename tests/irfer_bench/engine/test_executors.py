"""Failing executors and observers of plugins: one line, and no exit 0 without a result."""

from __future__ import annotations

import json

import pytest

from tests.irfer_bench.distributions import write_distribution

HOOKS = """
from irfer_bench.api import hookimpl


@hookimpl
def irfer_bench_executors():
    for name in ("raises", "exits", "nothing", "nonsense", "twice", "lies", "missing", "half"):
        yield name, f"odd_ways:{name}"


@hookimpl
def irfer_bench_cell(event, cell, outcome, record, cached, message):
    import json

    with open("events", "a") as stream:
        fact = [event, cell["recognizer"], outcome, record is not None, cached, bool(message)]
        stream.write(json.dumps(fact) + "\\n")
"""
WAYS = """
import sys

from irfer_bench.api import JobResult, MissingError


def raises(jobs, host):
    raise RuntimeError("the cluster is on fire")


def exits(jobs, host):
    sys.exit(0)
    yield


def nothing(jobs, host):
    return iter(())


def nonsense(jobs, host):
    yield {"outcome": "ok"}


def twice(jobs, host):
    result = host.carry_out(jobs[0])
    yield result
    yield result


def lies(jobs, host):
    for job in jobs:
        yield JobResult(key=job.key, outcome="ok")


def missing(jobs, host):
    raise MissingError("no cluster here", "say --executor local")
    yield


def half(jobs, host):
    yield host.carry_out(jobs[0])
    raise RuntimeError("the cluster is on fire")
"""
CELLS = ("-d", "toy", "-t", "toy_raw", "-r", "toy_means", "-r", "toy_broken", "-p",
         "toy_broken.how=print")  # fmt: skip


@pytest.fixture
def odd(bench, monkeypatch):
    """The bench, with a plugin whose executors break."""
    modules = {"odd_hooks": HOOKS, "odd_ways": WAYS}
    site = write_distribution(bench.folder / "site", "irfer-odd", modules, {"odd": "odd_hooks"})
    monkeypatch.syspath_prepend(str(site))
    return bench


@pytest.mark.parametrize(
    ("name", "code", "said", "done"),
    [
        ("raises", 1, "executor 'raises' failed: RuntimeError: the cluster is on fire", 0),
        ("exits", 1, "executor 'exits' failed: SystemExit: 0", 0),
        ("nothing", 1, "executor 'nothing' ended with 2 of 2 cells not done", 0),
        ("nonsense", 1, "executor 'nonsense' yielded", 0),
        ("twice", 1, "executor 'twice' yielded", 1),
        ("missing", 3, "no cluster here; say --executor local", 0),
        ("half", 1, "executor 'half' failed: RuntimeError: the cluster is on fire", 1),
    ],
)
def test_an_executor_that_breaks_is_one_line(odd, name, code, said, done):
    found, _, err = odd.run(*CELLS, "--executor", name)
    assert found == code
    (line,) = [line for line in err.splitlines() if line.startswith("irfer-bench: ")]
    assert said in line
    assert "Traceback" not in err
    assert len(list(odd.out.glob("records/*/*.json"))) == done
    assert odd.run(*CELLS)[0] == 0


def test_an_executor_is_not_believed(odd):
    code, out, err = odd.run(*CELLS, "--executor", "lies", "--json")
    assert code == 1
    assert [cell["outcome"] for cell in json.loads(out)["cells"]] == ["failed", "failed"]
    assert err.count("the store does not hold it") >= 2


def test_an_unknown_executor_is_refused_before_anything_is_planned(odd):
    code, _, err = odd.run(*CELLS, "--executor", "slurm")
    assert code == 2
    assert "unknown executor 'slurm'" in err
    assert "steps" not in err


def events(bench) -> list[list]:
    path = bench.folder / "events"
    found = [json.loads(line) for line in path.read_text().splitlines()]
    path.unlink()
    return found


@pytest.mark.parametrize("words", [(), ("--executor", "local", "--workers", "1")])
def test_observers_hear_of_every_cell_once_and_whether_it_was_stored(odd, words):
    cells = (*CELLS[:-1], "toy_broken.how=raise", *words)
    odd.run(*cells)
    assert events(odd) == [
        ["started", "toy_means", "", False, False, False],
        ["finished", "toy_means", "ok", True, False, False],
        ["started", "toy_broken", "", False, False, False],
        ["failed", "toy_broken", "failed", True, False, True],
    ]
    odd.run(*cells)
    assert events(odd) == [
        ["started", "toy_means", "", False, True, False],
        ["finished", "toy_means", "ok", True, True, False],
        ["started", "toy_broken", "", False, False, False],
        ["failed", "toy_broken", "failed", True, False, True],
    ]
    odd.run("-d", "toy", "-s", "toy_supervised", "-t", "toy_raw", "-t", "toy_shift", "-r",
            "toy_means", *words)  # fmt: skip
    assert events(odd)[0] == ["refused", "toy_means", "refused", False, False, True]
