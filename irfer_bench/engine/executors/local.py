"""Carry out jobs in child processes on this machine, with limits on time and memory."""

from __future__ import annotations

import selectors
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import count

from irfer_bench.contracts.job import Host, Job, JobResult
from irfer_bench.engine.executors.memory import can_measure
from irfer_bench.engine.executors.process import Worker
from irfer_bench.errors import CellError, UsageError

POLL = 0.1
"""Seconds between two measurements of the workers' memory."""


def execute(jobs: Sequence[Job], host: Host) -> Iterator[JobResult]:
    """Yield each result as soon as it is known; a worker that ended or was stopped is replaced.

    Raises:
        CellError: a worker cannot be started. UsageError: memory cannot be measured here.
    """
    if any(job.resources.memory_mb for job in jobs) and not can_measure():
        raise UsageError("a memory limit needs a system with /proc (Linux)")
    pool = _WorkerPool(host, jobs)
    try:
        while pool.busy():
            yield from pool.next_results()
    finally:
        pool.stop()


class _WorkerPool:
    """The workers and the queue of jobs that were not sent yet."""

    def __init__(self, host: Host, jobs: Sequence[Job]) -> None:
        self._host, self._queue = host, deque(jobs)
        self._numbers = count(1)
        self._selector = selectors.DefaultSelector()
        self._workers: list[Worker] = []

    def busy(self) -> bool:
        """Whether a job is queued or running."""
        return bool(self._queue) or any(worker.job for worker in self._workers)

    def next_results(self) -> Iterator[JobResult]:
        """Wait for events or a limit, send queued jobs, and yield the results."""
        self._start_workers()
        for key, _ in self._selector.select(self._timeout()):
            yield from self._read_events(key.fileobj)  # type: ignore[arg-type]
        for worker in [*self._workers]:
            if worker.over_limit():
                yield self._end_worker(worker)

    def stop(self) -> None:
        """Kill all workers."""
        for worker in self._workers:
            worker.kill()
        self._selector.close()

    def _start_workers(self) -> None:
        open_jobs = len(self._queue) + sum(1 for worker in self._workers if worker.job)
        wanted = min(self._host.workers, open_jobs)
        while len(self._workers) < wanted:
            worker = Worker(self._host, next(self._numbers))
            self._workers.append(worker)
            self._selector.register(worker, selectors.EVENT_READ)

    def _timeout(self) -> float | None:
        """Seconds until a limit must be checked; None without limits."""
        times = [left for w in self._workers if (left := w.time_left()) is not None]
        if any(w.job is not None and w.job.resources.memory_mb for w in self._workers):
            times.append(POLL)
        return max(0.0, min(times)) if times else None

    def _read_events(self, worker: Worker) -> Iterator[JobResult]:
        events = worker.events()
        if events is None:
            if worker.job is None:
                self._replace_idle(worker)
            else:
                yield self._end_worker(worker)
            return
        for event in events:
            kind, job = event.get("event", ""), worker.job
            if kind == "ready":
                worker.ready = True
                self._send_next(worker)
            elif kind == "result" and job is not None:
                result = worker.result(event)
                if result is None:
                    yield self._end_worker(worker)
                    return
                self._send_next(worker)  # before the host writes the record of this one
                yield result
            elif job is not None:
                worker.step = str(event.get("title", worker.step))
                self._host.tell(job, event)

    def _send_next(self, worker: Worker) -> None:
        if self._queue:
            worker.send(self._queue.popleft())

    def _end_worker(self, worker: Worker) -> JobResult:
        self._remove(worker)
        return worker.last_result()

    def _remove(self, worker: Worker) -> None:
        self._selector.unregister(worker)
        self._workers.remove(worker)
        worker.kill()

    def _replace_idle(self, worker: Worker) -> None:
        """Remove an idle worker that ended, to be replaced; fail where it never became ready."""
        self._remove(worker)
        if not worker.ready:
            line = worker.last_line()
            raise CellError(f"a worker ended before its first job{line and f': {line}'}")
