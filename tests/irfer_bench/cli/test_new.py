"""`irfer-bench new plugin`: the new package is installed, listed, run and tested."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from irfer_bench.cli import main
from irfer_bench.scaffold import KINDS
from tests.third_party.installing import TOY, bench, install, run


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One package of each kind, as the command writes it."""
    into = tmp_path_factory.mktemp("src")
    for kind in KINDS:
        assert main(["new", "plugin", f"my_{kind}", "--kind", kind, "--into", str(into)]) == 0
    return [into / f"irfer-bench-my-{kind}" for kind in KINDS]


@pytest.fixture(scope="module")
def site(sources: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them installed."""
    return install(tmp_path_factory.mktemp("work"), *sources)


def test_all_kinds_are_listed(site: Path, tmp_path: Path) -> None:
    listed = json.loads(bench("list --json", [site], tmp_path).stdout)
    assert listed["broken"] == []
    found = {(row["kind"], row["name"], row["distribution"]) for row in listed["components"]}
    assert {(kind, f"my_{kind}", f"irfer-bench-my-{kind}") for kind in KINDS} <= found
    shown = bench("show my_detector", [site], tmp_path)
    assert "smallest side" in shown.stdout, shown.stderr
    shown = bench("show my_translator", [site], tmp_path)
    assert "my_translator@clean" in shown.stdout, shown.stderr


def test_their_own_tests_pass(site: Path, sources: list[Path], tmp_path: Path) -> None:
    places = [source / "tests" for source in sources]
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", *places]
    done = run([*words, "--rootdir", sources[0].parent], [site], tmp_path)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "skipped" not in done.stdout


def test_they_are_tidy(sources: list[Path], tmp_path: Path) -> None:
    words = ["-m", "ruff", "check", "--isolated", "--line-length=100", *sources]
    done = run(words, [], tmp_path)
    assert done.returncode == 0, done.stdout


def test_a_new_translator_and_recognizer_run(site: Path, tmp_path: Path) -> None:
    words = "run --setting toy_weak -t my_translator -t my_translator@clean -r my_recognizer"
    done = bench(f"{words} --fold 1 --json", [site, TOY], tmp_path)
    assert done.returncode == 0, done.stderr
    names = {cell["cell"]["translator"] for cell in json.loads(done.stdout)["cells"]}
    assert names == {"my_translator", "my_translator@clean"}


def test_a_new_recognizer_learns_and_a_new_metric_ends_on_a_board(
    site: Path, tmp_path: Path
) -> None:
    words = "run -s synth_nir_supervised -t none -r my_recognizer --metric my_metric --fold 1"
    done = bench(f"{words} --out out --json", [site], tmp_path)
    assert done.returncode == 0, done.stderr
    metrics = json.loads(done.stdout)["metrics"]
    assert metrics["accuracy"]["value"] > 0.5  # chance is 1/6
    assert metrics["my_metric"]["value"] < 0.4
    assert "my\\_metric" in (tmp_path / "out/synth_nir_supervised.md").read_text("utf-8")


def test_a_new_dataset_is_checked_and_run(
    site: Path, sources: list[Path], tmp_path: Path
) -> None:
    """Its own sample, through its own settings, with another new plugin."""
    root = tmp_path / "root"
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; "
        "import test_conformance as t; t.TestMyDataset().write_sample(Path(sys.argv[2]))"
    )
    done = run(["-c", code, sources[3] / "tests", root], [site], tmp_path)
    assert done.returncode == 0, done.stderr
    checked = bench(f"data check my_dataset --data-root {root} --json", [site], tmp_path)
    assert checked.returncode == 0, checked.stderr
    facts = json.loads(checked.stdout)
    assert (facts["items"], facts["problems"]) == (72, [])
    words = "run -d my_dataset -s my_dataset_supervised -t none -r my_recognizer --fold 1"
    done = bench(f"{words} --preset quick --data-root {root} --json", [site], tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["metrics"]["accuracy"]["value"] > 0.5


def test_a_new_detector_crops(site: Path, tmp_path: Path) -> None:
    """Bright squares off the centre of dark images are what preparation cuts out."""
    for subject in range(1, 6):
        for label in ("anger", "disgust", "fear", "happiness", "sadness", "surprise"):
            place = tmp_path / "photos" / "nir" / f"s{subject}" / label / "001.png"
            place.parent.mkdir(parents=True)
            frame = np.zeros((80, 120), np.uint8)
            frame[10:50, 70:110] = 200
            Image.fromarray(frame).save(place)
    words = "data prepare folder --data-root photos -s folder_nir_supervised --json"
    done = bench(f"{words} --detector my_detector", [site], tmp_path)
    assert done.returncode == 0, done.stderr
    (facts,) = json.loads(done.stdout)["prepared"]
    assert facts["no_face"] == 0
    kept = json.loads(Path(facts["boxes"]).read_text())
    assert {tuple(box) for own in kept.values() for box in own["boxes"]} == {(64, 4, 52)}


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["new", "plugin", "mine", "--into", str(tmp_path)]
    assert main(words) == 0
    kept = tmp_path / "irfer-bench-mine" / "README.md"
    kept.write_text("edited")
    assert main([*words, "--kind", "metric"]) == 2
    assert "is there already, and nothing is overwritten" in capsys.readouterr().err
    assert kept.read_text() == "edited"
    assert [p.name for p in tmp_path.iterdir()] == ["irfer-bench-mine"]


@pytest.mark.parametrize("name", [
    "Mine", "my-plugin", "1st", "", "class", "../evil", "a/b", "a b", "é", "hooks", "a" * 41,
])
def test_only_names_that_can_be_modules(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "plugin", "--into", str(tmp_path), "--", name]) == 2
    assert "cannot be used; a name has up to 40 of a-z" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_builtin_name_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["new", "plugin", "pca", "--kind", "recognizer", "--into", str(tmp_path)]
    assert main(words) == 2
    assert "reserved for the built-in" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main(["new", "plugin", "mine", "--into", str(tmp_path / "file")]) != 0
    assert str(tmp_path / "file") in capsys.readouterr().err
