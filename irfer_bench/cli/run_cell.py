"""`irfer-bench run-cell`: carry out one job, or serve several as a worker; for executors."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.engine.executors import worker
from irfer_bench.errors import DamagedError

if TYPE_CHECKING:
    from irfer_bench.engine.jobs import JobServer
    from irfer_bench.engine.runner import Reporter


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `run-cell`."""
    add = parser.add_argument
    add("job", nargs="?", default="-", metavar="JOB.json", help="a job; - is standard input")
    add("--worker", action="store_true", help="serve the jobs on standard input, one per line")


def run(args: argparse.Namespace) -> int:
    """Carry out what was sent; events and the result are JSON lines on standard output."""
    source, channel = worker.take_standard_streams()
    reporter = worker.EventReporter(channel)
    if args.worker:
        worker.serve(source, channel, lambda: _open_server(reporter))
        return 0
    try:
        text = source.read() if args.job == "-" else Path(args.job).read_bytes()
    except OSError as error:
        raise DamagedError(f"job {args.job} cannot be read: {error.strerror}") from None
    return worker.answer(worker.decode(text), channel, _open_server(reporter))


def _open_server(reporter: Reporter) -> JobServer:
    from irfer_bench.engine.jobs import JobServer
    from irfer_bench.orchestration.session import Session

    # A plugin may print while it is imported: the usual streams are the log by now.
    session = Session.open(reporter)
    sys.stderr.flush()
    return JobServer(session.registry, session.store, session.home, session.weights, reporter)
