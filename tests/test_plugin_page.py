"""docs/write-a-plugin.md, followed step by step: its files, installed, tested and run."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from irfer_bench.registry import Registry
from irfer_bench.scaffold import KINDS
from irfer_bench.testing.faces import make_faces
from irfer_bench.testing.memory import MemoryContext
from irfer_bench.testing.recognizer_conformance import check_course, check_regions
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
    board = (tmp_path / "results" / "synth_nir_quality.md").read_text()
    assert len(re.findall(r"^\|.*posterise", board, re.MULTILINE)) == 2


def test_the_short_way_names_every_kind() -> None:
    for kind in KINDS:
        assert f"`{kind}`" in TEXT


def test_its_excerpts_work(tmp_path: Path) -> None:
    """Each in a fresh namespace: component, scores and features, explanations, dataset, metric."""
    spaces = []
    for text in re.findall(r"^```python run\n(.*?)^```$", TEXT, re.M | re.S):
        spaces.append({"__name__": "excerpt"})
        exec(compile(text, str(PAGE), "exec"), spaces[-1])  # noqa: S102  the page's own code
    declared, encoder, told, dataset, metric = spaces
    announced = Registry()
    assert announced.add(declared["component"], "excerpt") == ""
    clips = make_faces("nir", range(4))
    model = SimpleNamespace(means=np.zeros((6, 16), np.float32) + np.arange(6)[:, None])
    scores, features = encoder["predict_and_embed"](model, clips, MemoryContext())
    assert features.shape == (len(clips), 16)
    np.testing.assert_allclose(np.exp(scores).sum(1), 1, atol=1e-5)
    regions, course = told["explain"](None, clips[0], MemoryContext())
    check_regions(regions, 1)
    check_course(course, 1)
    assert told["explain_words"](None, MemoryContext())[0].words[0] == ("smiling", 0.8)
    for name in ("VIS/S01/S01_happy_3.png", "nir/box/S01/S01_happy_3.png", "NIR/S02/S02_odd_1.png"):
        place = tmp_path / "booth" / name
        place.parent.mkdir(parents=True)
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(place)
    booth = dataset["Booth"]()
    assert {(i.subject, i.label, i.spectrum, i.pair is None) for i in booth.index(tmp_path)} == {
        ("S01", "happiness", "vis", False), ("S01", "happiness", "nir", False),
    }  # fmt: skip
    assert [problem.kind for problem in booth.problems(tmp_path)] == ["unknown_label"]
    top = metric["TopTwo"]()
    scores = np.array([[5.0, 4.0, 1.0, 0.0], [0.0, 1.0, 4.0, 5.0]])
    inputs = SimpleNamespace(scores=scores, labels=np.array([1, 0]))
    assert top.compute(inputs) == 0.5
    assert top.compute(inputs, index=np.array([0, 0])) == 1.0
