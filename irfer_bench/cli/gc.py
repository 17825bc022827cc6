"""`irfer-bench gc`."""

from __future__ import annotations

import argparse
from pathlib import Path

from irfer_bench.errors import DamagedError, MissingError
from irfer_bench.home import RESULTS, home
from irfer_bench.render.layout import emit
from irfer_bench.store.cleanup import sweep
from irfer_bench.store.records import read_records


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `gc`."""
    parser.add_argument(
        "--out",
        action="append",
        default=[],
        metavar="FOLDER",
        help="results folders whose records keep their artefacts; default results and leaderboards",
    )
    parser.add_argument("--all", action="store_true", help="keep nothing")
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")


def run(args: argparse.Namespace) -> int:
    """Delete artefacts that no record needs and print how many."""
    keep: set[str] = set()
    for folder in [] if args.all else args.out or _usual_folders():
        found = list(read_records(Path(folder)))
        if not found:
            raise MissingError(
                f"no record below {folder}: nothing would be kept",
                "say --out FOLDER for each results folder, or --all to keep nothing",
            )
        for record in found:
            if isinstance(record, DamagedError):
                raise record
            keep |= {step.key for step in record.steps}
    count, size = sweep(home() / "store", keep, really=not args.dry_run)
    verb = "would delete" if args.dry_run else "deleted"
    emit(f"{verb} {count} artefacts, {size / 2**20:.0f} MiB; kept what {len(keep)} steps need")
    return 0


def _usual_folders() -> list[str]:
    """Those of the two usual results folders that hold records; else the first, which is missed."""
    usual = (RESULTS, "leaderboards")
    return [name for name in usual if Path(name, "records").is_dir()] or [RESULTS]
