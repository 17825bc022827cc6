"""Text in the cells of a CSV that a spreadsheet opens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""What a spreadsheet would compute, with the apostrophes that already stand before it."""


def sheet_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of whose texts no spreadsheet takes one for a formula: an apostrophe stands before it.

    File names and labels are somebody else's, and a formula may read other cells or start a program
    (OWASP, CSV injection).
    """
    return {
        name: f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
        for name, value in row.items()
    }


def plain_cell(text: str) -> str:
    """The text that `sheet_row` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
