"""How the cells of a run are carried out, and how each of them ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.contracts.record import Outcome, Record

if TYPE_CHECKING:
    from irfer_bench.experiment.plan import PlannedCell


@dataclass(frozen=True)
class CellResult:
    """How a cell of a run ended, and its record.

    Args:
        record: of a result, else None. path: of the record, also of a failure's.
        cached: nothing was built for it. exit_code: 0 where it is `ok`.
    """

    planned: PlannedCell
    outcome: Outcome
    message: str = ""
    exit_code: int = 0
    record: Record | None = None
    path: Path | None = None
    cached: bool = False
    log: str = ""


@dataclass(frozen=True, kw_only=True)
class Execution:
    """Settings of an execution.

    Args:
        executor: its name. workers: jobs at once, where the executor can.
        seconds, memory_mb: limits on one cell; 0 means none.
    """

    executor: str = "inline"
    workers: int = 1
    seconds: float = 0.0
    memory_mb: float = 0.0
