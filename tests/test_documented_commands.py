"""Commands and options in the documentation exist, and every command is shown."""

from __future__ import annotations

import re
import shlex
from argparse import ArgumentParser, _SubParsersAction

import pytest

from docs.generate.commands import parser_of
from irfer_bench import cli
from tests.doc_pages import PAGES, PROSE, ROOT, blocks, named


def documented_commands() -> list[tuple[str, str]]:
    return [
        (named(page), command)
        for page in PAGES
        for block in blocks(page)
        if block.language == "console"
        for command in block.commands
        if command.startswith("irfer-bench ")
    ]


@pytest.mark.parametrize(("page", "command"), documented_commands())
def test_documented_commands_exist(page: str, command: str) -> None:
    words = shlex.split(command, comments=True)
    assert words[1] in cli.COMMANDS or words[1].startswith("-"), f"{page}: {command}"
    if words[1] in cli.COMMANDS:
        parser_of(words[1]).parse_args(words[2:])


def test_every_command_is_shown_in_use() -> None:
    used = {shlex.split(command)[1] for _, command in documented_commands()}
    assert set(cli.COMMANDS) - used == set()


def options(parser: ArgumentParser) -> set[str]:
    found: set[str] = set()
    for action in parser._actions:
        found |= set(action.option_strings)
        if isinstance(action, _SubParsersAction):
            for own in action.choices.values():
                found |= options(own)
    return found


def test_options_in_the_text_exist() -> None:
    known = {"--check", "--no-deps"}.union(*(options(parser_of(name)) for name in cli.COMMANDS))
    for page in (ROOT / "README.md", *PROSE):
        spans = "\n".join(re.findall(r"`([^`\n]+)`", page.read_text("utf-8")))
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", spans):
            assert option in known, f"{named(page)}: {option}"
