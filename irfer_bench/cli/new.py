"""`irfer-bench new plugin`."""

from __future__ import annotations

import argparse

from irfer_bench.errors import UsageError
from irfer_bench.home import user_path
from irfer_bench.registry import load
from irfer_bench.render.layout import emit
from irfer_bench.scaffold import KINDS, check_name, try_it, write_plugin


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `new`."""
    parser.add_argument("what", choices=("plugin",), help="a package with its tests")
    parser.add_argument("name", help="the component's name, of a-z, 0-9 and _")
    parser.add_argument("--kind", choices=KINDS, default="translator", help="default translator")
    parser.add_argument(
        "--into", default=".", metavar="FOLDER", help="where the package's folder goes; default ."
    )


def run(args: argparse.Namespace) -> int:
    """Write the package; refuse a name that cannot be used or is taken by a built-in."""
    check_name(args.name)
    for owned in load().registered:
        if owned.builtin and (owned.component.kind, owned.component.name) == (args.kind, args.name):
            raise UsageError(
                f"{args.kind} name {args.name!r} is reserved for the built-in",
                "choose another name",
            )
    folder = write_plugin(args.kind, args.name, user_path(args.into))
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        emit(f"wrote {path}")
    emit(f"next: pip install -e '{folder}[dev]'")
    emit(f"      {try_it(args.kind, args.name)}")
    emit(f"      pytest '{folder}'")
    return 0
