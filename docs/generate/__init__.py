"""The pages under docs/reference, generated from the code, and README's table.

`python -m docs.generate` writes them; `--check` lists those that are out of date.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

from docs.generate.catalogue import components, settings
from docs.generate.commands import commands
from docs.generate.excerpt import readme
from docs.generate.papers import references_page
from docs.generate.published import published_page
from docs.generate.words import errors_page, record_page
from irfer_bench import registry

PLACE = Path("docs/reference")
NOTE = "<!-- Made by `python -m docs.generate`; edit the code, not this page. -->"


def pages(root: Path) -> dict[Path, str]:
    """Every generated page by its path below `root`; third-party plugins are left out."""
    entries = entry_points(group=registry.GROUP)
    known = registry.load([e for e in entries if e.dist and e.dist.name == registry.OWN])
    texts = {
        "cli": commands(),
        "components": components(known),
        "settings": settings(known),
        "errors": errors_page(),
        "record": record_page(),
        "references": references_page(known),
        "published": published_page(),
    }
    made = {PLACE / f"{name}.md": f"{NOTE}\n\n{text.rstrip()}\n" for name, text in texts.items()}
    return made | {Path("README.md"): readme(root, known)}
