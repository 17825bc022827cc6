"""`irfer-bench plan`."""

from __future__ import annotations

import argparse
import json
import sys

from irfer_bench.cli.request import add_request_options, make_plan
from irfer_bench.experiment.estimate import estimate, known_times
from irfer_bench.render.escape import terminal
from irfer_bench.render.numbers import duration


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `plan`."""
    add_request_options(parser)
    parser.add_argument("--json", action="store_true", help="one object on standard output")


def run(args: argparse.Namespace) -> int:
    """Print cells, steps, what is cached and how long the rest takes."""
    plan, _, store = make_plan(args, scan=False, say=lambda line: print(line, file=sys.stderr))
    times = known_times(store)
    needed = {step.key: estimate(times, step) for step in plan.needed(store)}
    after = bool(plan.missing)
    if args.json:
        print(
            json.dumps(
                {
                    "cells": [
                        {
                            "cell": str(planned.cell),
                            "key": None if after else planned.score.key,
                            "steps": [
                                {
                                    "kind": step.kind,
                                    "title": step.title,
                                    "key": None if after else step.key,
                                    "state": _state(step.key, needed),
                                    "seconds": needed.get(step.key),
                                }
                                for step in planned.score.walk()
                            ],
                        }
                        for planned in plan.cells
                    ],
                    "refused": plan.refusals,
                    "seconds": sum(value or 0 for value in needed.values()),
                }
            )
        )
        return 0
    for planned in plan.cells:
        print(terminal(str(planned.cell)))
        for step in planned.score.walk():
            key = "after prepare" if after else step.key[:8]
            seconds = needed.get(step.key)
            time = "" if seconds is None else f"about {duration(seconds)}"
            print(
                f"  {_state(step.key, needed):<7} {terminal(step.title):<44} {key}  {time}".rstrip()
            )
    for refusal in plan.refusals:
        print(f"refused: {terminal(refusal)}")
    known = sum(value or 0 for value in needed.values())
    unknown = sum(value is None for value in needed.values())
    print(
        f"{len(plan.cells)} cells, {len(needed)} steps to do, about {duration(known)}"
        + (f" and {unknown} steps nobody has timed here" if unknown else "")
    )
    return 0


def _state(key: str, needed: dict[str, float | None]) -> str:
    return "build" if key in needed else "cached"
