"""`data manifest`: a file with which another site can compare its copy."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from irfer_bench.cli.data.opened import open_source, scan_dataset, write_new
from irfer_bench.cli.data.preparing import add_recipe_options, prepare_setting
from irfer_bench.data.comparison import Statement, make_statement
from irfer_bench.errors import UsageError
from irfer_bench.registry import Registry
from irfer_bench.render.escape import terminal


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--out", default="-", metavar="FILE", help="default standard output")
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options that `manifest` and `check --against` share."""
    add_recipe_options(
        parser, "also prepare what this setting needs and put the digest of its crops in"
    )


def asks_crops(args: argparse.Namespace) -> bool:
    """Whether an option was given that only crops depend on."""
    words = (args.setting, args.landmarks, args.detector, args.boxes, args.no_face)
    return any(words)


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
    if asks_crops(args) and not args.setting:
        raise UsageError("crops are made by the rules of a setting", "name one: -s SETTING")
    if args.setting:
        made = prepare_setting(args, registry)
        # The setting's rules choose the frames; the digest depends on the detector.
        name = made.setting.name.partition("@")[0]
        crops = {f"{name}: {row.title}": row.facts["crops"] for row in made.domains}
    dataset = registry.create(source.component, source.params)
    return make_statement(manifest, dataset, source.root, crops)
