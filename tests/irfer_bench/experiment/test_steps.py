"""Steps: what enters their keys, and what does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from irfer_bench.experiment.graph import Step
from irfer_bench.experiment.planner import Planner
from irfer_bench.experiment.request import Request
from irfer_bench.experiment.steps import Spec, Translate
from irfer_bench.registry.discovery import load
from irfer_bench.store import keys


def steps(**asked: object) -> list[Step]:
    """All steps of a request on the embedded benchmark, each once."""
    fields = {"device": "cpu", "precision": "fp32", "preset": "quick"} | asked
    planner = Planner(load(), Path("home"), Path("weights"))
    plan = planner.plan([msgspec.convert(fields, Request)])
    return list({s.key: s for planned in plan.cells for s in planned.score.walk()}.values())


def test_a_key_is_the_digest_of_the_spec_and_of_the_inputs_keys() -> None:
    for step in steps(settings=["synth_nir_supervised"], recognizers=["clip_zero_shot"]):
        given = {name: other.key for name, other in step.inputs.items()}
        assert step.key == keys.digest({**msgspec.to_builtins(step.spec), "from": given})


def test_every_field_of_every_step_is_described() -> None:
    for spec in get_args(Spec):
        assert spec.__doc__
        for field in msgspec.json.schema(spec)["$defs"][spec.__name__]["properties"].items():
            assert field[0] == "step" or "description" in json.dumps(field[1]), (spec, field[0])


def test_a_spec_is_read_back_from_its_json() -> None:
    for step in steps(settings=["synth_nir_weak5"], translators=["histmatch"]):
        text = msgspec.json.encode(step.spec)
        again = msgspec.json.decode(text, type=Spec)
        assert msgspec.json.encode(again) == text


@pytest.mark.parametrize("name", ["grey", "oracle"])
def test_what_is_fitted_on_no_fold_is_translated_once(name: str) -> None:
    found = steps(settings=["synth_nir_weak5"], translators=[name], folds=[1, 2, 3, 4, 5])
    (once,) = [step for step in found if step.kind == "translate"]
    assert isinstance(once.spec, Translate)
    assert (once.spec.part, once.spec.fold) == ("all", 0)


def test_what_is_fitted_per_fold_is_translated_per_fold() -> None:
    found = steps(settings=["synth_nir_weak5"], translators=["histmatch"], folds=[1, 2])
    parts = [(s.spec.part, s.spec.fold) for s in found if isinstance(s.spec, Translate)]
    assert sorted(parts) == [("test", 1), ("test", 2), ("train", 1), ("train", 2)]


def test_what_follows_a_translation_is_keyed_by_the_subset_that_it_reads() -> None:
    """The keys of records stay what they were when every subset was translated on its own."""
    found = steps(settings=["synth_nir_weak5"], translators=["grey"], recognizers=["resnet18"])
    once = next(step for step in found if step.kind == "translate")
    fitted = next(step for step in found if step.kind == "fit_recognizer")
    alone = msgspec.to_builtins(once.spec) | {"part": "train", "fold": 1}
    source = keys.digest(alone | {"from": {"clips": once.inputs["clips"].key}})
    given = {"source": source, "target": fitted.inputs["target"].key}
    assert fitted.key == keys.digest({**msgspec.to_builtins(fitted.spec), "from": given})


def test_fit_steps_list_the_parts_they_share() -> None:
    request = {"settings": ["synth_nir_weak5"], "translators": ["nfer_sde", "sdedit"]}
    found = {step.title: step.parts for step in steps(**request)}
    assert found["fit nfer_sde"]["score_net"] == found["fit sdedit"]["score_net"]
    assert found["fit sdedit"] == {"score_net": "diffusion.score_net/1"}
    assert found["translate train by sdedit"] == {}
