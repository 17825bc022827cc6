"""`data scan`: facts in the folders' names, as a CSV that a user corrects by hand."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from irfer_bench.cli.data.opened import open_source, write_new
from irfer_bench.contracts.values import Item
from irfer_bench.data.sheets import sheet_row
from irfer_bench.errors import MissingError, UsageError
from irfer_bench.registry import Registry
from irfer_bench.render.layout import columns, labelled


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument(
        "--out",
        default="-",
        metavar="FILE",
        help="such as manifest.csv in the root, which then overrides the folders' names",
    )


def run(args: argparse.Namespace, registry: Registry) -> int:
    """Write one row per clip; unknown cells are empty."""
    source = open_source(args, registry, args.dataset)
    if source.root is None:
        raise UsageError(f"{args.dataset} has no folder to scan", "name a dataset of files")
    dataset = registry.create(source.component, source.params)
    inventory = getattr(dataset, "inventory", None)
    listed = _plain(dataset.index(source.root)) if inventory is None else inventory(source.root)
    rows = list(listed)
    if not rows:
        reason = dataset.identify(source.root).reason
        raise MissingError(f"{source.root}: nothing of {args.dataset} was found", reason)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(sheet_row, rows))
    if args.out == "-":
        sys.stdout.write(text.getvalue())
    else:
        place = Path(args.out)
        if place.exists():
            raise UsageError(f"--out {place} is there already", "move it away, or name another")
        write_new(place, text.getvalue())
    _print_inventory(rows, args.dataset)
    return 0


def _plain(items: Iterable[Item]) -> Iterable[Mapping[str, str]]:
    for item in items:
        yield {
            "path": ";".join(item.files),
            "subject": item.subject or "",
            "spectrum": item.spectrum,
            "label": item.label or "",
            "lighting": item.lighting,
            "part": item.part,
            "split": item.split,
            "pair": item.pair or "",
            "frames": str(item.frames),
        }


def _print_inventory(rows: list[Mapping[str, str]], name: str) -> None:
    print(f"{name}: {len(rows)} rows", file=sys.stderr)
    for column in rows[0]:
        values = Counter(row[column] for row in rows)
        empty = values.pop("", 0)
        if len(values) > 12 or len(values) == len(rows) > 1:
            text = f"{len(values)} different"
        else:
            text = ", ".join(f"{value} {count}" for value, count in sorted(values.items()))
        missing = f" ({empty} empty)" if empty else ""
        for line in labelled(column, f"{text or 'nothing'}{missing}", columns(), 14):
            print(line, file=sys.stderr)
