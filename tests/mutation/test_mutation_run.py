"""The mutation run finds the one fault of the toy module that its tests cannot notice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray", reason="the extra `mutation`")
ROOT = Path(__file__).parents[2]
TOY = Path(__file__).parent / "toy"


def mutate(table: Path, kept: Path, *words: str) -> tuple[int, str]:
    """Exit code and report of a run over the toy."""
    command = [sys.executable, "-m", "tests.mutation", "mutation_*", "--kept", str(kept), *words]
    path = os.pathsep.join([str(ROOT), str(TOY)])
    ended = subprocess.run(
        [*command, "--targets", str(table)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout


def test_a_fault_that_no_test_notices_is_named_until_it_is_explained(tmp_path: Path) -> None:
    table = shutil.copy(TOY / "targets.toml", tmp_path)
    code, said = mutate(table, tmp_path)
    assert code == 1
    assert "| mutation_toy | 10 | 9 | 0 | 1 | 90 % |" in said
    assert "+    return a if a >= b else b" in said
    assert said.count("@@") == 2, "one survivor"
    code, said = mutate(TOY / "targets.toml", tmp_path, "--report")
    assert code == 0
    assert "| mutation_toy | 10 | 9 | 1 | 0 | 100 % |" in said
