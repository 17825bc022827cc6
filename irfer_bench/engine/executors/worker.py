"""The worker process of an executor: carries out jobs and reports events as JSON lines.

A worker reads one JSON object per line, `{"job": …, "log": FILE}`, and writes events:
`ready`, then per job `step`, `progress`, `built` and `line`, and finally `result`. Events use a
private copy of standard output; the output of plugins goes to the log.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import msgspec

from irfer_bench.contracts.job import Job, JobResult
from irfer_bench.errors import DamagedError

if TYPE_CHECKING:
    from irfer_bench.engine.jobs import JobServer
    from irfer_bench.experiment.graph import Step

EVERY = 0.2
"""Seconds between two progress events of one loop."""


class Envelope(msgspec.Struct, frozen=True):
    """A message to a worker: a job, and the log file for its output."""

    job: Job
    log: str = ""


@dataclass
class Channel:
    """Writes events as JSON lines to a private copy of standard output."""

    stream: IO[bytes]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, event: Mapping[str, Any]) -> None:
        """Write one event; end this process where the host has closed the pipe."""
        line = msgspec.json.encode(event) + b"\n"
        try:
            with self.lock:
                self.stream.write(line)
                self.stream.flush()
        except BrokenPipeError:
            end()


@dataclass
class EventReporter:
    """A reporter that sends every event over a channel."""

    channel: Channel
    _sent: dict[str, float] = field(default_factory=dict)

    def step(self, step: Step) -> None:
        self._sent.clear()
        self.channel.send({"event": "step", "key": step.key, "title": step.title})

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        now = time.monotonic()
        if done < total and now - self._sent.get(name, 0.0) < EVERY:
            return
        self._sent[name] = now
        event = {"event": "progress", "name": name, "done": done, "total": total, "note": note}
        self.channel.send(event)

    def finished(self, step: Step, seconds: float, built: bool) -> None:
        facts = {"key": step.key, "title": step.title, "seconds": seconds, "built": built}
        self.channel.send({"event": "built", **facts})

    def line(self, text: str) -> None:
        self.channel.send({"event": "line", "text": text})


def take_standard_streams() -> tuple[IO[bytes], Channel]:
    """Private copies of standard input and output; the original ones become empty and the log."""
    sys.stdout.flush()
    source = os.fdopen(os.dup(0), "rb", buffering=0)
    channel = Channel(os.fdopen(os.dup(1), "wb", buffering=0))
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123  a descriptor is wanted
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return source, channel


def end() -> None:
    """Kill this process and those it started; the store stays valid at any moment."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def serve(source: IO[bytes], channel: Channel, open_server: Callable[[], JobServer]) -> None:
    """Carry out received jobs until the host closes the pipe, which also ends a running job."""
    envelopes: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    state = {"busy": False, "closed": False}

    def read() -> None:
        with os.fdopen(os.dup(source.fileno()), "rb") as lines:
            for line in lines:
                envelopes.put(line)
        state["closed"] = True
        if state["busy"]:
            end()
        envelopes.put(b"")

    server = open_server()
    threading.Thread(target=read, daemon=True).start()
    channel.send({"event": "ready"})
    while line := envelopes.get():
        state["busy"] = True
        if state["closed"]:
            return
        answer(decode(line), channel, server)
        state["busy"] = False


def answer(envelope: Envelope, channel: Channel, server: JobServer) -> int:
    """Carry out one job, send its result, and return its exit code."""
    if envelope.log:
        _print_into(envelope.log)
    result = server.carry_out(envelope.job)
    sys.stderr.flush()
    channel.send({"event": "result", **_plain(result)})
    return result.exit_code


def decode(text: bytes) -> Envelope:
    """The message to a worker; a bare job gets an envelope without a log.

    Raises:
        DamagedError: the text is neither.
    """
    try:
        return msgspec.json.decode(text, type=Envelope)
    except (ValueError, RecursionError):  # also what is no UTF-8
        pass
    try:
        return Envelope(msgspec.json.decode(text, type=Job))
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"not a valid job: {error}", "see docs/hooks.md") from None


def _plain(result: JobResult) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(result)
    return plain


def _print_into(path: str) -> None:
    sys.stderr.flush()
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
    finally:
        os.close(log)
