"""The command line: a static table of commands; a command's module is imported when it runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches

from irfer_bench import __version__

COMMANDS = {
    "run": "run experiments and show the result",
    "plan": "show what a run would do, without doing it",
    "list": "list datasets, settings, translators, recognizers and metrics",
    "show": "show one component, setting or dataset: parameters, protocol, source",
    "leaderboard": "render the leaderboards from their records",
    "data": "list, check, prepare and fingerprint datasets",
    "doctor": "show what works here, what is broken and what is missing",
    "new": "write a new plugin package with its tests",
    "gc": "delete stored artefacts that no record needs",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # Not list(...): once imported, the command `list` is this package's attribute of that name.
    words = [*(sys.argv[1:] if argv is None else argv)]
    name = next((word for word in words if not word.startswith("-")), "")
    parser = _parser(name)
    if not words or name not in COMMANDS:
        if name:
            near = get_close_matches(name, COMMANDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "see irfer-bench --help"
            print(f"irfer-bench: unknown command {name!r}; {hint}", file=sys.stderr)
            return 2
        if words:
            parser.parse_args(words)
        parser.print_help()
        return 0 if words else 2
    args = parser.parse_args(words)
    return _guarded(name, args)


def _parser(chosen: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="irfer-bench",
        allow_abbrev=False,
        description="Benchmark translators and recognizers of infrared facial expressions.",
        epilog="Start with: irfer-bench run --translator nfer_sde --recognizer pca",
    )
    parser.add_argument("--version", action="version", version=f"irfer-bench {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, summary in COMMANDS.items():
        own = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        if name == chosen:
            _module(name).configure(own)
    return parser


def _module(name: str):  # type: ignore[no-untyped-def]
    from importlib import import_module

    return import_module(f"irfer_bench.cli.{name}")


def _guarded(name: str, args: argparse.Namespace) -> int:
    from irfer_bench.errors import BenchError
    from irfer_bench.render.escape import terminal

    try:
        return int(_module(name).run(args))
    except BenchError as error:
        if os.environ.get("IRFER_BENCH_TRACEBACK"):
            raise
        print(f"irfer-bench: {terminal(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(
            "irfer-bench: interrupted; finished steps are kept, run again to go on", file=sys.stderr
        )
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
