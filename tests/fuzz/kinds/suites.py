"""Suites: `plan SUITE.toml`, with the toy and the built-in methods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from tests.fuzz.mutations import mutate_text

SEEDS = (
    b"""dataset = "toy"
translators = ["toy_shift"]
recognizers = ["toy_means"]
folds = [1, 2]
seeds = [0, 1]
threads = 1
[params.toy_means]
passes = 3
[data_roots]
folder = "somewhere"
""",
    b"""settings = ["toy_weak", "toy_supervised"]
recognizers = ["toy_means", "toy_encoded"]
metrics = ["uar"]
folds = "1-2"
""",
    b"""dataset = "synth"
preset = "quick"
[[run]]
translators = ["nfer_sde", "none"]
recognizers = ["pca", "resnet18"]
[run.params.nfer_sde]
lambda_h = 50
[[run]]
settings = ["synth_nir_supervised"]
recognizers = ["linear_probe"]
folds = "all"
[published]
file = "values.json"
source = "a paper"
dataset = "synth"
metrics = { uar = "UAR" }
rows = { pca = "PCA" }
[ablation]
full = "nfer_sde"
""",
    b"""dataset = "toy"
data_roots = { toy = "." }
recognizers = ["toy_means"]
translators = ["toy_raw", "toy_shift"]
detector = "boxes"
boxes = "boxes.json"
no_face = "whole"
device = "cpu"
precision = "fp32"
rebuild = ["toy_means"]
fit_translator_on = "synth"
""",
)


def seeds(kind: str) -> list[bytes]:
    """Every key of a suite."""
    return list(SEEDS)


def mutate(kind: str, random: Random, seed: bytes, others: Sequence[bytes]) -> bytes:
    """Changed text."""
    return mutate_text(random, seed, others)


def prepare(kind: str, content: bytes, place: Path) -> Callable[[], object]:
    """Plan it; `run` reads it in the same way, and the values that it names."""
    (place / "suite.toml").write_bytes(content)
    (place / "boxes.json").write_text("{}")

    def call() -> int:
        from irfer_bench.cli import main
        from irfer_bench.errors import BenchError
        from irfer_bench.experiment.ablation import read_ablation
        from irfer_bench.experiment.published import read_published

        for read in (read_published, read_ablation):
            try:
                read("suite.toml")
            except BenchError as error:
                assert error.exit_code in (2, 3, 4), error
        return main(["plan", "suite.toml", "--out", str(place.parents[1] / "out")])

    return call
