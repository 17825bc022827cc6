"""`irfer-bench run`: from images to a leaderboard."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.cli.request import add_execution_options, add_request_options, requests_of
from irfer_bench.home import RESULTS
from irfer_bench.orchestration.reporter import open_reporter, quiet_stdout
from irfer_bench.orchestration.running import carry_out, make_execution
from irfer_bench.orchestration.session import Session
from irfer_bench.render.layout import say

if TYPE_CHECKING:
    from irfer_bench.contracts.record import Record
    from irfer_bench.orchestration.running import Finished


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `run`."""
    add_request_options(parser)
    add_execution_options(parser)
    parser.add_argument("--json", action="store_true", help="one object on standard output")


def run(args: argparse.Namespace) -> int:
    """Run the request and print the results."""
    signal.signal(signal.SIGTERM, _interrupt)
    how = make_execution(args.executor, args.workers, args.limit_seconds, args.limit_memory_mb)
    reporter = open_reporter()
    try:
        with quiet_stdout():
            session = Session.open(reporter)
            requests = requests_of(args, session.registry)
            out = Path(args.out)
            finished = carry_out(
                session, requests, out, how, args.allow_faces, reporter.for_cell, args.suite or ""
            )
    finally:
        reporter.close()
    if args.json:
        _print_json(finished)
    else:
        _print(finished, args)
    _print_failures(finished)
    return finished.exit_code


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _print_json(finished: Finished) -> None:
    from irfer_bench.engine.summary import dump, summarise, summarise_failure, summarise_refusal
    from irfer_bench.errors import CellError

    cells = [
        dict(summarise(cell.record, cell.path))
        if cell.record is not None and cell.path is not None
        else {
            **summarise_failure(cell.planned.cell, CellError(cell.message)),
            "outcome": cell.outcome,
        }
        for cell in finished.cells
    ]
    cells += [dict(summarise_refusal(reason)) for reason in finished.plan.refusals]
    print(dump(cells[0] if len(cells) == 1 else {"cells": cells}))


def _print(finished: Finished, args: argparse.Namespace) -> None:
    from irfer_bench.render.layout import columns, wrapped
    from irfer_bench.render.panel import render_panel, render_summary
    from irfer_bench.render.written import describe_written

    width = columns()
    good = [(c.record, c.path) for c in finished.cells if c.record and c.path is not None]
    if len(good) == 1:
        print(render_panel(*good[0], width))
    elif good:
        print(render_summary([record for record, _ in good], width))
        print()
    for line in describe_written(finished.written, width):
        print(line)
    for line in _next(good, finished.written, args):
        print("\n".join(wrapped(line, width, rest="      ")))


def _next(
    good: Sequence[tuple[Record, Path]], written: Sequence[Path], args: argparse.Namespace
) -> Iterator[str]:
    if not good:
        return
    out = "" if args.out == RESULTS else f" --out {args.out}"
    if len(good) > 1:
        more = "" if any(path.suffix == ".svg" for path in written) else ", --figures draws it"
        yield f"{len(good)} cells are done; irfer-bench show RECORD prints the panel of one{more}"
        folders = sorted({str(path.parent) for _, path in good})
        yield f"records: {', '.join(folders)}"
    yield f"next: irfer-bench leaderboard{out}"
    yield "      or the same line with another -t, -r resnet18 or --fold 2"


def _print_failures(finished: Finished) -> None:
    """What was not printed while the run went on: the failure of an only cell, and why it ended."""
    failed = [cell for cell in finished.cells if cell.record is None]
    if len(finished.plan.cells) > 1 and failed:
        count, each = len(failed), len(finished.plan.cells)
        say(f"{count} of {each} cells without a result: the reasons are above and in their records")
    else:
        for cell in failed:
            say(f"irfer-bench: {cell.message}")
    if finished.error is not None:
        say(f"irfer-bench: {finished.error}")
