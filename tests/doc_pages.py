"""The pages of the documentation and the fenced blocks in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROSE = [
    ROOT / "docs/tutorial.md", ROOT / "docs/responsible-use.md", ROOT / "docs/datasets.md",
    *sorted((ROOT / "docs/decisions").glob("*.md")),
]


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, whether the tests run it, its lines."""

    language: str
    runs: bool
    text: str

    @property
    def commands(self) -> list[str]:
        return [line[2:] for line in self.text.splitlines() if line.startswith("$ ")]


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page; ```console run and ```python run are marked to be run."""
    found = re.findall(r"^```(\w*)( run)?\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)
    return [Block(language, bool(runs), text) for language, runs, text in found]


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()
