"""The papers of `references.bib`, which components cite by key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_ENTRY = re.compile(r"@(\w+)\{([a-z0-9]+),\n((?:  \w+ = \{[^{}\n]*\},\n)+)\}\n")
_FIELD = re.compile(r"  (\w+) = \{([^{}\n]*)\},\n")


@dataclass(frozen=True, slots=True)
class Reference:
    """One paper.

    Args:
        authors: family names in the order of the paper; `others` stands for the rest.
        venue: journal, conference or publisher.
        url: of the DOI, else of arXiv, or empty.
    """

    key: str
    authors: tuple[str, ...]
    title: str
    venue: str
    year: str
    url: str = ""

    def __str__(self) -> str:
        """`Luo et al., Multi-Energy Guided Image Translation ..., AAAI 2024`."""
        first, *rest = self.authors
        if rest and (len(rest) > 1 or rest == ["others"]):
            names = f"{first} et al."
        else:
            names = " and ".join(self.authors)
        return f"{names}, {self.title}, {self.venue} {self.year}"


@cache
def read_references() -> dict[str, Reference]:
    """Every entry of the file by its key."""
    text = files("irfer_bench.render").joinpath("references.bib").read_text(encoding="utf-8")
    return parse_references(text)


def parse_references(text: str) -> dict[str, Reference]:
    """The entries of a bibliography: one field a line, no braces inside a value.

    Raises:
        ValueError: an entry is written otherwise, lacks a field or appears twice.
    """
    found: dict[str, Reference] = {}
    for _, key, body in _ENTRY.findall(text):
        fields = dict(_FIELD.findall(body))
        venue = fields.get("journal") or fields.get("booktitle") or fields.get("howpublished")
        missing = {"author", "title", "year"} - fields.keys()
        if missing or not venue or key in found:
            raise ValueError(f"reference {key}: {', '.join(sorted(missing)) or 'venue or key'}")
        authors = tuple(name.partition(",")[0] for name in fields["author"].split(" and "))
        found[key] = Reference(key, authors, fields["title"], venue, fields["year"], _url(fields))
    if len(found) != len(re.findall(r"^@", text, re.MULTILINE)):
        raise ValueError("an entry of the bibliography is not one field a line")
    return found


def cite(source: str) -> list[str]:
    """A component's `source` as text, one line per reference.

    Keys of the bibliography, separated by "; ", become references with a link. A text without any
    key, such as a third-party plugin's, stays as it is.
    """
    known = read_references()
    parts = [part.strip() for part in source.split(";")]
    if not any(part in known for part in parts):
        return [source] if source else []
    return [_line(known[part]) if part in known else part for part in parts]


def _line(reference: Reference) -> str:
    return f"{reference}. {reference.url}" if reference.url else f"{reference}"


def _url(fields: dict[str, str]) -> str:
    if "doi" in fields:
        return f"https://doi.org/{fields['doi']}"
    return f"https://arxiv.org/abs/{fields['eprint']}" if "eprint" in fields else ""
