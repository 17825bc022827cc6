"""The tutorial, typed as written in an empty folder."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from docs.generate.words import RECORD
from irfer_bench.contracts.record import Record
from irfer_bench.experiment.request import Request
from tests.doc_pages import ROOT, blocks


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tutorial")


@pytest.fixture(scope="module")
def tutorial(workplace: Path) -> list[tuple[str, subprocess.CompletedProcess[str]]]:
    """What every runnable block of the tutorial did, one after the other in one folder."""
    environment = os.environ | {
        "IRFER_BENCH_HOME": str(workplace / "home"), "IRFER_BENCH_PLUGINS": "builtin",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    environment.pop("IRFER_BENCH_WEIGHTS", None)

    def run(words: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=workplace, env=environment, capture_output=True, text=True, check=False,
        )

    done = []
    for block in blocks(ROOT / "docs/tutorial.md"):
        if block.language == "toml":
            name = block.text.splitlines()[0].removeprefix("# ")
            (workplace / name).write_text(block.text, "utf-8")
        elif block.runs and block.language == "python":
            done.append(("python", run([sys.executable, "-c", block.text])))
        elif block.runs:
            done += [
                (command, run([sys.executable, "-m", "irfer_bench", *shlex.split(command)[1:]]))
                for command in block.commands
            ]
    return done


@pytest.mark.slow
def test_the_tutorial_works_as_written(
    tutorial: list[tuple[str, subprocess.CompletedProcess[str]]], workplace: Path
) -> None:
    assert len(tutorial) > 10
    for command, result in tutorial:
        assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
        assert "Traceback" not in result.stderr
    boards = {path.name for path in (workplace / "results").glob("*.md")}
    assert boards == {"synth_nir_quality.md", "folder_nir_quality.md"}
    assert not list((workplace / "results").rglob("faces"))
    drawn = {path.parent.name for path in (workplace / "results/images").rglob("*.png")}
    assert drawn == {"synth_nir_quality"}


@pytest.mark.slow
def test_record_page_names_every_field_that_is_written(
    tutorial: list[tuple[str, subprocess.CompletedProcess[str]]], workplace: Path
) -> None:
    written = sorted((workplace / "results/records").rglob("*.json"))
    assert written
    for path in written:
        record = json.loads(path.read_text("utf-8"))
        assert set(record["cell"]) == set(RECORD["cell"])
        assert set(record["data"]) == set(RECORD["data"])
        assert set(record["translator"]) == set(RECORD["translator, recognizer"])
        assert all(set(step) == set(RECORD["steps"]) for step in record["steps"])
        assert msgspec.convert(record, Record).outcome == "ok"
        name = path.relative_to(workplace / "results/records")
        predictions = json.loads(
            (workplace / "results/predictions" / name).read_text("utf-8")
        )
        assert set(predictions) <= set(RECORD["Predictions"])


def test_the_tutorial_names_every_key_of_a_suite() -> None:
    text = (ROOT / "docs/tutorial.md").read_text("utf-8")
    assert [name for name in Request.__struct_fields__ if f"`{name}`" not in text] == []
