"""`irfer-bench records`: one sub-command, one module."""

from __future__ import annotations

import argparse
from importlib import import_module

ACTIONS = {
    "check": ("checking", "check records and predictions that you were sent; runs nothing of them"),
    "sign": ("signing", "sign records and, through their digests, predictions; works offline"),
    "keygen": ("keygen", "make a pair of keys in minisign's format"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """The sub-commands and their options."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, (module, text) in ACTIONS.items():
        own = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        import_module(f"{__name__}.{module}").configure(own)


def run(args: argparse.Namespace) -> int:
    """Run one sub-command and return its exit code."""
    return int(import_module(f"{__name__}.{ACTIONS[args.action][0]}").run(args))
