"""Escaping of third-party text for Markdown, HTML and terminals."""

from __future__ import annotations

import html
import re
import unicodedata

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&$:=])")


def terminal(text: str) -> str:
    """Without control characters, escape sequences and direction overrides; spaces are spaces."""
    return "".join(c if c.isprintable() else _spelt(c) for c in text)


def markdown(text: str) -> str:
    """Shown as written, on one line, also inside a table cell."""
    return _MARKDOWN.sub(r"\\\1", terminal(text))


def web(text: str) -> str:
    """Shown as written inside an HTML element or a quoted attribute."""
    return html.escape(terminal(text), quote=True)


def _spelt(character: str) -> str:
    return " " if unicodedata.category(character) == "Zs" else f"\\x{ord(character):02x}"
