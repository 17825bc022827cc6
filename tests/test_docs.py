"""Documentation: generated pages are up to date, links are valid."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs import generate
from docs.generate.excerpt import excerpt
from docs.generate.words import ENVIRONMENT, RECORD
from irfer_bench.contracts.record import Record, Value
from irfer_bench.statistics.board import make_boards
from irfer_bench.store.records import read_records
from tests.doc_pages import PAGES, ROOT, named
from tests.irfer_bench.test_boards import write

BOTH_LINES = (
    "pip install -e . && irfer-bench run --translator nfer_sde --recognizer pca",
    "pip install -e '.[dev]' && pytest -n 2",
)


@pytest.fixture(scope="module")
def wanted() -> dict[Path, str]:
    return generate.pages(ROOT)


PAGES_MADE = ["cli", "components", "settings", "errors", "record", "references", "README"]


@pytest.mark.parametrize("name", PAGES_MADE)
def test_generated_pages_are_what_the_code_says(name: str, wanted: dict[Path, str]) -> None:
    path = Path("README.md") if name == "README" else generate.PLACE / f"{name}.md"
    assert (ROOT / path).read_text("utf-8") == wanted[path], "python -m docs.generate"


def test_every_generated_page_is_tested(wanted: dict[Path, str]) -> None:
    on_disk = {path.relative_to(ROOT) for path in (ROOT / generate.PLACE).glob("*.md")}
    assert on_disk | {Path("README.md")} == set(wanted)


def test_pages_do_not_depend_on_the_terminal_or_on_third_parties(monkeypatch, wanted) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("IRFER_BENCH_PLUGINS", "builtin")
    assert generate.pages(ROOT) == wanted


def test_check_names_the_page_that_drifted(tmp_path: Path) -> None:
    for path, text in generate.pages(ROOT).items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    command = [sys.executable, "-m", "docs.generate", "--root", str(tmp_path)]
    assert subprocess.run([*command, "--check"], check=False).returncode == 0
    (tmp_path / "docs/reference/cli.md").write_text("edited", "utf-8")
    checked = subprocess.run([*command, "--check"], check=False, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout) == (4, "out of date: docs/reference/cli.md\n")
    subprocess.run(command, check=True)
    assert subprocess.run([*command, "--check"], check=False).returncode == 0


def test_readme_begins_with_the_two_lines() -> None:
    first = "\n".join((ROOT / "README.md").read_text("utf-8").splitlines()[:12])
    assert "\n".join(BOTH_LINES) in first


def test_ci_types_the_second_line() -> None:
    script = (ROOT / ".ci/run").read_text("utf-8")
    install, _, tests = BOTH_LINES[1].partition(" && ")
    arguments = install.removeprefix("pip install ")
    assert re.search(rf"pip install (-q )?{re.escape(arguments)}", script)
    assert re.search(rf"^{tests}\b", script, re.M) or f"&& {tests}" in script


def test_the_excerpt_keeps_one_recognizer_and_the_columns_that_have_values(
    tmp_path: Path,
) -> None:
    for translator in ("good", "bad|ly"):
        for fold in (1, 2):
            write(tmp_path, translator, fold=fold)
            write(tmp_path, translator, fold=fold, recognizer="other")
    (board,) = make_boards(read_records(tmp_path), tmp_path)
    lines = excerpt(board, recognizer="other", metrics=("accuracy", "psnr")).splitlines()
    assert len(lines) == 4
    assert [re.sub(" +", " ", cell).strip() for cell in lines[0].split("|")[1:-1]] == [
        "rank", "translator", "recognizer", "accuracy ↑",
    ]  # fmt: skip
    assert sum("bad\\|ly" in line for line in lines) == 1
    beside = excerpt(board, recognizer="other", beside="toy_means", metrics=("accuracy",))
    header, _, _, good = (line.split("|")[4:6] for line in beside.splitlines())
    assert [cell.strip() for cell in header] == ["accuracy ↑", "accuracy ↑ with toy\\_means"]
    assert good[0].strip() == good[1].strip() != "", "both have the same predictions"
    assert len(excerpt(board, recognizer="nobody").splitlines()) == 6


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists(), f"{named(page)} links to {target}"
        if anchor:
            assert anchor in anchors(place), f"{named(page)} links to {target}"


def anchors(page: Path) -> set[str]:
    """GitHub's anchors of a page's headings."""
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_decisions_are_numbered_and_listed() -> None:
    folder = ROOT / "docs/decisions"
    notes = sorted(path.name for path in folder.glob("0*.md"))
    assert [int(name[:4]) for name in notes] == list(range(1, len(notes) + 1))
    listed = re.findall(r"\((0\d+[^)]*\.md)\)", (folder / "README.md").read_text("utf-8"))
    assert listed == notes
    for name in notes:
        assert (folder / name).read_text("utf-8").startswith(f"# {name[:4]} ")


def test_environment_variables_are_documented() -> None:
    sources = [*(ROOT / "irfer_bench").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]
    code = "\n".join(
        path.read_text("utf-8") for path in sources if path.parent.name != "reference"
    )
    read = set(re.findall(r"\bIRFER_BENCH_[A-Z_]*[A-Z]\b", code))
    known = {name for name in ENVIRONMENT if "<" not in name and name.startswith("IRFER_BENCH_")}
    assert {name for name in read if not name.startswith("IRFER_BENCH_DATA")} == known
    assert "IRFER_BENCH_DATA_" in code


def test_published_numbers_name_their_source_and_whether_they_compare() -> None:
    folder = ROOT / "leaderboards/published"
    facts = json.loads((folder / "nfer_sde.json").read_text("utf-8"))
    assert len(facts) == 120
    assert all(isinstance(fact["comparable"], bool) and fact["source"] for fact in facts)
    printed = {fact["metric"] for fact in facts if not fact["comparable"]}
    assert printed == {"lpips", "psnr_db_as_printed", "ssim_as_printed"}
    with (folder / "recognizers.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 183
    for row in rows:
        assert row["source"] and 0 < float(row["value"]) <= 100
        sure = row["provenance"] in ("paper", "official repo", "quoted")
        assert (row["comparable"] == "true") == sure


def test_record_page_names_every_field_of_the_types() -> None:
    assert list(RECORD["Top level"]) == list(Record.__struct_fields__)
    assert list(RECORD["metrics"]) == list(Value.__struct_fields__)
    assert [(title, name) for title, own in RECORD.items() for name in own if not own[name]] == []


def test_the_numbers_above_readmes_excerpt_are_in_it() -> None:
    before, _, after = (ROOT / "README.md").read_text("utf-8").partition("<!-- board:")
    table = after.partition("<!-- /board -->")[0]
    low, high = re.findall(r"from (\d+\.\d+) to (\d+\.\d+) %", before)[-1]
    assert re.search(rf"\| identity +\| resnet18 +\| {low} ", table)
    assert re.search(rf"\| nfer\\_sde +\| resnet18 +\| {high} ", table)
    assert re.findall(r"!\[.*\]\((.*)\)", before) == ["docs/images/translation.png"]
