"""The command line: a static table of commands; a command's module is imported when it runs."""

from __future__ import annotations

import sys

from irfer_bench import __version__
from irfer_bench.cli.last_resort import guard, open_streams

TYPE_CHECKING = False  # typing's own, which costs as much as the rest of `--help`
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

COMMANDS = {
    "run": "run experiments and show the result",
    "plan": "show what a run would do, without doing it",
    "list": "list datasets, settings, translators, recognizers and metrics",
    "show": "show one component, setting, dataset or record in full",
    "leaderboard": "render the leaderboards from their records",
    "records": "check records that you were sent, sign your own",
    "predict": "label images or videos of your own",
    "translate": "translate images or a video of your own",
    "export": "write the fitted methods of a record for other programs",
    "data": "list, check, prepare and fingerprint datasets",
    "doctor": "show what works here, what is broken and what is missing",
    "new": "write a new plugin package with its tests",
    "gc": "delete stored artefacts that no record needs",
    "completion": "print a script that completes this command line in a shell",
}

ADVANCED = {"run-cell": "carry out one job, or serve several as a worker; for executors"}
"""Commands that executors call; `--help` does not list them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # Not list(...): once imported, the command `list` is this package's attribute of that name.
    words = [*(sys.argv[1:] if argv is None else argv)]
    open_streams()
    return guard(lambda: _run(words), owns_process=argv is None)


def _run(words: Sequence[str]) -> int:
    first = words[0] if words else ""
    if first in ("", "-h", "--help"):
        sys.stdout.write(help_text())
        return 0 if words else 2
    if first == "--version":
        sys.stdout.write(f"irfer-bench {__version__}\n")
        return 0
    if first not in COMMANDS and first not in ADVANCED:
        from difflib import get_close_matches

        from irfer_bench.render.layout import say

        near = get_close_matches(first, COMMANDS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "see irfer-bench --help"
        kind = "option" if first.startswith("-") else "command"
        say(f"irfer-bench: unknown {kind} {first!r}; {hint}")
        return 2
    return int(_module(first).run(make_parser(first).parse_args(words[1:])))


def help_text() -> str:
    """What `--help` prints, written without argparse: it is the command that must start fastest."""
    width = max(map(len, COMMANDS))
    rows = "\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items())
    return f"""usage: irfer-bench COMMAND ...

Benchmark translators and recognizers of infrared facial expressions.

{rows}

  irfer-bench COMMAND --help tells a command's options; --version the version.

Start with: irfer-bench run --translator nfer_sde --recognizer pca
"""


def make_parser(name: str) -> argparse.ArgumentParser:
    """The parser of one command."""
    from irfer_bench.cli.parser import Parser

    summary = (COMMANDS | ADVANCED)[name]
    parser = Parser(prog=f"irfer-bench {name}", description=summary, allow_abbrev=False)
    configure(name, parser)
    return parser


def configure(name: str, parser: argparse.ArgumentParser) -> None:
    """Add the options of one command to a parser."""
    _module(name).configure(parser)


def _module(name: str):  # type: ignore[no-untyped-def]
    from importlib import import_module

    return import_module(f"irfer_bench.cli.{name.replace('-', '_')}")
