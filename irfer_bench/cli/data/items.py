"""`data items`: every usable item."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from typing import Any

from irfer_bench.cli.data.opened import print_problems, scan_dataset
from irfer_bench.contracts.values import Item
from irfer_bench.data.sheets import sheet_row
from irfer_bench.errors import MissingError
from irfer_bench.registry import Registry

COLUMNS = ("id", "subject", "label", "spectrum", "lighting", "split", "pair", "files")


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--format", choices=("csv", "json"), default="csv")


def run(args: argparse.Namespace, registry: Registry) -> int:
    """Print the items on standard output, problems on standard error."""
    manifest = scan_dataset(args, registry)
    items = manifest.usable()
    print_problems(manifest.problems)
    if args.format == "json":
        print(json.dumps([_row(item) | {"files": list(item.files)} for item in items]))
    else:
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sheet_row(_row(item)) for item in items)
    if not items:
        raise MissingError(f"{args.dataset}: no usable item", "see the problems above")
    return 0


def _row(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "subject": item.subject or "",
        "label": item.label or "",
        "spectrum": item.spectrum,
        "lighting": item.lighting,
        "split": item.split,
        "pair": item.pair or "",
        "files": ";".join(item.files),
    }
