"""`irfer-bench run`: from images to a leaderboard."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.cli.reporter import PlainReporter, open_reporter, quiet_stdout
from irfer_bench.cli.request import add_request_options, make_plan
from irfer_bench.errors import BenchError
from irfer_bench.experiment.estimate import Countdown, estimate, known_times
from irfer_bench.render.escape import terminal
from irfer_bench.render.numbers import duration

if TYPE_CHECKING:
    from irfer_bench.engine.executors.inline import Outcome
    from irfer_bench.experiment.graph import Step
    from irfer_bench.experiment.planner import Plan
    from irfer_bench.registry import Registry
    from irfer_bench.store.artefacts import Store


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `run`."""
    add_request_options(parser)
    parser.add_argument(
        "--out",
        default="leaderboards",
        metavar="FOLDER",
        help="records, predictions, images and boards; default ./leaderboards",
    )
    parser.add_argument("--executor", default="inline", help="how cells are carried out")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    parser.add_argument(
        "--allow-faces",
        action="append",
        default=[],
        metavar="DATASET",
        help="make images of this dataset's people, into a local folder",
    )


def run(args: argparse.Namespace) -> int:
    """Plan, announce, carry out, show."""
    signal.signal(signal.SIGTERM, _interrupt)
    reporter = open_reporter()
    try:
        with quiet_stdout():
            outcomes, plan, written = _carry_out(args, reporter)
    finally:
        reporter.close()
    return _show(outcomes, plan, written, args)


def _carry_out(
    args: argparse.Namespace, reporter: PlainReporter
) -> tuple[list[Outcome], Plan, list[Path]]:
    plan, registry, store = make_plan(args, scan=True, say=reporter.line)
    _check_faces(args.allow_faces, registry)
    needed = list(plan.needed(store))
    _announce(plan, needed, store, reporter)
    countdown = Countdown(needed, store)
    outcomes = _execute(plan, registry, store, reporter, countdown, args)
    written = _write_boards(outcomes, Path(args.out))
    written += _write_images(outcomes, registry, store, reporter, args)
    return outcomes, plan, written


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _check_faces(names: list[str], registry: Registry) -> None:
    for name in names:
        registry.get("dataset", name)


def _announce(plan: Plan, needed: Sequence[Step], store: Store, reporter: PlainReporter) -> None:
    past = known_times(store)
    times = [estimate(past, step) for step in needed]
    known, unknown = sum(t or 0 for t in times), sum(t is None for t in times)
    for planned in plan.cells[:6]:
        reporter.line(str(planned.cell))
    if len(plan.cells) > 6:
        reporter.line(f"… and {len(plan.cells) - 6} more cells")
    for refusal in plan.refusals:
        reporter.line(f"refused: {refusal}")
    total = len({step.key for planned in plan.cells for step in planned.score.walk()})
    text = f"{total} steps, {total - len(needed)} cached"
    if needed:
        text += f"; {len(needed)} to do, about {duration(known)}"
        text += f" and {unknown} that nobody has timed here" if unknown else ""
        text += f", on {plan.device} in {plan.precision}"
    reporter.line(text)
    if len(plan.cells) == 1:
        done = {step.key for step in needed}
        for step, seconds in zip(needed, times, strict=True):
            about = "not timed yet" if seconds is None else f"about {duration(seconds)}"
            reporter.line(f"  to do   {step.title} ({about})")
        for step in plan.cells[0].score.walk():
            if step.key not in done and needed:
                reporter.line(f"  cached  {step.title}")


def _execute(
    plan: Plan,
    registry: Registry,
    store: Store,
    reporter: PlainReporter,
    countdown: Countdown,
    args: argparse.Namespace,
) -> list[Outcome]:
    from irfer_bench.engine.runner import Runner
    from irfer_bench.engine.stages.steps import BUILDERS
    from irfer_bench.home import weights

    runner = Runner(store, registry, weights(), plan.device, plan.precision, reporter, BUILDERS)
    execute = registry.load_hook("irfer_bench_executors", "executor", args.executor)
    outcomes: list[Outcome] = []
    for outcome in execute(plan, runner, Path(args.out)):
        outcomes.append(outcome)
        if outcome.error is not None:
            reporter.line(f"failed: {outcome.planned.cell}: {outcome.error}")
        countdown.finish(outcome.planned.score.walk())
        if len(plan.cells) > 1:
            left = duration(countdown.seconds())
            reporter.line(f"{len(outcomes)} of {len(plan.cells)} cells, about {left} left")
    for title in sorted(runner.changed):
        reporter.line(f"source changed: {title} was built by other code of the same version")
    return outcomes


def _write_boards(outcomes: list[Outcome], out: Path) -> list[Path]:
    from irfer_bench.cli.leaderboard import write_boards

    settings = {o.record.cell.setting for o in outcomes if o.record is not None}
    return write_boards(out, sorted(settings)) if settings else []


def _write_images(
    outcomes: list[Outcome],
    registry: Registry,
    store: Store,
    reporter: PlainReporter,
    args: argparse.Namespace,
) -> list[Path]:
    from irfer_bench.render.images import draw_cell

    written: list[Path] = []
    for outcome in outcomes:
        if outcome.record is None:
            continue
        try:
            written += draw_cell(
                outcome.planned, outcome.record, registry, store, Path(args.out), args.allow_faces
            )
        except BenchError as error:
            reporter.line(f"no image: {error}")
    return written


def _show(
    outcomes: list[Outcome], plan: Plan, written: list[Path], args: argparse.Namespace
) -> int:
    from irfer_bench.engine.summary import dump, summarise, summarise_failure, summarise_refusal
    from irfer_bench.render.panel import render_panel, render_summary

    good = [(o.record, o.path) for o in outcomes if o.record is not None and o.path is not None]
    failed = [o for o in outcomes if o.error is not None]
    if args.json:
        cells = [
            summarise_failure(o.planned.cell, o.error)
            if o.record is None or o.path is None
            else summarise(o.record, o.path)
            for o in outcomes
        ]
        cells += [summarise_refusal(reason) for reason in plan.refusals]
        print(dump(cells[0] if len(cells) == 1 else {"cells": cells}))
    else:
        if len(good) > 3:
            print(render_summary([record for record, _ in good]))
        for record, path in good if len(good) <= 3 else ():
            print(render_panel(record, path))
        for path in written:
            print(f"wrote {path}")
        _next(good, args)
    for outcome in failed:
        print(f"irfer-bench: {terminal(str(outcome.error))}", file=sys.stderr)
    if not failed:
        return 2 if plan.refusals else 0
    codes = {o.error.exit_code for o in failed if o.error is not None}
    return codes.pop() if len(codes) == 1 else 1


def _next(good: Sequence[tuple[object, Path]], args: argparse.Namespace) -> None:
    if not good:
        return
    out = "" if args.out == "leaderboards" else f" --out {args.out}"
    if len(good) > 3:
        print(f"{len(good)} cells are done; irfer-bench leaderboard{out} shows the table")
    print(f"next: irfer-bench leaderboard{out}")
    print("      or the same line with another -t, -r resnet18 or --fold 2")
