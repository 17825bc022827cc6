"""Lines that follow the width of the terminal; imports nothing heavy."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

from irfer_bench.render.escape import terminal

PIPED, LEAST, MARGIN = 100, 40, 15
"""Columns where nothing is known of a terminal, the fewest that are used, and of a label."""


def columns() -> int:
    """The terminal's columns: `COLUMNS`, else what the terminal says, else 100."""
    return max(_known(sys.stdout) or PIPED, LEAST)


def _known(stream: object) -> int:
    """Columns of `COLUMNS` or of a stream's terminal; 0 where there is neither."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns  # type: ignore[attr-defined]
    except (AttributeError, ValueError, OSError):  # closed, replaced, or no terminal
        return 0


def wrapped(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """Lines of at most `width` columns, safe for a terminal; a word that is longer stays whole.

    Args:
        first: in front of the first line. rest: in front of the others; default as much space.
    """
    return textwrap.wrap(
        terminal(text), width, initial_indent=first,
        subsequent_indent=" " * len(first) if rest is None else rest,
        break_on_hyphens=False, break_long_words=False,
    ) or [first.rstrip()]  # fmt: skip


def labelled(name: str, text: str, width: int = PIPED, margin: int = MARGIN) -> list[str]:
    """A name and its text beside it, in lines of at most `width` columns."""
    return wrapped(text, width, f"  {name}".ljust(margin), " " * margin)


def placed(word: str, path: object, width: int) -> list[str]:
    """A word and a path, which is never broken: on a line of its own where it is too long."""
    line = terminal(f"{word} {path}")
    return [line] if len(line) <= width else [word, terminal(f"  {path}")]


def listed(rows: Sequence[tuple[str, str]], width: int, indent: str = "  ") -> list[str]:
    """Names in one column and their texts in the next, wrapped."""
    longest = max((len(name) for name, _ in rows), default=0)
    margin = len(indent) + min(longest, max(width // 3, 12)) + 2
    lines: list[str] = []
    for name, text in rows:
        head = f"{indent}{terminal(name)}"
        if len(head) + 2 > margin:
            lines += [head, *(wrapped(text, width, " " * margin) if text else ())]
        else:
            lines += wrapped(text, width, head.ljust(margin)) if text else [head]
    return lines


def beside(left: Sequence[str], right: Sequence[str], width: int, gap: int = 4) -> list[str]:
    """Two blocks next to each other where there is room, else one below the other."""
    edge = max(map(len, left), default=0) + gap
    if edge + max(map(len, right), default=0) > width:
        return [*left, "", *right]
    pairs = ((left[k] if k < len(left) else "", right[k] if k < len(right) else "")
             for k in range(max(len(left), len(right))))  # fmt: skip
    return [f"{one:<{edge}}{other}".rstrip() for one, other in pairs]


def say(text: str) -> None:
    """Print one message on standard error, wrapped where that is a terminal.

    Where nothing can be written there, the command goes on without it.
    """
    with suppress(OSError):
        emit(text, sys.stderr)


def emit(text: str, stream: TextIO | None = None, rest: str = "  ") -> None:
    """Print one line, default on standard output; wrapped where that is a terminal.

    Args:
        rest: in front of what does not fit into the first line.
    """
    stream = stream or sys.stdout
    safe, width = terminal(text), _known(stream)
    if width and len(safe) > max(width, LEAST):
        first = safe[: len(safe) - len(safe.lstrip())]
        safe = "\n".join(wrapped(safe.lstrip(), max(width, LEAST), first, first + rest))
    stream.write(f"{safe}\n")
    stream.flush()
