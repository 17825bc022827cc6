"""From RAF-DB to CK+ and to AffectNet: all of a foreign dataset is tested, none of it is seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.api import BASIC, CLASSES
from irfer_bench.cli import main
from tests.irfer_datasets.affectnet_tree import crops_tree, lists_tree
from tests.irfer_datasets.ck_plus_tree import ck_plus_tree
from tests.irfer_datasets.raf_db_tree import owner_tree

TINY = ["-t", "none", "-r", "resnet18", "--preset", "quick"]
TINY += ["-p", "resnet18.epochs=1", "-p", "resnet18.width=8", "-p", "resnet18.size=32"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a home of its own, and RAF-DB in it."""
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    owner_tree(tmp_path / "raf_db")
    return tmp_path


def run(setting: str, here: Path, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """The record of one small run."""
    target = "ck_plus" if setting.endswith("ck_plus") else "affectnet"
    roots = [f"--data-root={name}={here / name}" for name in ("raf_db", target)]
    code = main(["run", "--setting", setting, *roots, *TINY, *words, "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    return json.loads(Path(json.loads(out)["record"]).read_text())


def scored(record: Any) -> dict[str, int]:
    """How many scored frames each class has."""
    rows = zip(record["classes"], record["confusion"], strict=True)
    return {name: sum(row) for name, row in rows}


def test_raf_db_to_ck_plus(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ck_plus_tree(here / "ck_plus")
    record = run("raf_db_to_ck_plus", here, capsys)
    # Three people, one sequence per expression: contempt dropped, all 21 first frames neutral.
    assert scored(record) == dict.fromkeys(BASIC, 3) | {"neutral": 21}
    data = record["data"]
    assert (data["train_source"], data["train_target"], data["test"]) == (14, 0, 39)


@pytest.mark.parametrize("write", [crops_tree, lists_tree])
def test_raf_db_to_affectnet(
    here: Path, capsys: pytest.CaptureFixture[str], write: Callable[[Path], Path]
) -> None:
    write(here / "affectnet")
    record = run("raf_db_to_affectnet7", here, capsys)
    assert scored(record) == dict.fromkeys(CLASSES[:7], 1)
    data = record["data"]
    assert (data["train_source"], data["train_target"], data["test"]) == (14, 0, 7)
