"""`irfer-bench export`."""

from __future__ import annotations

import argparse
from pathlib import Path

from irfer_bench.render.layout import say


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `export`."""
    parser.add_argument("record", help="a record file of a run on this machine")
    parser.add_argument(
        "folder",
        help="a new folder: weights as safetensors, diffusion networks also for `diffusers`",
    )


def run(args: argparse.Namespace) -> int:
    """Write the fitted methods and print the files."""
    from irfer_bench.orchestration.exporting import export

    for path in export(Path(args.record), Path(args.folder), say):
        print(path)
    return 0
