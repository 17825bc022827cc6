"""Markdown from plain text and from code, the same bytes on every machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tabulate import tabulate


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A GitHub table of cells that are Markdown already; bars inside them are escaped."""
    safe = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows]
    return str(tabulate(safe, headers, tablefmt="github", disable_numparse=True))


def plain(text: str) -> str:
    """Text as written, on one line: no tags, no emphasis."""
    return " ".join(text.split()).replace("<", "\\<").replace("*", "\\*")


def sentence(text: str) -> str:
    """The same, from a capital letter to a full stop."""
    shown = plain(text)
    return f"{shown[:1].upper()}{shown[1:].rstrip('.')}." if shown else ""


def code(value: Any) -> str:
    """A value as JSON in a code span."""
    return f"`{json.dumps(value)}`"


def fields(meanings: Mapping[str, str]) -> list[list[str]]:
    """Rows of names and their meanings."""
    return [[f"`{name}`", text] for name, text in meanings.items()]
