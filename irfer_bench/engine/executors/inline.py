"""Carry out jobs in this process, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from irfer_bench.contracts.job import Host, Job, JobResult
from irfer_bench.errors import UsageError


def execute(jobs: Sequence[Job], host: Host) -> Iterator[JobResult]:
    """Yield a result per job as soon as it is known.

    Raises:
        UsageError: a job has a limit, which only a process of its own can be held to.
    """
    for job in jobs:
        if job.resources.seconds or job.resources.memory_mb:
            raise UsageError(
                "limits of time and memory need processes of their own", "say --executor local"
            )
    for job in jobs:
        yield host.carry_out(job)
