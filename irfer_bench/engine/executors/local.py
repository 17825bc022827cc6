"""Carry out jobs in child processes of this machine, each held to the limits of its job."""

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
"""Seconds between two looks at the memory of workers."""


def execute(jobs: Sequence[Job], host: Host) -> Iterator[JobResult]:
    """Yield results as they come; a worker that died or was stopped is replaced.

    Raises:
        CellError: a worker cannot be started. UsageError: memory cannot be measured here.
    """
    if any(job.resources.memory_mb for job in jobs) and not can_measure():
        raise UsageError("a limit of memory needs a system with /proc (Linux)")
    crew = _Crew(host, jobs)
    try:
        while crew.busy():
            yield from crew.next_results()
    finally:
        crew.dismiss()


class _Crew:
    """The workers, and the jobs that nobody has yet."""

    def __init__(self, host: Host, jobs: Sequence[Job]) -> None:
        self._host, self._waiting = host, deque(jobs)
        self._numbers = count(1)
        self._selector = selectors.DefaultSelector()
        self._workers: list[Worker] = []

    def busy(self) -> bool:
        """Whether a job waits or is being done."""
        return bool(self._waiting) or any(worker.job for worker in self._workers)

    def next_results(self) -> Iterator[JobResult]:
        """Wait for events or a limit, hand out jobs, and yield what ended."""
        self._hire()
        for key, _ in self._selector.select(self._patience()):
            yield from self._hear(key.fileobj)  # type: ignore[arg-type]
        for worker in [*self._workers]:
            if worker.over_limit():
                yield self._bury(worker)

    def dismiss(self) -> None:
        """End all workers at once."""
        for worker in self._workers:
            worker.kill()
        self._selector.close()

    def _hire(self) -> None:
        open_jobs = len(self._waiting) + sum(1 for worker in self._workers if worker.job)
        wanted = min(self._host.workers, open_jobs)
        while len(self._workers) < wanted:
            worker = Worker(self._host, next(self._numbers))
            self._workers.append(worker)
            self._selector.register(worker, selectors.EVENT_READ)

    def _patience(self) -> float | None:
        """Seconds until a limit must be looked at; None where nothing has one."""
        lefts = [left for w in self._workers if (left := w.time_left()) is not None]
        if any(w.job is not None and w.job.resources.memory_mb for w in self._workers):
            lefts.append(POLL)
        return max(0.0, min(lefts)) if lefts else None

    def _hear(self, worker: Worker) -> Iterator[JobResult]:
        events = worker.events()
        if events is None:
            if worker.job is None:
                self._refuse_to_go_on(worker)
            else:
                yield self._bury(worker)
            return
        for event in events:
            kind, job = event.get("event", ""), worker.job
            if kind == "ready":
                worker.ready = True
                self._hand_out(worker)
            elif kind == "result" and job is not None:
                result = worker.result(event)
                if result is None:
                    yield self._bury(worker)
                    return
                self._hand_out(worker)  # before the host writes the record of this one
                yield result
            elif job is not None:
                worker.doing = str(event.get("title", worker.doing))
                self._host.tell(job, event)

    def _hand_out(self, worker: Worker) -> None:
        if self._waiting:
            worker.send(self._waiting.popleft())

    def _bury(self, worker: Worker) -> JobResult:
        self._leave(worker)
        return worker.last_result()

    def _leave(self, worker: Worker) -> None:
        self._selector.unregister(worker)
        self._workers.remove(worker)
        worker.kill()

    def _refuse_to_go_on(self, worker: Worker) -> None:
        """Replace an idle worker that was killed; one that never began would end again."""
        self._leave(worker)
        if not worker.ready:
            words = worker.last_words()
            raise CellError(f"a worker ended before its first job{words and f': {words}'}")
