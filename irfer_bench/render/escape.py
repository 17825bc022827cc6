"""Escaping of third-party text for Markdown, HTML and terminals."""

from __future__ import annotations

_MARKDOWN = {ord(sign): f"\\{sign}" for sign in r"\`*_{}[]()#+-.!|<>~&$:="}


def terminal(text: str) -> str:
    """Without control characters, escape sequences and direction overrides; spaces are spaces."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _spelt(c) for c in text)


def markdown(text: str) -> str:
    """Shown as written, on one line, also inside a table cell."""
    return terminal(text).translate(_MARKDOWN)


def web(text: str) -> str:
    """Shown as written inside an HTML element or a quoted attribute."""
    import html

    return html.escape(terminal(text), quote=True)


def _spelt(character: str) -> str:
    import unicodedata

    return " " if unicodedata.category(character) == "Zs" else f"\\x{ord(character):02x}"
