"""Scores: a number, or null and the reason; never NaN."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from irfer_bench.errors import UnavailableError
from irfer_bench.statistics.measurement import Installed, measure

GROUPS = {"test": np.arange(6) // 2, "pairs": np.arange(4)}


def metric(compute, **facts):
    """A metric that consumes labels and computes what the test says."""
    known = {"consumes": frozenset({"labels"}), "direction": "higher", "unit": ""}
    return SimpleNamespace(**known | facts, compute=compute)


def measured(compute, **facts):
    inputs = SimpleNamespace(labels=np.array([0, 1, 0, 1, 0, 1]), pairs=None)
    result, _ = measure(Installed(metric(compute, **facts)), inputs, GROUPS, 50)
    json.dumps(result, allow_nan=False)
    return result


def test_a_value_has_an_interval_over_subjects():
    values = np.array([0.0, 0.1, 0.5, 0.6, 0.9, 1.0])
    found = measured(lambda inputs, index=None: values[... if index is None else index].mean())
    assert found["low"] < found["value"] < found["high"]
    assert found["low"] >= values[:2].mean(), "pairs of one subject move together"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_number_is_null_with_a_reason(value):
    found = measured(lambda inputs, index=None: value)
    assert (found["value"], found["low"], found["high"]) == (None, None, None)
    assert str(value) in found["reason"]


def test_unavailable_is_null_with_its_reason():
    def compute(inputs, index=None):
        raise UnavailableError("the weights are not here")

    assert measured(compute)["reason"] == "the weights are not here"


def test_what_is_not_there_is_said():
    found = measured(lambda inputs, index=None: 1.0, consumes=frozenset({"pairs"}))
    assert found["value"] is None
    assert "true partner" in found["reason"]


@pytest.mark.parametrize("broken", [float("nan"), None])
def test_resamples_without_a_value_cost_the_interval_alone(broken):
    def compute(inputs, index=None):
        if index is None:
            return 0.5
        if broken is None:
            raise UnavailableError("a class is missing")
        return broken

    found = measured(compute)
    assert (found["value"], found["low"], found["high"]) == (0.5, None, None)


def test_the_score_of_a_fold_without_a_class_warns(bench, monkeypatch):
    bench.call("list")
    from irfer_toy import dataset

    index = dataset.Toy.index

    def without_fear(self, root):
        for item in index(self, root):
            if not (item.label == "fear" and int(item.subject[1:]) % 2 == 0):
                yield item

    monkeypatch.setattr(dataset.Toy, "index", without_fear)
    code, out, err = bench.run("-d", "toy", "-s", "toy_weak", "-t", "toy_raw", "-r", "toy_means",
                               "--json")  # fmt: skip
    assert code == 0, err
    assert json.loads(out)["warnings"] == ["fold 1 has no test item of fear: UAR counts the others"]
