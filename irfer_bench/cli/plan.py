"""`irfer-bench plan`."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from irfer_bench.cli.request import add_execution_options, add_request_options, requests_of
from irfer_bench.orchestration.planning import RunPlan, preview
from irfer_bench.orchestration.reporter import PlainReporter, quiet_stdout
from irfer_bench.orchestration.running import Finished, look, make_execution
from irfer_bench.orchestration.session import Session
from irfer_bench.render.plan import render_plan


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `plan`."""
    add_request_options(parser)
    parser.add_argument("--steps", action="store_true", help="every step of every cell")
    add_execution_options(parser)
    parser.add_argument("--json", action="store_true", help="one object on standard output")


def run(args: argparse.Namespace) -> int:
    """Print cells, steps, what is cached and how long the rest takes; exit as `run` would."""
    make_execution(args.executor, args.workers, args.limit_seconds, args.limit_memory_mb)
    with quiet_stdout():
        session = Session.open(PlainReporter())
        requests = requests_of(args, session.registry)
        look(session, Path(args.out), args.executor, args.allow_faces)
        made = preview(session, requests, args.executor)
    print(json.dumps(_facts(made)) if args.json else render_plan(made, steps=args.steps))
    return Finished(made.plan).exit_code


def _facts(made: RunPlan) -> dict[str, object]:
    return {
        "cells": [
            {
                "cell": str(planned.cell),
                "key": planned.score.key,
                "steps": [asdict(step) for step in made.steps_of(planned)],
            }
            for planned in made.cells
        ],
        "refused": made.refusals,
        "notes": made.plan.notes,
        "seconds": made.seconds,
    }
