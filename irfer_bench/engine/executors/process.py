"""The host's side of a worker: a child process in its own process group, and its current job."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from irfer_bench.contracts.job import Host, Job, JobResult
from irfer_bench.contracts.record import Outcome
from irfer_bench.engine.executors.memory import group_mb, system_kills

LINE = 2**20
"""Bytes; a longer line is not accepted as an event."""


class Worker:
    """A child process that carries out one job after the other.

    Args:
        number: in the name of its own log, which receives its output before the first job.
    """

    def __init__(self, host: Host, number: int) -> None:
        self.host = host
        self.own_log = host.log(f"worker-{number}")
        self.log: Path = self.own_log
        self.job: Job | None = None
        self.ready = False
        self.step = ""
        self._kills = 0
        self._sent = 0.0
        self._text = b""
        self._stopped: tuple[Outcome, str] | None = None
        with self.own_log.open("wb") as errors:
            self._child = subprocess.Popen(
                [*host.command, "--worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ | host.environment,
                process_group=0,
            )
        assert self._child.stdout is not None
        os.set_blocking(self._child.stdout.fileno(), False)

    def fileno(self) -> int:
        """File descriptor of the pipe of events."""
        assert self._child.stdout is not None
        return self._child.stdout.fileno()

    def send(self, job: Job) -> None:
        """Send a job to the worker."""
        assert self._child.stdin is not None
        self.job, self.step, self._stopped = job, "", None
        self.log = self.host.log(job.key)
        self._kills = system_kills()
        self._sent = time.monotonic()
        line = msgspec.json.encode({"job": job, "log": str(self.log)}) + b"\n"
        with suppress(BrokenPipeError):  # it has ended; the event pipe reports that too
            self._child.stdin.write(line)
            self._child.stdin.flush()

    def result(self, event: Mapping[str, Any]) -> JobResult | None:
        """The job's result, after which the worker is idle; None where the event is invalid."""
        assert self.job is not None
        given = {**event, "key": self.job.key, "log": str(self.log)}
        try:
            result = msgspec.convert(given, JobResult)
        except msgspec.ValidationError:
            self._stopped = "failed", "the worker wrote an invalid result"
            return None
        self.job = None
        return result

    def events(self) -> Iterator[dict[str, Any]] | None:
        """New events; None where the worker ended or wrote something else."""
        try:
            received = os.read(self.fileno(), 2**16)
        except BlockingIOError:
            return iter(())
        self._text += received
        *lines, self._text = self._text.split(b"\n")
        if not received or len(self._text) > LINE:
            return None
        try:
            return iter([msgspec.json.decode(line, type=dict[str, Any]) for line in lines])
        except (ValueError, RecursionError):
            self._stopped = "failed", "the worker wrote an invalid event"
            return None

    def time_left(self) -> float | None:
        """Seconds until the time limit of the current job; None without a limit."""
        if self.job is None or not self.job.resources.seconds:
            return None
        return self._sent + self.job.resources.seconds - time.monotonic()

    def over_limit(self) -> bool:
        """Whether the current job exceeds its time or memory limit; see `last_result`."""
        if self.job is None:
            return False
        limits, left = self.job.resources, self.time_left()
        if left is not None and left <= 0:
            self._stopped = "timeout", f"not done within {limits.seconds:g} s{self._where()}"
        elif limits.memory_mb and (used := group_mb(self._child.pid)) > limits.memory_mb:
            reason = f"{used:.0f} MB used, {limits.memory_mb:g} MB allowed{self._where()}"
            self._stopped = "oom", reason
        return self._stopped is not None

    def kill(self) -> None:
        """Kill the worker and all processes of its group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def last_result(self) -> JobResult:
        """The result of the job that was running when the worker ended."""
        assert self.job is not None
        outcome, message = self._stopped or self._describe_exit()
        return JobResult(
            key=self.job.key,
            outcome=outcome,
            message=message,
            exit_code=1,
            seconds=round(time.monotonic() - self._sent, 3),
            log=str(self.log),
        )

    def last_line(self) -> str:
        """The last line that the worker printed."""
        with suppress(OSError):
            lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
            return next((line.strip() for line in reversed(lines) if line.strip()), "")
        return ""

    def _describe_exit(self) -> tuple[Outcome, str]:
        code = self._child.returncode
        if code == -signal.SIGKILL and system_kills() > self._kills:
            return "oom", f"killed by the system for its memory{self._where()}"
        how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        line = self.last_line()
        return "failed", f"the worker ended {how}{self._where()}" + (f": {line}" if line else "")

    def _where(self) -> str:
        return f", in {self.step}" if self.step else ""
