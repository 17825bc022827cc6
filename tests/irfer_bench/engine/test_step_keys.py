"""Keys computed again from a record are those of the planner, for every kind of setting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import irfer_bench as ib
from irfer_bench.contracts.record import DataFacts, Machine, MethodFacts, Record, StepFacts, Value
from irfer_bench.engine.results import describe_cell
from irfer_bench.engine.submissions.cell_keys import find_key_faults
from irfer_bench.errors import BenchError
from irfer_bench.experiment.plan import PlannedCell
from irfer_bench.registry import load
from tests.irfer_bench.conftest import TOY

SETTINGS = (
    "synth_nir_weak5", "synth_nir_uda", "synth_nir_supervised", "synth_nir_shots2",
    "synth_nir_quality", "synth_nir_augmented", "synth_vis_to_nir", "synth_av7_supervised",
)  # fmt: skip
TRANSLATORS = ("none", "grey", "histmatch", "oracle", "nfer_sde", "identity")
change = msgspec.structs.replace


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path))
    monkeypatch.syspath_prepend(str(TOY))


def method(own: object) -> MethodFacts:
    return msgspec.convert(msgspec.to_builtins(own), MethodFacts)


def record_of(planned: PlannedCell) -> Record:
    """The record that the cell would leave, as far as keys are concerned."""
    cell, registry = planned.cell, load()
    return Record(
        schema=2, key=planned.score.key, cell=describe_cell(cell),
        translator=method(cell.translator.describe()),
        recognizer=method(cell.recognizer.describe()) if cell.recognizer else None,
        data=DataFacts(fingerprint=""), confusion=None, classes=list(cell.setting.classes),
        metrics={name: Value(value=0.5, version=registry.get("metric", name).version)
                 for name in cell.setting.metrics},
        steps=[StepFacts(kind=step.kind, title=step.title, key=step.key, seconds=1.0)
               for step in planned.score.walk()],
        facts={}, machine=Machine(), packages={}, created="",
    )  # fmt: skip


def faults(record: Record) -> list[str]:
    return list(find_key_faults(record, load(), load().setting(record.cell.setting)))


def plan(setting: str, translator: str, **more: str) -> list[PlannedCell]:
    recognizer = "former_dfer" if "_av" in setting else "pca"
    try:
        found = ib.plan(settings=setting, translators=translator, recognizers=recognizer,
                        preset="quick", folds=2, seeds=[0, 3], **more)  # fmt: skip
    except BenchError:  # a translator that this kind of setting refuses
        return []
    return list(found.plan.cells)


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_key_of_the_planner_follows_from_its_record(setting: str) -> None:
    cells = [planned for name in TRANSLATORS for planned in plan(setting, name)]
    assert cells
    for planned in cells:
        record = record_of(planned)
        assert faults(record) == [], str(planned.cell)
        unknown = find_key_faults(record, load(), None)
        assert list(unknown) == [], "the record's own content is enough"


@pytest.mark.parametrize("translator", ["meanstd", "nfer_sde", "grey"])
def test_keys_of_a_translator_that_was_fitted_elsewhere_follow_too(translator: str) -> None:
    cells = plan("toy_simulated", translator, fit_translator_on="synth")
    assert cells
    assert [faults(record_of(planned)) for planned in cells] == [[]] * len(cells)


PARAMS = {
    "translator's fit": lambda r: change(r, translator=other(r.translator, "steps", 7)),
    "recognizer's fit": lambda r: change(r, recognizer=other(r.recognizer, "epochs", 7)),
    "weights": lambda r: change(r, recognizer=change(r.recognizer, inputs={"weights": "f" * 64})),
    "seed": lambda r: change(r, cell=change(r.cell, seed=9)),
    "fold": lambda r: change(r, cell=change(r.cell, fold=1)),
    "precision": lambda r: change(r, cell=change(r.cell, precision="bf16")),
}


def other(facts: MethodFacts, name: str, value: object) -> MethodFacts:
    assert name in facts.params
    return change(facts, params=facts.params | {name: value})


@pytest.mark.parametrize("name", PARAMS)
def test_a_record_that_names_other_parameters_is_told(name: str) -> None:
    (planned, *_) = plan("synth_nir_weak5", "nfer_sde")
    alter: Callable[[Record], Record] = PARAMS[name]
    found = faults(alter(record_of(planned)))
    assert found
    assert "the key is not that of" in found[0]
