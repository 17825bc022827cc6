"""docs/write-a-plugin.md, followed by a stranger: its files, installed, tested and run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from irfer_bench.scaffold import KINDS
from tests.third_party.installing import bench, install, run

PAGE = Path(__file__).parents[1] / "docs" / "write-a-plugin.md"
TEXT = PAGE.read_text(encoding="utf-8")
FILES = dict(re.findall(
        r"^```(?:python|toml)\n# (\S+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL
    ))
LINES = re.findall(r"^\$ (.*)$", TEXT, re.MULTILINE)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's files, written as it says."""
    folder = tmp_path_factory.mktemp("page") / "irfer-bench-posterise"
    for name, body in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body)
    return folder


@pytest.fixture(scope="module")
def site(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where they are installed."""
    return install(tmp_path_factory.mktemp("work"), source)


def test_every_block_of_code_is_a_file() -> None:
    assert len(FILES) == len(re.findall(r"^```(?:python|toml)$", TEXT, re.MULTILINE)) == 6


def test_its_tests_pass(source: Path, site: Path, tmp_path: Path) -> None:
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", source, source / "tests"]
    done = run(words, [site], tmp_path)
    assert done.returncode == 0, done.stdout[-4000:]


def test_its_commands_work(site: Path, tmp_path: Path) -> None:
    commands = [line.removeprefix("irfer-bench ") for line in LINES if line.startswith("irfer-")]
    assert [line.split()[0] for line in commands] == ["new", "list", "show", "plan", "run"]
    outputs = []
    for words in commands:
        done = bench(words, [site], tmp_path)
        assert done.returncode == 0, (words, done.stderr)
        outputs.append(done.stdout)
    assert (tmp_path / "irfer-bench-posterise" / "pyproject.toml").is_file()
    assert "posterise@flat" in outputs[2]
    assert "3 cells" in outputs[3]
    board = (tmp_path / "leaderboards" / "synth_nir_quality.md").read_text()
    assert len(re.findall(r"^\|.*posterise", board, re.MULTILINE)) == 2


def test_the_short_way_names_every_kind() -> None:
    for kind in KINDS:
        assert f"`{kind}`" in TEXT
