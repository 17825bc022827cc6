"""Checks of the attributes that a metric declares."""

from __future__ import annotations

from math import isfinite
from typing import Any

from irfer_bench.contracts.interfaces import Metric
from irfer_bench.errors import ContractError

DIRECTIONS = ("higher", "lower", "none")


def checked_margin(name: str, metric: Any) -> float:
    """The margin of a metric whose other attributes are what the protocol says.

    Raises:
        ContractError: one is missing or of another type.
    """
    if not isinstance(metric, Metric):
        raise ContractError(f"metric {name!r} lacks consumes, direction, unit, range or compute")
    margin: Any = getattr(metric, "margin", 0.0)
    rules = {
        "consumes": ("no frozenset of names", _is_set_of_names),
        "direction": ("not higher, lower or none", DIRECTIONS.__contains__),
        "unit": ("no text", lambda unit: isinstance(unit, str)),
        "range": ("not the lowest and the highest value", _is_range),
    }
    for field, (problem, holds) in rules.items():
        value = getattr(metric, field)
        if not holds(value):
            raise ContractError(f"metric {name!r}: {field} {value!r} is {problem}")
    if not isinstance(margin, int | float) or not isfinite(margin) or margin < 0:
        raise ContractError(f"metric {name!r}: margin {margin!r} is no number from 0 on")
    return float(margin)


def _is_set_of_names(value: Any) -> bool:
    return isinstance(value, frozenset) and all(isinstance(name, str) for name in value)


def _is_range(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and all(isinstance(end, int | float) for end in value)
        and value[0] < value[1]
    )
