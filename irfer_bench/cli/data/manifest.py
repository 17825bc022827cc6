"""`data manifest`: what is here, as one document that another laboratory can compare with."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from irfer_bench.cli.data.opened import open_source, scan_dataset, write_new
from irfer_bench.data.against import Statement, make_statement
from irfer_bench.registry import Registry
from irfer_bench.render.escape import terminal


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--out", default="-", metavar="FILE", help="default standard output")
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What `manifest` and `check --against` share."""
    parser.add_argument(
        "--setting",
        "-s",
        default="",
        help="also prepare what this setting needs and put the digest of its crops in",
    )


def run(args: argparse.Namespace, registry: Registry) -> int:
    """Write the statement."""
    import msgspec

    statement = state(args, registry)
    text = msgspec.json.format(msgspec.json.encode(statement), indent=1).decode()
    if args.out == "-":
        print(text)
        return 0
    write_new(Path(args.out), text + "\n")
    print(terminal(f"{statement.fingerprint} {args.out}"), file=sys.stderr)
    return 0


def state(args: argparse.Namespace, registry: Registry) -> Statement:
    """The manifest with the digest of every item, the folds, and the crops where asked for."""
    manifest = scan_dataset(args, registry)
    source = open_source(args, registry, args.dataset)
    crops: dict[str, str] = {}
    if args.setting:
        from irfer_bench.cli.data.preparing import prepare_setting

        made = prepare_setting(args, registry)
        crops = {row.title: row.facts["crops"] for row in made.rows}
    dataset = registry.create(source.component, source.params)
    return make_statement(manifest, dataset, source.root, crops)
