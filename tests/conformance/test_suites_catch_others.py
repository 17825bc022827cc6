"""The suites for metrics, datasets and announcements find what they are for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irfer_bench.contracts.values import Item
from irfer_bench.registry import load
from irfer_bench.testing.conformance import (
    DatasetConformance,
    MetricConformance,
    TranslatorConformance,
)
from tests.conformance.test_suites_catch_methods import UNANNOUNCED, checks, suite_of


class Accuracy:
    """Share of right items, with a flaw or none."""

    consumes = frozenset({"scores"})
    direction = "higher"
    unit = "fraction"
    range = (0.0, 1.0)
    flaw = ""

    def compute(self, inputs: Any, index: Any = None) -> float:
        from irfer_bench.errors import UnavailableError

        if inputs.scores is None:
            if self.flaw == "silent":
                return 0.0
            raise UnavailableError("nothing was predicted")
        right = inputs.scores.argmax(1) == inputs.labels
        if index is not None and self.flaw != "no_index":
            right = right[index]
        if self.flaw == "first":
            right = right[: len(right) // 3]
        return float(right.mean()) * (100 if self.flaw == "percent" else 1)


METRICS = {
    "no_index": "index_resamples", "first": "order_of_items_does_not_matter",
    "percent": "values_are_finite_and_in_range", "silent": "says_when_it_has_no_value",
    "lower": "perfect_is_best",
}


def metric(flaw: str) -> Any:
    made = Accuracy()
    made.flaw, made.direction = flaw, "lower" if flaw == "lower" else "higher"
    return made


def test_a_faultless_metric_passes() -> None:
    suite = suite_of(MetricConformance, lambda: metric(""))
    for name in checks(suite):
        if not name.startswith(tuple(f"test_{part}" for part in UNANNOUNCED)):
            getattr(suite, name)()


@pytest.mark.parametrize("flaw, check", METRICS.items())
def test_a_flawed_metric_fails(flaw: str, check: str) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        getattr(suite_of(MetricConformance, lambda: metric(flaw)), f"test_{check}")()


class SummedAccuracy(Accuracy):
    """The same from sums."""

    def summands(self, inputs: Any) -> Any:
        right = inputs.scores.argmax(1) == inputs.labels
        found = np.stack([right, np.ones(len(right))], axis=1).astype(float)
        return found[1:] if self.flaw == "rows" else found

    def from_sums(self, sums: Any) -> Any:
        if self.flaw == "total":
            return sums[..., 0]
        value = sums[..., 0] / sums[..., 1]
        return value.mean() if self.flaw == "one" else value


@pytest.mark.parametrize("flaw", ["", "rows", "total", "one"])
def test_summands_that_do_not_give_the_metric_fail(flaw: str) -> None:
    made = SummedAccuracy()
    made.flaw = flaw
    check = suite_of(MetricConformance, lambda: made).test_sums_give_what_compute_gives
    if flaw:
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            check()
    else:
        check()


class Flawed:
    """The synthetic dataset with one lie."""

    def __init__(self, **lies: Any) -> None:
        registry = load()
        self._real = registry.create(registry.get("dataset", "synth"))
        self._lies = lies

    def __getattr__(self, name: str) -> Any:
        return self._lies.get(name) or getattr(self._real, name)


def lying(items: Any) -> Any:
    """An index whose every item is changed by `items`."""
    return lambda root: [items(item) for item in load_items()]


def grey(item: Item) -> Any:
    """The item with one channel."""
    registry = load()
    clip = registry.create(registry.get("dataset", "synth")).read(None, item)
    return replace(clip, frames=clip.frames[..., :1])


def load_items() -> list[Item]:
    registry = load()
    found = registry.create(registry.get("dataset", "synth")).index(None)
    return [item for item in found if item.subject in ("s001", "s002") and item.label == "fear"]


DATASETS = [
    ({"index": lying(lambda item: replace(item, id="same"))}, "ids_are_unique_and_opaque"),
    ({"index": lying(lambda item: replace(item, id=f"a/{item.id}"))}, "ids_are_unique_and_opaque"),
    ({"index": lying(lambda item: replace(item, label="joy"))}, "labels_and_spectra_are_canonical"),
    ({"index": lying(lambda item: replace(item, pair="one"))}, "partners_show_the_same_moment"),
    ({"read": lambda root, item, frames=None: grey(item)}, "reads_what_it_lists"),
    ({"folds": lambda items: [frozenset({"s001"})] * 2}, "folds_part_the_subjects"),
    ({"folds": lambda items: [frozenset({"nobody"})]}, "folds_part_the_subjects"),
    ({"problems": lambda root: ["something"]}, "problems_are_problems"),
]


@pytest.mark.parametrize("lies, check", DATASETS)
def test_a_flawed_dataset_fails(lies: dict[str, Any], check: str) -> None:
    with pytest.raises(AssertionError):
        getattr(suite_of(DatasetConformance, lambda: Flawed(**lies)), f"test_{check}")(None)


def test_a_dataset_that_takes_any_folder_fails(tmp_path: Path) -> None:
    from irfer_bench.contracts.values import Match

    suite = suite_of(
        DatasetConformance, lambda: Flawed(identify=lambda root: Match(1.0, "surely"))
    )
    with pytest.raises(AssertionError, match="an empty folder is taken"):
        suite.test_recognises_its_own_folder(None, tmp_path)


HEAVY = """
import {heavy}
from typing import Annotated
from irfer_bench.api import Component, Params, fit, hookimpl

class P(Params, frozen=True):
    {field}

@hookimpl
def irfer_bench_components():
    yield Component("translator", "heavy", "nowhere:X", "{module}:P", "a stranger")
"""


@pytest.mark.parametrize("heavy, field, check", [
    ("pandas", 'a: Annotated[int, fit("a number")] = 1', "announcing_imports_nothing_heavy"),
    ("json", "a: int = 1", "params_are_described_and_their_defaults_are_valid"),
    ("json", 'a: Annotated[int, fit("a number", ge=5)] = 1',
     "params_are_described_and_their_defaults_are_valid"),
    ("json", "presets = {'quick': {'b': 1}}", "presets_and_variants_resolve"),
    ("json", "presets = {'quick@other': {}}", "presets_and_variants_resolve"),
])
def test_an_announcement_with_a_flaw_fails(
    heavy: str, field: str, check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from irfer_bench.testing import announcement
    from tests.irfer_bench.distributions import write_distribution

    module = f"{tmp_path.name}_hooks".replace("-", "_")
    text = HEAVY.format(heavy=heavy, field=field, module=module)
    site = write_distribution(tmp_path / "site", f"irfer-{tmp_path.name}", {module: text},
                              {"heavy": module})
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(announcement, "registry", load)
    suite = type("Suite", (TranslatorConformance,), {"component": "heavy"})()
    with pytest.raises(Exception, match=r"heavy|pandas|no desc|Expected|unknown par|presets are"):
        getattr(suite, f"test_{check}")()
