"""The pages' commands on real data, typed on small trees of the same layout."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.sample_trees import SAMPLES
from tests.doc_pages import PAGES, ROOT, blocks, named
from tests.irfer_datasets.photographs import by_folders
from tests.irfer_datasets.trees import oulu_tree

TUTORIAL = ROOT / "docs/tutorial.md"
PLACES = {
    "OULU": "oulu_casia", "/data/OULU": "oulu_casia", "/data/Oulu_CASIA": "oulu_casia",
    "/data/DFEW": "dfew", "/data/export": "hub", "photos": "photos",
}  # fmt: skip
"""What lies in each folder that the pages name."""
BROUGHT = ("/data/other", "OWNER/NAME", "points.safetensors", "suite.toml", "RECORD.json")
"""Names of what only its owner has; those commands are parsed."""


def commands() -> list[tuple[str, str]]:
    return [
        (named(page), command)
        for page in PAGES
        for block in blocks(page)
        if block.language == "console" and not block.runs
        for command in block.commands
        if "data-root" in command and not any(name in command for name in BROUGHT)
    ]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    by_folders(folder / "photos")
    (folder / "drawn").mkdir()
    (own,) = [block.text for block in blocks(TUTORIAL) if block.language == "python" and block.runs]
    subprocess.run([sys.executable, "-c", own], cwd=folder / "drawn", check=True)
    for name in ("oulu_casia", "dfew", "hub"):
        (folder / name).mkdir()
        SAMPLES[name](folder / name)
    cropped = (("VL_Acropped", 4), ("NI_Acropped", 6))
    oulu_tree(folder / "oulu_casia/PreProcess_Img", ("P001", "P002"), cameras=cropped)
    return folder


def on_the_tree(words: list[str], page: str) -> list[str]:
    """The words with the tree's folder for the page's, after `=` or alone.

    README's photographs are near-infrared alone; the tutorial's are what it draws.
    """
    places = PLACES | {"photos": "drawn/photos"} if page == "docs/tutorial.md" else PLACES
    placed = []
    for word in words:
        name, equals, place = word.rpartition("=")
        placed.append(f"{name}{equals}{places[place]}" if place in places else word)
    return placed


@pytest.mark.slow
@pytest.mark.parametrize(("page", "command"), commands())
def test_a_command_on_real_data_works_or_names_its_prerequisite(
    page: str, command: str, workplace: Path
) -> None:
    """Runs of the quick preset are run, of one epoch; others need weights and are planned."""
    words = on_the_tree(shlex.split(command)[1:], page)
    quick = "quick" in words
    if words[0] == "run":
        words = [*words, "-p", "resnet18.epochs=1"] if quick else ["plan", *words[1:]]
    environment = os.environ | {
        "IRFER_BENCH_HOME": str(workplace / "home"), "IRFER_BENCH_PLUGINS": "builtin",
    }  # fmt: skip
    environment.pop("IRFER_BENCH_WEIGHTS", None)
    done = subprocess.run(
        [sys.executable, "-m", "irfer_bench", *words], cwd=workplace, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    if words[0] == "plan" and done.returncode:
        assert done.returncode == 3, done.stderr
        assert "IRFER_BENCH_WEIGHTS" in done.stderr or "landmarks" in done.stderr, done.stderr
    else:
        assert done.returncode == 0, done.stderr


def test_the_lines_of_readme_are_among_them() -> None:
    assert sum(page == "README.md" for page, _ in commands()) == 3
