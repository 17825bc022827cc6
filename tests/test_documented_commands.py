"""Commands and options in the documentation exist, and every command is shown."""

from __future__ import annotations

import inspect
import re
import shlex
import tomllib
from argparse import ArgumentParser, _SubParsersAction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import irfer_bench as ib
from docs.generate.commands import parser_of
from irfer_bench import cli
from tests.doc_pages import PAGES, PROSE, ROOT, blocks, named

SHOWN = [*PAGES, ROOT / "leaderboards/README.md"]
SHELL = {"python3 -m venv .venv", ". .venv/bin/activate", "pytest", "pytest -n 2",
         "pytest irfer-bench-posterise"}  # fmt: skip
"""Commands of other programs, as the pages write them."""


def typed() -> list[tuple[str, str]]:
    """Every command of every page: after `$`, or the lines of a block without a language."""
    found = []
    for page in SHOWN:
        for block in blocks(page):
            lines = block.commands if block.language == "console" else []
            if not block.language and block.text.startswith("pip install"):
                lines = block.text.splitlines()
            found += [(named(page), part) for line in lines for part in line.split(" && ")]
    return found


def documented_commands() -> list[tuple[str, str]]:
    return [(page, command) for page, command in typed() if command.startswith("irfer-bench ")]


def test_commands_of_other_programs_are_known() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    known = {"", "[dev]", *(f"[{name}]" for name in extras["optional-dependencies"])}
    others = [command for _, command in typed() if not command.startswith("irfer-bench ")]
    assert len(others) >= 8
    for command in others:
        words = shlex.split(command)
        if words[:2] == ["pip", "install"]:
            assert words[2] == "-e" and len(words) == 4, command
            assert words[3].removeprefix("./irfer-bench-posterise").removeprefix(".") in known
        elif words[0] == "export":
            assert re.fullmatch(r"IRFER_BENCH_[A-Z]+=/\S+", words[1]), command
        else:
            assert command in SHELL, command


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


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs/notebook.md"])
def test_calls_of_run_have_its_arguments(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that other tests do not make: on real data, or in README."""
    asked = []
    own = inspect.signature(ib.run)

    def run(*args: Any, **options: Any) -> Any:
        asked.append(own.bind(*args, **options))
        return SimpleNamespace(board=list)

    monkeypatch.setattr(ib, "run", run)
    for block in blocks(page):
        if block.language == "python" and not block.runs and "ib.run(" in block.text:
            exec(compile(block.text, named(page), "exec"), {"ib": ib})  # noqa: S102  the page's own
    assert asked
