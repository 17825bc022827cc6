"""Hooks of the documentation site: what lies outside docs is added, and its links are mended.

`mkdocs build --strict --config-file docs/generate/mkdocs.yml` builds the site.
"""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
BIBLIOGRAPHY = "irfer_bench/render/references.bib"
_INTO_DOCS = re.compile(r"(\]\(|src=\")docs/")
_RECORDS = re.compile(r"\[([^\]]*)\]\(records/[^)]*\)")
_FENCE = re.compile(r"^(```\w+) .*$", re.MULTILINE)
_OUT_OF_DOCS = re.compile(r"\]\(\.\./((?:\.\./)*(?:irfer_bench|leaderboards)/)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what lies outside docs: the README as home page, the boards, the bibliography."""
    home = (ROOT / "README.md").read_text(encoding="utf-8")
    home = _INTO_DOCS.sub(r"\1", home).replace("](decisions/)", "](decisions/README.md)")
    home = home.replace("](leaderboards/published/)", "](leaderboards/published/README.md)")
    files.append(File.generated(config, "index.md", content=home))
    for board in [*(ROOT / "leaderboards").glob("*.md"), ROOT / "leaderboards/published/README.md"]:
        text = _RECORDS.sub(r"\1", board.read_text(encoding="utf-8"))
        text = text.replace("](../../docs/", "](../../")
        files.append(File.generated(config, board.relative_to(ROOT).as_posix(), content=text))
    tables = [path for path in (ROOT / "leaderboards").glob("*/*.*") if path.suffix != ".md"]
    for path in tables:
        name = path.relative_to(ROOT).as_posix()
        files.append(File.generated(config, name, abs_src_path=str(path)))
    files.append(File.generated(config, "CITATION.cff", abs_src_path=str(ROOT / "CITATION.cff")))
    files.append(File.generated(config, BIBLIOGRAPHY, abs_src_path=str(ROOT / BIBLIOGRAPHY)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """The page's text; what a fence tells the tests, as in "python run", is no part of a site."""
    return _FENCE.sub(r"\1", _OUT_OF_DOCS.sub(r"](\1", markdown))
