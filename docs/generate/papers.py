"""The page of the bibliography: every paper, and the components that cite it."""

from __future__ import annotations

from docs.generate.table import plain, table
from irfer_bench.registry import Registry
from irfer_bench.render.references import read_references

PATH = "irfer_bench/render/references.bib"


def references_page(known: Registry) -> str:
    """Every reference by its key, with a link and the built-in components whose source it is."""
    rows = []
    for key, reference in sorted(read_references().items()):
        users = [
            f"`{each.component.name}`" for each in known.registered
            if key in (part.strip() for part in each.component.source.split(";"))
        ]  # fmt: skip
        link = f"[{plain(str(reference))}]({reference.url})" if reference.url else str(reference)
        rows.append([f"`{key}`", link, ", ".join(dict.fromkeys(users))])
    head = (
        f"The papers of [{PATH}](../../{PATH}), which the project implements, measures with or "
        "compares with. Please cite the papers of the methods and datasets that you use."
    )
    return "\n".join(["# References", "", head, "", table(["key", "paper", "component"], rows)])
