"""Text from strangers, made harmless in Markdown, HTML and terminals."""

from __future__ import annotations

import html
import re
import unicodedata

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&$:=])")


def terminal(text: str) -> str:
    """Without control characters, escape sequences and direction overrides."""
    return "".join(c if _visible(c) else f"\\x{ord(c):02x}" for c in text)


def markdown(text: str) -> str:
    """Shown as written, on one line, also inside a table cell."""
    return _MARKDOWN.sub(r"\\\1", terminal(text))


def web(text: str) -> str:
    """Shown as written inside an HTML element or a quoted attribute."""
    return html.escape(terminal(text), quote=True)


def _visible(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
