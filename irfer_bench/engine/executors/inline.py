"""Carry out jobs in this process, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from irfer_bench.contracts.job import Host, Job, JobResult
from irfer_bench.errors import UsageError


def execute(jobs: Sequence[Job], host: Host) -> Iterator[JobResult]:
    """Yield the result of each job as soon as it has ended.

    Raises:
        UsageError: a job has a limit, which needs a separate process.
    """
    for job in jobs:
        if job.resources.seconds or job.resources.memory_mb:
            raise UsageError(
                "limits on time and memory need separate processes", "use --executor local"
            )
    for job in jobs:
        yield host.carry_out(job)
