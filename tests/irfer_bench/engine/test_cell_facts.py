"""What a record says of its cell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from irfer_bench.engine.results import describe_cell
from tests.irfer_bench.experiment.test_graph import cell


@pytest.mark.parametrize("primary", ["war", "uar", "psnr"])
def test_a_record_names_the_metric_that_ranks_its_setting(primary: str) -> None:
    made = cell()
    other = msgspec.structs.replace(made.setting, primary=primary, folds=4, seeds=3, version="9")
    facts = describe_cell(replace(made, setting=other, fold=2, seed=1, precision="bf16"))
    assert msgspec.to_builtins(facts) == {
        "setting": "synth_nir_weak5", "setting_version": "9", "dataset": "synth",
        "translator": "histmatch", "recognizer": "resnet18", "preset": "quick", "fold": 2,
        "seed": 1, "folds": 4, "seeds": 3, "primary": primary, "precision": "bf16",
        "fit_translator_on": "", "further_metrics": [],
    }  # fmt: skip


def test_a_record_names_where_its_translator_was_fitted_and_what_else_was_measured() -> None:
    made: Any = replace(cell(), fit_on=cell().source, metrics=("lpips",), recognizer=None)
    facts = describe_cell(made)
    assert (facts.fit_translator_on, facts.further_metrics) == ("synth", ["lpips"])
    assert facts.recognizer == "-"
