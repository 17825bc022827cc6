"""The page of every command, read from its argparse parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from docs.generate.table import fields, plain, sentence, table
from docs.generate.words import ENVIRONMENT
from irfer_bench import cli


def commands() -> str:
    """Every command, its arguments and the environment variables."""
    parts = ["# Command line", ""]
    parts += [f"- [`{name}`](#irfer-bench-{name}): {text}" for name, text in cli.COMMANDS.items()]
    parts.append("")
    for name, summary in cli.COMMANDS.items():
        parts += [f"## `irfer-bench {name}`", "", sentence(summary), "", *_parser(parser_of(name))]
    parts += ["## Environment", "", table(["variable", "meaning"], fields(ENVIRONMENT)), ""]
    return "\n".join([*parts, "Exit codes: [errors.md](errors.md)."])


def parser_of(name: str) -> argparse.ArgumentParser:
    """The parser of one command."""
    parser = argparse.ArgumentParser(prog=f"irfer-bench {name}", allow_abbrev=False)
    cli._module(name).configure(parser)
    return parser


def _parser(parser: argparse.ArgumentParser) -> Iterator[str]:
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    shown = [a for a in parser._actions if a not in groups and "--help" not in a.option_strings]
    if shown:
        yield from (table(["argument", "meaning"], [_argument(action) for action in shown]), "")
    for group in groups:
        for name, own in group.choices.items():
            yield from (f"### `{parser.prog} {name}`", "", sentence(own.description or ""), "")
            yield from _parser(own)


def _argument(action: argparse.Action) -> list[str]:
    # One spelling on every Python: argparse's own help text changed in 3.13.
    names: Sequence[str] = action.option_strings or [str(action.metavar or action.dest.upper())]
    shown = ", ".join(f"`{name}`" for name in names)
    choices = "|".join(map(str, action.choices or ()))
    if action.option_strings and action.nargs != 0:
        shown += f" `{choices or action.metavar or action.dest.upper()}`"
    elif choices:
        shown = f"`{choices}`"
    notes = [plain(action.help or "")]
    if isinstance(action, argparse._AppendAction) and "repeat" not in notes[0]:
        notes.append("may be repeated")
    if not action.option_strings and action.nargs == "?":
        notes.append("optional")
    if isinstance(action.default, str) and action.default and "default" not in notes[0]:
        notes.append(f"default `{action.default}`")
    return [shown, "; ".join(note for note in notes if note)]
