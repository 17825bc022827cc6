"""Citations: every built-in component names papers of the bibliography or a page of docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from irfer_bench.registry import load
from irfer_bench.render.references import cite, parse_references, read_references

ROOT = Path(__file__).parents[3]
BUILT_IN = [owned.component for owned in load().registered if owned.builtin]
GENERATED = {"none", "landmarks", "boxes", "folder"}
"""Built-ins without a paper: they use what the user or the dataset gives."""


@pytest.mark.parametrize("component", BUILT_IN, ids=lambda c: f"{c.kind}-{c.name}")
def test_the_source_of_every_built_in_is_known(component) -> None:  # type: ignore[no-untyped-def]
    if component.kind == "setting" or component.name in GENERATED:
        return
    parts = [part.strip() for part in component.source.split(";") if part]
    for part in parts:
        page = part.startswith("docs/") and (ROOT / part).is_file()
        assert page or part in read_references(), f"{part!r} is neither a page nor a reference"
    methods = {"dataset", "detector", "recognizer", "metric"}
    assert parts or component.kind not in methods, "names no paper"


def test_methods_name_the_authors_of_their_papers() -> None:
    lines = {c.name: cite(c.source) for c in BUILT_IN}
    assert lines["nfer_sde"][0].startswith("Luo et al., Multi-Energy Guided Image Translation")
    assert "AAAI 2024" in lines["nfer_sde"][0]
    assert lines["pca"][0].startswith("Shi et al., Prompt-Based Cross-Modal Feature Alignment")
    assert lines["opencv"][0].startswith("Viola and Jones, ")
    assert len(lines["raf_db"]) == 2


def test_a_third_party_may_write_any_text() -> None:
    assert cite("our thesis; chapter 3") == ["our thesis; chapter 3"]
    assert cite("") == []
    mixed = cite("holm1979multiple; our thesis")
    assert mixed[0].startswith("Holm, A Simple Sequentially") and mixed[1] == "our thesis"


ENTRY = (
    "@article{a2020b,\n  author = {A, B.},\n  title = {T},\n"
    "  journal = {J},\n  year = {2020},\n}\n"
)


def test_a_well_formed_entry_is_read() -> None:
    assert str(parse_references(ENTRY)["a2020b"]) == "A, T, J 2020"


@pytest.mark.parametrize("text", [
    ENTRY.replace("  year = {2020},\n", ""),
    ENTRY.replace("  journal = {J},\n", ""),
    ENTRY.replace("{T}", "{{T}}"),
    ENTRY.replace("\n  title", " title"),
    ENTRY + ENTRY,
], ids=["no year", "no venue", "nested braces", "two fields a line", "twice"])
def test_a_broken_entry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"bibliography|reference"):
        parse_references(text)
