"""What a board takes of the registered setting, and what speaks against a record."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from irfer_bench.contracts.record import Record, Value
from irfer_bench.errors import ContractError
from irfer_bench.statistics.measurement import Installed, installed, lookup_in
from irfer_bench.statistics.verification import Rules, agreed, find_contradictions, with_rules
from irfer_bench.store import records
from irfer_metrics.recognition import Accuracy
from tests.irfer_bench.statistics.metric_records import lookup
from tests.irfer_bench.statistics.test_summation import read_all
from tests.irfer_bench.store.test_records import GOLDEN

RECORD = records.read_record(GOLDEN)


def metric(direction: str = "higher", unit: str = "fraction", low: float = 0.0, high: float = 1.0,
           version: str = "1") -> Any:  # fmt: skip
    made: Any = SimpleNamespace(direction=direction, unit=unit, range=(low, high))
    return Installed(made, version=version)


def record_of(cell: dict[str, Any] | None = None, **fields: Any) -> Record:
    changed = msgspec.structs.replace(RECORD.cell, **(cell or {}))
    return msgspec.structs.replace(RECORD, cell=changed, **fields)


@pytest.mark.parametrize(("own", "claimed"), [("war", "uar"), ("uar", "war"), ("war", "war")])
def test_the_registered_setting_says_what_ranks_and_what_a_whole_row_has(
    own: str, claimed: str
) -> None:
    rules = Rules(version="2", folds=5, seeds=3, primary=own, lookup=lookup())
    asked = {"folds": 1, "seeds": 1, "primary": claimed}
    same = with_rules(record_of({"setting_version": "2"} | asked), rules).cell
    assert (same.folds, same.seeds, same.primary) == (5, 3, own)
    old = with_rules(record_of({"setting_version": "1"} | asked), rules).cell
    assert (old.folds, old.seeds, old.primary) == (1, 1, claimed), "another version, other rules"
    assert rules.installed and rules.summary == ""


def test_the_installed_metric_says_what_is_better_and_in_which_unit() -> None:
    rules = Rules("1", 2, 1, "war", lookup(a=metric("lower", "dB"), b=metric()))
    values = {
        "a": Value(value=1.0, low=0.5, high=2.0, direction="higher", unit="dB"),
        "b": Value(value=0.5, direction="higher", unit="points"),
        "gone": Value(value=0.5, direction="lower", unit="x"),
    }
    found = with_rules(record_of(metrics=values), rules).metrics
    assert [(v.direction, v.unit) for v in found.values()] == [
        ("lower", "dB"), ("higher", "fraction"), ("lower", "x")]  # fmt: skip
    assert (found["a"].value, found["a"].low, found["a"].high) == (1.0, 0.5, 2.0)


def test_where_no_setting_is_installed_most_records_say_what_ranks() -> None:
    def rules(*primaries: str) -> Rules:
        made = [record_of({"primary": name, "folds": k + 2, "seeds": 9 - k})
                for k, name in enumerate(primaries)]  # fmt: skip
        return agreed(made, lookup())

    assert rules("war", "uar", "war").primary == "war"
    assert rules("uar", "war", "uar").primary == "uar"
    assert rules("war", "uar").primary == "uar", "the first name where as many say either"
    found = rules("war", "war", "war")
    assert (found.folds, found.seeds, found.installed) == (4, 9, False)
    assert found.version == RECORD.cell.setting_version


@pytest.mark.parametrize(
    ("value", "known", "said"),
    [
        (Value(value=1.0, unit="fraction"), None, ""),
        (Value(value=0.0, unit="fraction"), None, ""),
        (Value(value=1.01, unit="fraction"), None, "m 1.01 is outside 0 to 1"),
        (Value(value=-0.01, unit="fraction"), None, "m -0.01 is outside 0 to 1"),
        (Value(value=99.0, unit="dB"), None, ""),
        (Value(value=-2.0, unit="fraction"), metric(low=-3.0, high=-1.0), ""),
        (Value(value=0.5, unit="fraction"), metric(low=-3.0, high=-1.0),
         "m 0.5 is outside -3 to -1"),
        (Value(value=0.5, low=-0.1, high=1.0, unit="fraction"), None, "m -0.1 is outside 0 to 1"),
        (Value(value=0.5, low=0.1, high=1.1, unit="fraction"), None, "m 1.1 is outside 0 to 1"),
        (Value(value=0.5, low=0.6, high=0.4, unit="fraction"), None,
         "the interval of m ends before it begins"),
        (Value(value=0.5, low=0.5, high=0.5, unit="fraction"), None, ""),
        (Value(value=None, unit="fraction", reason="none"), None, ""),
    ],
)  # fmt: skip
def test_a_value_outside_its_range_is_not_believed(
    value: Value, known: Installed | None, said: str
) -> None:
    found = find_contradictions([(record_of(metrics={"m": value}), None)], lookup(m=known))
    assert found == [said]


def test_a_metric_that_is_not_installed_is_not_recomputed(tmp_path: Path) -> None:
    read = read_all(tmp_path, wrong=2)
    assert find_contradictions(read, lookup()) == [""] * 4
    other = Installed(Accuracy(), version="2", summable=True)
    assert find_contradictions(read, lookup(accuracy=other)) == [""] * 4, "another version"


def test_a_metric_that_breaks_its_contract_does_not_hide_another_s_contradiction() -> None:
    """Of pairs: the first metric cannot be recomputed, the second contradicts its record."""
    class Summed:
        direction, unit, range = "higher", "dB", (0.0, 100.0)

        def __init__(self, shape: Any) -> None:
            self.from_sums = shape

    broken = Installed(Summed(lambda sums: sums), summable=True)  # type: ignore[arg-type]
    whole = Installed(Summed(lambda sums: sums[..., 0]), summable=True)  # type: ignore[arg-type]
    record = record_of(metrics={
        name: Value(value=5.0, unit="dB", version="1") for name in ("broken", "whole")})
    file: Any = SimpleNamespace(
        values={}, summands={"broken": [[1.0], [2.0]], "whole": [[1.0], [2.0]]})
    own = lookup(broken=broken, whole=whole)
    kept: Any = SimpleNamespace(file=file, items=None)
    (found,) = find_contradictions([(record, kept)], own)
    assert found.startswith("whole contradicts"), found


class Leaving(Accuracy):
    """Its attributes end the process."""

    @property
    def unit(self) -> str:  # type: ignore[override]
        raise SystemExit(3)


@pytest.mark.parametrize(
    ("create", "said"),
    [
        (Leaving, "metric 'm' cannot be described: SystemExit: 3"),
        (lambda: sys.exit(4), "metric 'm' cannot be constructed: SystemExit: 4"),
        (lambda: {}["x"], "metric 'm' cannot be constructed: KeyError: 'x'"),
    ],
)
def test_a_metric_whose_code_ends_the_process_is_refused(create: Any, said: str) -> None:
    component = SimpleNamespace(version="1", traits={})
    registry: Any = SimpleNamespace(
        get=lambda kind, name: component, create=lambda component: create())
    with pytest.raises(ContractError, match=said):
        installed(registry, "m")
    assert lookup_in(registry)("m") is None
