"""How far the measured order of a suite's rows is the order that its paper prints."""

from __future__ import annotations

import msgspec
import pytest

from irfer_bench.contracts.published import Published, PublishedValue
from irfer_bench.contracts.record import Value
from irfer_bench.render.published import agreement, render_published
from irfer_bench.statistics.board import Board
from irfer_bench.statistics.rows import Row

PRINTED = {"a": 10.0, "b": 20.0, "c": 30.0, "d": 40.0}


def published() -> Published:
    values = tuple(
        PublishedValue(method=name, dataset="faces", metric="acc", value=value, source="A paper",
                       comparable=True)
        for name, value in PRINTED.items()
    )
    return Published(
        source="A paper", dataset="faces", rows={"ours_d": "d"}, metrics={"accuracy": "acc"},
        values=values,
    )


def lines(shown: list[Row]) -> list[str]:
    """What the page says, without Markdown's escapes."""
    return [line.replace("\\", "") for line in agreement(published(), "toy_weak", shown)]


def rows(measured: dict[str, float | None], recognizer: str = "cnn") -> list[Row]:
    return [
        Row(name, recognizer, [], metrics={"accuracy": Value(value=value)})
        for name, value in measured.items()
    ]


@pytest.mark.parametrize(
    ("measured", "tau"),
    [
        ({"a": 0.1, "b": 0.2, "c": 0.3, "ours_d": 0.4}, "1.00"),
        ({"a": 0.4, "b": 0.3, "c": 0.2, "ours_d": 0.1}, "-1.00"),
        ({"a": 0.1, "b": 0.2, "c": 0.4, "ours_d": 0.3}, "0.67"),
    ],
)
def test_tau_counts_pairs_in_the_printed_order(measured: dict[str, float], tau: str) -> None:
    (line,) = [x for x in lines(rows(dict(measured))) if x.startswith("cnn")]
    assert f"accuracy {tau} " in line
    assert "4 rows" in line


def test_rows_without_a_value_or_a_printed_one_do_not_count() -> None:
    some = rows({"a": 0.1, "b": None, "c": 0.3, "ours_d": 0.4, "unknown": 0.9})
    (line,) = [x for x in lines(some) if x.startswith("cnn")]
    assert "accuracy 1.00" in line and "3 rows" in line
    assert lines(rows({"a": 0.1, "b": 0.2})) == []
    assert lines(rows(dict.fromkeys(PRINTED, 0.5))) == []


def test_each_recognizer_has_an_order_of_its_own() -> None:
    up, down = ({k: s * v for k, v in PRINTED.items()} for s in (1, -1))
    said = lines(rows(dict(up)) + rows(dict(down), "other"))
    assert any(x.startswith("cnn: accuracy 1.00") for x in said)
    assert any(x.startswith("other: accuracy -1.00") for x in said)


def test_recognizers_without_a_translator_are_one_order() -> None:
    measured = {"a": 0.1, "b": 0.3, "c": 0.2, "ours_d": 0.4, "unknown": 0.0}
    shown = [Row("none", name, [], metrics={"accuracy": Value(value=value)})
             for name, value in measured.items()]  # fmt: skip
    (line,) = [x for x in lines(shown) if "rows)" in x]
    assert line.startswith("recognizers: accuracy 0.67 ") and "4 rows" in line


def test_a_metric_without_its_weights_is_a_dash_with_a_reason_and_has_no_order() -> None:
    """LPIPS without AlexNet: printed values stand beside dashes, and accuracy keeps its tau."""
    shown = rows(dict(PRINTED))
    for row in shown:
        row.metrics["lpips"] = Value(value=None, reason="AlexNet is not here", direction="lower")
    values = [*published().values, *(
        PublishedValue(method=name, dataset="faces", metric="lpips", value=value / 100,
                       source="A paper", comparable=True)
        for name, value in PRINTED.items()
    )]
    asked = msgspec.structs.replace(
        published(), metrics={"accuracy": "acc", "lpips": "lpips"}, values=tuple(values), rows={}
    )
    board = Board("toy_weak", "quick", "1", "data", "accuracy", [*asked.metrics], shown, [])
    page = render_published("suite", asked, [board], [(row.translator, "cnn") for row in shown])
    table = [line for line in page.splitlines() if line.startswith("| a ")]
    assert len(table) == 1
    assert "–<sup>1</sup>" in table[0] and "0.1" in table[0]
    assert "AlexNet is not here" in page
    (order,) = [x for x in page.replace("\\", "").splitlines() if x.startswith("cnn")]
    assert "accuracy 1.00" in order and "lpips" not in order
