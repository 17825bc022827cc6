"""Which columns a board's table keeps."""

from __future__ import annotations

import msgspec
import pytest

from irfer_bench.contracts.record import Value
from irfer_bench.statistics.columns import NOT_COMPARABLE, divide_columns
from irfer_bench.statistics.measurement import Installed
from irfer_bench.statistics.rows import Row
from tests.irfer_bench.statistics.test_attributes import changed
from tests.irfer_bench.statistics.test_rows import WHOLE, record


def rows(units: dict[str, str] | None = None, **columns: list[float | None]) -> list[Row]:
    """Rows of a board from its columns."""
    made = []
    for k in range(len(next(iter(columns.values())))):
        values = {
            name: Value(value=own[k], unit=(units or {}).get(name, ""))
            for name, own in columns.items()
        }
        made.append(Row(f"t{k}", "r", [], metrics=values))
    return made


def reasons(made: list[Row], primary: str = "a") -> dict[str, str]:
    """The reasons of the columns in the appendix."""
    _, appendix = divide_columns(list(made[0].metrics), primary, made, {})
    return {column.name: column.reason for column in appendix}


@pytest.mark.parametrize(("gap", "said"), [(0.5, "a + 0.50"), (-2.5, "a - 2.50")])
def test_a_constant_distance_is_said_with_its_sign(gap: float, said: str) -> None:
    own = [1.0, 2.0, 4.0]
    assert reasons(rows(a=own, b=[a + gap for a in own])) == {"b": f"{said} in every row"}


def test_a_constant_distance_of_two_rows_or_of_equal_values_is_a_coincidence() -> None:
    assert reasons(rows(a=[1.0, 2.0], b=[2.0, 3.0])) == {}
    assert reasons(rows(a=[1.0, 1.0, 2.0], b=[2.0, 2.0, 3.0])) == {}


def test_nearly_constant_is_not_constant() -> None:
    assert reasons(rows(a=[1.0, 2.0, 4.0], b=[2.0, 3.0, 5.001])) == {}
    assert reasons(rows(a=[1.0, 2.0], b=[1.0, 2.00001])) == {}


def test_columns_of_other_units_or_with_other_gaps_are_not_compared() -> None:
    assert reasons(rows({"a": "dB", "b": "fraction"}, a=[1.0, 2.0], b=[1.0, 2.0])) == {}
    assert reasons(rows(a=[1.0, 2.0, None], b=[1.0, 2.0, 3.0])) == {}
    assert reasons(rows(a=[1.0, 2.0, None], b=[1.0, 2.0, None])) == {"b": "equal to a in every row"}


def test_the_primary_metric_stands_first_and_always() -> None:
    made = rows(b=[1.0, 2.0], a=[1.0, 2.0])
    table, appendix = divide_columns(["b", "a"], "a", made, {})
    assert [(column.name, column.shown) for column in table] == [("a", True)]
    assert [(column.name, column.shown) for column in appendix] == [("b", False)]
    alone, _ = divide_columns(["a"], "a", rows(a=[None, None]), {})
    assert [column.name for column in alone] == ["a"]


def judged(*judges: tuple[str, str], values: tuple[float | None, ...] = (0.1, 0.2)) -> list[str]:
    """Columns of the table for rows whose two folds have these fitted recognizers."""
    made = []
    for k, (own, value) in enumerate(zip(judges, values, strict=True)):
        records = []
        for fold, judge in enumerate(own, 1):
            steps = [
                msgspec.structs.replace(
                    step, key=judge if step.kind == "fit_recognizer" else f"{k} {fold}"
                )
                for step in WHOLE.steps
            ]
            records.append(record(fold, steps=steps))
        metrics = {"a": Value(value=0.5), "mmd": Value(value=value)}
        made.append(Row(f"t{k}", "r", records, metrics=metrics))
    known = {"mmd": Installed(changed(consumes=frozenset({"features"})))}
    table, appendix = divide_columns(["a", "mmd"], "a", made, known)
    for column in appendix:
        assert (column.reason, column.shown) == (NOT_COMPARABLE, True)
    assert all(column.shown for column in table)
    return [column.name for column in table]


def test_what_a_recognizer_says_is_compared_where_all_rows_have_the_same_one() -> None:
    """The same per fold; a row without a value has no say, and other steps may differ."""
    assert judged(("x", "y"), ("x", "y")) == ["a", "mmd"]
    assert judged(("x", "y"), ("x", "z")) == ["a"]
    assert judged(("x", "x"), ("z", "z")) == ["a"]
    assert judged(("x", "y"), ("x", "z"), values=(0.1, None)) == ["a", "mmd"]


def test_an_empty_column_says_why() -> None:
    made = rows(a=[1.0, 2.0], b=[None, None])
    assert reasons(made) == {"b": "no value in any row: not computed"}
    for row, reason in zip(made, ("no weights", "no pairs"), strict=True):
        row.metrics["b"] = Value(value=None, reason=reason)
    assert reasons(made) == {"b": "no value in any row: no pairs; no weights"}
    made[0].metrics["b"] = Value(value=3.0)
    assert reasons(made) == {}
