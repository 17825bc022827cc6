"""A metric whose attributes are not what the protocol says is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from irfer_bench.errors import ContractError
from irfer_bench.statistics.attributes import checked_margin


class Fine:
    """What every metric declares."""

    consumes: Any = frozenset({"scores"})
    direction, unit, range = "higher", "fraction", (0.0, 1.0)

    def compute(self, inputs: Any, index: Any = None) -> float:
        return 0.0


def changed(**attributes: Any) -> Any:
    metric = Fine()
    for name, value in attributes.items():
        setattr(metric, name, value)
    return metric


def test_the_margin_is_the_metrics_own_or_none() -> None:
    assert checked_margin("m", Fine()) == 0.0
    assert checked_margin("m", changed(margin=2)) == 2.0


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("consumes", {"scores"}),
        ("consumes", frozenset({1})),
        ("direction", "up"),
        ("unit", None),
        ("range", [0.0, 1.0]),
        ("range", (0.0, 1.0, 2.0)),
        ("range", (0.0, "1")),
        ("range", (1.0, 1.0)),
        ("margin", -0.1),
        ("margin", float("inf")),
        ("margin", "0.1"),
    ],
)
def test_a_faulty_attribute_is_named(attribute: str, value: Any) -> None:
    with pytest.raises(ContractError, match=rf"metric 'm': {attribute} .* is n"):
        checked_margin("m", changed(**{attribute: value}))


def test_what_lacks_an_attribute_is_no_metric() -> None:
    with pytest.raises(ContractError, match="metric 'm' lacks"):
        checked_margin("m", object())
