"""`irfer-bench data`: one sub-command, one module."""

from __future__ import annotations

import argparse
import signal
from importlib import import_module

from irfer_bench.registry import load

ACTIONS = {
    "list": ("listing", "datasets, their licences, and whether they are here"),
    "items": ("items", "every usable item; problems on standard error"),
    "check": ("checking", "counts, problems and fingerprint; every image is decoded once"),
    "manifest": ("manifest", "items, digests, folds and fingerprint as one JSON document"),
    "scan": ("scanning", "the facts in the folders' names, as a CSV to correct by hand"),
    "prepare": ("preparing", "decode, crop and resize once what a setting needs"),
    "export": ("exporting", "a prepared set as parquet, for private use"),
    "purge": ("purging", "delete everything that was made from a dataset's files"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """The sub-commands and their options."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, (module, text) in ACTIONS.items():
        own = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        if name != "list":
            own.add_argument("dataset", metavar="DATASET")
            own.add_argument(
                "-p",
                "--param",
                action="append",
                default=[],
                metavar="DATASET.FIELD=VALUE",
                help="such as oulu_casia.tree=original",
            )
        own.add_argument(
            "--data-root",
            action="append",
            default=[],
            metavar="[NAME=]PATH",
            help="where a dataset lies; else IRFER_BENCH_DATA_<NAME>",
        )
        import_module(f"{__name__}.{module}").configure(own)


def run(args: argparse.Namespace) -> int:
    """Run one sub-command and return its exit code."""
    signal.signal(signal.SIGTERM, _interrupt)  # Half-written files may hold images: remove them.
    module = import_module(f"{__name__}.{ACTIONS[args.action][0]}")
    return int(module.run(args, load()))


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
