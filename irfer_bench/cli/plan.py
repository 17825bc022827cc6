"""`irfer-bench plan`."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from irfer_bench.cli.request import add_request_options, requests_of
from irfer_bench.orchestration.planning import RunPlan, preview
from irfer_bench.orchestration.reporter import PlainReporter, quiet_stdout
from irfer_bench.orchestration.session import Session
from irfer_bench.render.plan import render_plan


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `plan`."""
    add_request_options(parser)
    parser.add_argument("--steps", action="store_true", help="every step of every cell")
    parser.add_argument("--json", action="store_true", help="one object on standard output")


def run(args: argparse.Namespace) -> int:
    """Print the cells, what is cached of each and how long the rest takes."""
    with quiet_stdout():
        session = Session.open(PlainReporter())
        made = preview(session, requests_of(args, session.registry))
    print(json.dumps(_facts(made)) if args.json else render_plan(made, steps=args.steps))
    return 0


def _facts(made: RunPlan) -> dict[str, object]:
    return {
        "cells": [
            {
                "cell": str(planned.cell),
                "key": None if made.plan.missing else planned.score.key,
                "steps": [asdict(step) for step in made.steps_of(planned)],
            }
            for planned in made.cells
        ],
        "refused": made.refusals,
        "seconds": made.seconds,
    }
