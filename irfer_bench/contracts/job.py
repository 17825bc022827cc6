"""Messages between host and executor: jobs, their limits and results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import msgspec

from irfer_bench.contracts.record import Outcome


class Resources(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Resources and limits of one cell.

    Args:
        threads: of the numerical libraries. device: `cpu`, `cuda` or `cuda:1`.
        seconds: wall-clock limit. memory_mb: limit on the memory of its processes together,
            mapped files not counted. 0 means no limit.
    """

    threads: int = 1
    device: str = "cpu"
    seconds: float = 0.0
    memory_mb: float = 0.0


class Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cell to build into the store.

    Args:
        key: of the cell; the process that carries the job out must plan the same key.
        request: of one cell, an `irfer_bench.experiment.request.Request` as JSON.
    """

    key: str
    request: dict[str, Any]
    resources: Resources = Resources()


class JobResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a job ended; `ok` means that every step of the cell is in the store.

    `refused` means that it was not carried out: the combination has no meaning, or the process
    planned another key.

    Args:
        message: one line on why it is not `ok`. exit_code: of the command line for it.
        seconds: wall clock. log: file of the job's output; empty where there is none.
        changed: titles of steps that were built by other code of the same version.
    """

    key: str
    outcome: Outcome
    message: str = ""
    exit_code: int = 0
    seconds: float = 0.0
    log: str = ""
    changed: list[str] = []


class Host(Protocol):
    """The interface of a run for an executor.

    The host writes records, informs observers and prints; an executor only carries out jobs.
    """

    @property
    def command(self) -> Sequence[str]:
        """`irfer-bench run-cell` as an argument list; add a job's file, or `-` for stdin."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables to set in a child process, in addition to its parent's."""
        ...

    @property
    def workers(self) -> int:
        """How many jobs may run at once."""
        ...

    def log(self, name: str) -> Path:
        """An empty file for the output of the job of this key, or of the process of this name."""
        ...

    def carry_out(self, job: Job) -> JobResult:
        """Carry the job out in this process."""
        ...

    def tell(self, job: Job, event: Mapping[str, Any]) -> None:
        """Pass on an event of `run-cell`: a started or finished step, or a loop's progress."""
        ...


Executor: TypeAlias = Callable[[Sequence[Job], Host], Iterator[JobResult]]
