"""Scores are a number, or null with the reason; never NaN."""

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


def summed(summands, from_sums, compute=lambda inputs, index=None: 0.5):
    """What a metric that brings its own sums is measured as."""
    made = metric(compute, summands=summands, from_sums=from_sums)
    inputs = SimpleNamespace(labels=np.array([0, 1, 0, 1, 0, 1]), pairs=None)
    result, kept = measure(Installed(made, summable=True), inputs, GROUPS, 50)
    json.dumps(result, allow_nan=False)
    return result, kept


HALVES = np.stack([np.arange(6) % 2, np.ones(6)], axis=1).astype(float)


def mean(sums):
    return sums[..., 0] / sums[..., 1]


def test_a_metric_with_sums_has_the_interval_of_the_general_bootstrap():
    values = np.array([0.0, 0.1, 0.5, 0.6, 0.9, 1.0])
    general = measured(lambda inputs, index=None: values[... if index is None else index].mean())
    sums, kept = summed(lambda inputs: np.stack([values, np.ones(6)], axis=1), mean,
                        lambda inputs, index=None: float(values.mean()))  # fmt: skip
    assert (sums["low"], sums["high"]) == pytest.approx((general["low"], general["high"]))
    assert kept.shape == (6, 2)


@pytest.mark.parametrize(
    ("summands", "said"),
    [
        (HALVES[1:], "shape (5, 2)"),
        (HALVES[:, 0], "shape (6,)"),
        (HALVES[:, :0], "shape (6, 0)"),
        (np.full((6, 2), np.nan), "not all finite"),
        ("nonsense", "summands raised ValueError"),
        (None, "the judge is away"),
    ],
)
def test_bad_summands_cost_the_interval_and_are_not_kept(summands, said):
    def give(inputs):
        if summands is None:
            raise UnavailableError("the judge is away")
        return summands

    result, kept = summed(give, mean)
    assert (result["value"], result["low"], kept) == (0.5, None, None)
    assert result["reason"].startswith("no interval: ")
    assert said in result["reason"]


def test_sums_that_disagree_with_compute_leave_no_number():
    result, kept = summed(lambda inputs: HALVES, lambda sums: sums[..., 0])
    assert (result["value"], kept) == (None, None)
    assert result["reason"] == "compute gives 0.5 and its summands give 3"


def test_sums_may_differ_from_compute_by_rounding():
    for factor in (1 + 1e-9, 1 - 1e-9):
        result, kept = summed(lambda inputs: HALVES, lambda sums, f=factor: mean(sums) * f)
        assert (result["value"], result.get("reason")) == (0.5, None)
        assert kept is not None


def test_from_sums_that_fails_on_resamples_costs_the_interval():
    def only_whole(sums):
        if sums.ndim > 1:
            raise KeyError("no resamples, please")
        return mean(sums)

    for from_sums in (only_whole, lambda sums: np.atleast_1d(mean(sums))[0]):
        result, _ = summed(lambda inputs: HALVES, from_sums)
        assert (result["value"], result["low"]) == (0.5, None)
        assert "from_sums" in result["reason"]


@pytest.mark.parametrize("found", [np.zeros(3), "0.5 or so", None, ZeroDivisionError])
def test_a_metric_that_gives_no_number_or_raises_is_null_with_a_reason(found):
    def compute(inputs, index=None):
        if found is ZeroDivisionError:
            raise found("division by zero")
        return found

    result = measured(compute)
    assert result["value"] is None
    assert "compute" in result["reason"]


def test_a_metric_that_raises_while_resampling_keeps_its_value():
    def compute(inputs, index=None):
        if index is not None:
            raise IndexError("index 7 is out of bounds")
        return 0.5

    result = measured(compute)
    assert (result["value"], result["low"]) == (0.5, None)
    assert result["reason"] == "no interval: compute raised IndexError: index 7 is out of bounds"


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


QUALITY = ("-d", "toy", "-s", "toy_quality", "-t", "toy_shift", "-t", "toy_partner",
           "-r", "toy_means", "--fold", "1", "--fold", "2")  # fmt: skip


def test_a_third_partys_metric_over_pairs_keeps_its_sums_and_ranks(bench):
    code, _, err = bench.run(*QUALITY)
    assert code == 0, err
    kept = [json.loads(p.read_text()) for p in bench.out.glob("predictions/toy_quality/*.json")]
    assert len(kept) == 4
    for each in kept:
        assert "values" not in each
        assert np.shape(each["summands"]["toy_error"]) == (len(each["pairs"]), 2)
    rows = json.loads(bench.call("leaderboard", "toy_quality", "--json")[1])["toy_quality"]
    assert [row["rank"] for row in rows] in ([1, 1], [1, 2])
    for row in rows:
        found = row["metrics"]["toy_error"]
        assert found["low"] <= found["value"] <= found["high"]


def test_metrics_are_given_what_was_translated_beside_each_pair(bench, monkeypatch):
    seen = []

    def watched(known, inputs, *more):
        seen.append([(c, f, n) for c, (f, n) in zip(inputs.sources, inputs.pairs, strict=True)])
        return measure(known, inputs, *more)

    monkeypatch.setattr("irfer_bench.engine.stages.score.measure", watched)
    code, _, err = bench.run(*QUALITY[:6], "--fold", "2")
    assert code == 0, err
    assert seen and seen[0]
    for source, made, true in seen[0]:
        assert (source.id, source.spectrum) == (made.id, "vis")
        assert source.pair == true.pair and source.subject == true.subject


@pytest.mark.parametrize("broken", ["compute", "resample", "summands", "from_sums"])
def test_a_broken_metric_costs_its_number_and_not_the_run(bench, monkeypatch, broken):
    bench.call("list")
    from irfer_toy.metrics import PixelError

    def fail(*words, **named):
        raise RuntimeError("out of order")

    compute = PixelError.compute
    if broken == "resample":
        monkeypatch.delattr(PixelError, "summands")
        monkeypatch.setattr(PixelError, "compute", lambda self, inputs, index=None:
                            compute(self, inputs) if index is None else fail())  # fmt: skip
    else:
        monkeypatch.setattr(PixelError, broken, fail)
    code, out, err = bench.run(*QUALITY, "--json")
    assert code == 0, err
    for cell in json.loads(out)["cells"]:
        found = cell["metrics"]["toy_error"]
        assert (found["value"] is None) == (broken == "compute")
        assert found["low"] is None
        assert "RuntimeError: out of order" in found["reason"]
    page = (bench.out / "toy_quality.md").read_text()
    assert "Not ranked" in page
