"""Code and documents cite papers and pages of this repository, never a document outside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ABSENT = re.compile(
    r"[Dd]esign(?:'s)? §|[Dd]esign \d|(?<![-\w])(?:recognizers|translators|peers|design)\.md\b"
    r"|\bdatasets\.md (?:§|section)|specification, (?:equation|section)"
)
"""Names of working notes that were never part of the repository."""

FILES = [
    path for folder in ("irfer_bench", "plugins", "docs", "tests", "leaderboards")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".md", ".in", ".toml", ".bib") and path != Path(__file__)
] + [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "pyproject.toml"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_document_outside_the_repository_is_cited(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [f"{number}: {line.strip()}" for number, line in enumerate(lines, 1)
             if ABSENT.search(line)]
    assert not found, found
