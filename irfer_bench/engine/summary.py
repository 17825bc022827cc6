"""The JSON that `run --json` prints for each cell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from irfer_bench.contracts.record import Record
from irfer_bench.engine.results import describe_cell
from irfer_bench.errors import BenchError
from irfer_bench.experiment.graph import Cell


def summarise(record: Record, path: Path) -> Mapping[str, Any]:
    """The JSON object of a cell with a record."""
    return {
        "cell": msgspec.to_builtins(record.cell),
        "setting": record.cell.setting,
        "outcome": record.outcome,
        "metrics": {
            name: {"value": v.value, "low": v.low, "high": v.high}
            | ({"reason": v.reason} if v.reason else {})
            for name, v in record.metrics.items()
        },
        "timings": {step.title: step.seconds for step in record.steps},
        "record": str(path),
        "warnings": record.warnings,
    }


def summarise_failure(cell: Cell, error: BenchError | None) -> Mapping[str, Any]:
    """The JSON object of a cell without a record."""
    return _empty("failed", str(error)) | {
        "cell": msgspec.to_builtins(describe_cell(cell)),
        "setting": cell.setting.name,
    }


def summarise_refusal(reason: str) -> Mapping[str, Any]:
    """The JSON object of a refused combination."""
    return _empty("refused", reason)


def _empty(outcome: str, warning: str) -> dict[str, Any]:
    return {
        "cell": None,
        "setting": None,
        "outcome": outcome,
        "metrics": {},
        "timings": {},
        "record": None,
        "warnings": [warning],
    }


def dump(value: Any) -> str:
    """One JSON object as text."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
