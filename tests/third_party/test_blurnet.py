"""A third-party distribution, built, installed and used like any user would."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.irfer_bench.distributions import write_distribution
from tests.third_party.installing import BLURNET, TOY, bench, install, run

GRID = (
    "run --setting toy_weak -t toy_shift -t blur -r toy_means -r centroids -p blur.radius=0 "
    "-p centroids.grid=4"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the wheel is installed."""
    return install(tmp_path_factory.mktemp("blurnet"), BLURNET)


def test_list_names_the_owner_and_the_broken_entry_point(site: Path, tmp_path: Path) -> None:
    done = bench("list --json", [site], tmp_path)
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)
    own = {
        (row["kind"], row["name"]) for row in listed["components"]
        if row["distribution"] == "irfer-bench-blurnet"
    }
    assert own == {("translator", "blur"), ("recognizer", "centroids")}
    assert {
        "plugin": "blurnet_gpu", "distribution": "irfer-bench-blurnet",
        "reason": "RuntimeError: blurnet_gpu: no accelerator of the right kind",
    } in listed["broken"]


def test_the_broken_half_harms_nothing(site: Path, tmp_path: Path) -> None:
    """Every command that needs no data works beside it; doctor says what is wrong."""
    for words in ("--help", "list", "list translators", "show blur", "show pca"):
        done = bench(words, [site], tmp_path)
        assert done.returncode == 0, (words, done.stderr)
    doctor = bench("doctor", [site], tmp_path)
    assert "blurnet_gpu" in doctor.stdout


def test_its_methods_run_and_share_the_board(site: Path, tmp_path: Path) -> None:
    done = bench(f"{GRID} --fold 1 --json --out out", [site, TOY], tmp_path)
    assert done.returncode == 0, done.stderr
    cells = json.loads(done.stdout)["cells"]
    assert {(c["cell"]["translator"].split()[0], c["cell"]["recognizer"].split()[0])
            for c in cells} == {
        ("toy_shift", "toy_means"), ("toy_shift", "centroids"),
        ("blur", "toy_means"), ("blur", "centroids"),
    }
    again = bench("leaderboard --out out", [site, TOY], tmp_path)
    assert again.returncode == 0, again.stderr
    page = (tmp_path / "out" / "toy_weak.md").read_text()
    board = re.search(r"(?:^\|.*\n)+", page, re.MULTILINE)[0]  # type: ignore[index]
    assert len(re.findall(r"^\|.*\bblur\b", board, re.MULTILINE)) == 2
    assert len(re.findall(r"^\|.*toy\\?_shift", board, re.MULTILINE)) == 2
    record = next(json.loads(Path(tmp_path, c["record"]).read_text()) for c in cells
                  if c["cell"]["translator"].startswith("blur"))
    assert record["translator"]["distribution"] == "irfer-bench-blurnet"
    assert record["packages"]["irfer-bench-blurnet"] == "0.3.0"


def test_two_distributions_with_one_name_have_two_rows(site: Path, tmp_path: Path) -> None:
    text = (site / "irfer_bench_blurnet" / "hooks.py").read_text()
    other = write_distribution(
        tmp_path / "other", "irfer-bench-otherblur", {"otherblur_hooks": text},
        {"other": "otherblur_hooks"},
    )
    sites = [site, other, TOY]
    words = "run --setting toy_quality --fold 1 --json --out out"
    refused = bench(f"{words} -t blur", sites, tmp_path)
    assert refused.returncode == 2
    assert "say irfer-bench-blurnet:blur or irfer-bench-otherblur:blur" in refused.stderr
    done = bench(
        f"{words} -t irfer-bench-blurnet:blur -t irfer-bench-otherblur:blur", sites, tmp_path
    )
    assert done.returncode == 0, done.stderr
    names = {c["cell"]["translator"] for c in json.loads(done.stdout)["cells"]}
    assert names == {"irfer-bench-blurnet:blur", "irfer-bench-otherblur:blur"}
    board = (tmp_path / "out" / "toy_quality.md").read_text()
    assert len(re.findall(r"^\|.*:blur", board, re.MULTILINE)) == 2


def test_builtin_only_hides_it(site: Path, tmp_path: Path) -> None:
    done = bench("list --json", [site], tmp_path, IRFER_BENCH_PLUGINS="builtin")
    assert done.returncode == 0
    assert "blurnet" not in done.stdout + done.stderr
    refused = bench("show blur", [site], tmp_path, IRFER_BENCH_PLUGINS="builtin")
    assert refused.returncode == 2
    assert "unknown component 'blur'" in refused.stderr


def test_its_own_conformance_tests_pass(site: Path, tmp_path: Path) -> None:
    place = ["--rootdir", BLURNET, BLURNET / "tests"]
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", *place]
    done = run(words, [site], tmp_path)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "skipped" not in done.stdout
