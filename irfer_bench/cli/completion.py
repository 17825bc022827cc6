"""`irfer-bench completion`."""

from __future__ import annotations

import argparse
import sys

from irfer_bench.errors import MissingError

SHELLS = ("bash", "zsh", "fish")
NAMES = {
    "translator": "translator",
    "recognizer": "recognizer",
    "setting": "setting",
    "dataset": "dataset",
    "metric": "metric",
    "detector": "detector",
    "fit_translator_on": "dataset",
    "allow_faces": "dataset",
}
"""Options whose values are names of components, by the kind."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `completion`."""
    parser.add_argument("shell", choices=SHELLS, help="the shell that will read the script")


def run(args: argparse.Namespace) -> int:
    """Print a script that completes commands, options and the names of what is installed."""
    try:
        import shtab
    except ImportError:
        raise MissingError("completion needs shtab", "pip install -e . again") from None
    sys.stdout.write(shtab.complete(_parser(), shell=args.shell))
    sys.stdout.write("\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    """One parser of all commands, whose name-valued options list what is installed."""
    from irfer_bench import cli
    from irfer_bench.registry import load

    registry = load()
    names: dict[str, list[str]] = {}
    for owned in registry.registered:
        names.setdefault(owned.component.kind, []).append(owned.component.name)
    whole = argparse.ArgumentParser(prog="irfer-bench")
    commands = whole.add_subparsers(dest="command")
    for name, summary in cli.COMMANDS.items():
        parser = commands.add_parser(name, help=summary, description=summary)
        cli.configure(name, parser)
        _offer(parser, name, names)
    return whole


def _offer(parser: argparse.ArgumentParser, command: str, names: dict[str, list[str]]) -> None:
    """Give options and arguments the names that they take as choices, for completion alone."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for own in action.choices.values():
                _offer(own, command, names)
        elif action.dest in NAMES and action.nargs != 0:
            action.choices = sorted(names.get(NAMES[action.dest], ()))
        elif command == "show" and action.dest == "name":
            action.choices = sorted({name for kind in names.values() for name in kind})
        elif command == "list" and action.dest == "kind":
            action.choices = sorted(f"{kind}s" for kind in names)
