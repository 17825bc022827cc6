"""The core: a plan of 2,000 cells, a leaderboard of 20,000 records."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.record import (
    SCHEMA,
    CellFacts,
    DataFacts,
    Machine,
    MethodFacts,
    Record,
    StepFacts,
    Value,
)
from irfer_bench.engine.boards import write_boards
from irfer_bench.engine.page_stamps import YOUNG
from irfer_bench.experiment.planner import Planner
from irfer_bench.experiment.request import Request
from irfer_bench.registry import load
from irfer_bench.store import keys
from irfer_bench.store.artefacts import Store
from irfer_bench.store.records import path_of, predictions_path
from irfer_bench.store.schemas import encode
from irfer_metrics import recognition
from tests.benchmarks.harness import seconds

CLASSES = ["anger", "disgust", "fear", "happiness", "sadness", "surprise"]
PLAIN = ("identity", "grey", "red", "histmatch", "meanstd")


def plan(tiny: bool) -> tuple[float, float]:
    """2,000 cells of 8 steps with keys and the estimate, against loading the plugins alone."""
    folds, seeds = ((1,), (0,)) if tiny else (range(1, 6), range(80))
    request = Request(
        settings=("synth_nir_weak5",),
        translators=PLAIN,
        recognizers=("resnet18",),
        folds=tuple(folds),
        seeds=tuple(seeds),
        precision="fp32",
        device="cpu",
    )
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)

        def ours() -> None:
            made = Planner(load(), home, home / "weights").plan([request])
            assert len(made.cells) == len(PLAIN) * len(folds) * len(seeds)
            assert list(made.needed(Store(home / "store")))

        return seconds(ours), seconds(load)


def leaderboard(tiny: bool) -> tuple[float, float]:
    """20,000 records of 144 items in ten settings, against reading their bytes."""
    with _records(tiny) as (out, names):
        ours = seconds(lambda: write_boards(out, names))
        assert (out / "setting0.md").stat().st_size > 100
        paths = [*out.glob("records/*/*.json"), *out.glob("predictions/*/*.json")]
        return ours, seconds(lambda: [path.read_bytes() for path in paths])


def leaderboard_again(tiny: bool) -> tuple[float, float]:
    """The same a second time, where nothing changed, against the first time."""
    with _records(tiny) as (out, names):
        time.sleep(2 * YOUNG / 1e9)
        first = seconds(lambda: write_boards(out, names))
        return seconds(lambda: write_boards(out, names)), first


@contextmanager
def _records(tiny: bool) -> Iterator[tuple[Path, list[str]]]:
    """A results folder with a home of its own, and its settings."""
    settings, rows = (1, 2) if tiny else (10, 400)
    names = [f"setting{number}" for number in range(settings)]
    before = os.environ.get("IRFER_BENCH_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["IRFER_BENCH_HOME"] = f"{folder}/home"
        try:
            for name in names:
                _fill(Path(folder), name, rows)
            yield Path(folder), names
        finally:
            os.environ.pop("IRFER_BENCH_HOME")
            if before is not None:
                os.environ["IRFER_BENCH_HOME"] = before


def _fill(out: Path, setting: str, rows: int) -> None:
    random = np.random.default_rng(keys.seed_for(0, setting))
    for row in range(rows):
        for fold in range(1, 6):
            _write(out, setting, row, fold, random)


def _write(out: Path, setting: str, row: int, fold: int, random: np.random.Generator) -> None:
    scores = random.normal(size=(144, 6)).round(4)
    labels = np.arange(144) % 6
    scores[np.arange(144), labels] += row / 200
    items = [
        [f"s{fold}{i // 6:03d}-{i % 6}", f"s{fold}{i // 6:03d}", CLASSES[i % 6], list(scores[i])]
        for i in range(144)
    ]
    text = keys.canonical({"classes": CLASSES, "items": items})
    record = Record(
        schema=SCHEMA,
        key=keys.digest([setting, row, fold]),
        cell=CellFacts(
            setting=setting,
            setting_version="1",
            dataset="synth",
            preset="quick",
            translator=f"translator{row}",
            recognizer="means",
            fold=fold,
            seed=0,
            folds=5,
            seeds=1,
            primary="accuracy",
            precision="fp32",
        ),
        translator=MethodFacts(name=f"translator{row}", version="1"),
        recognizer=MethodFacts(name="means"),
        data=DataFacts(
            fingerprint="a", predictions=hashlib.sha256(text.encode()).hexdigest()
        ),
        metrics=_metrics(labels, scores.argmax(1)),
        confusion=None,
        classes=CLASSES,
        steps=[StepFacts(kind="score", title="score", key="a", seconds=1.0, peak_mb=1.0)] * 8,
        facts={},
        machine=Machine(),
        packages={},
        created="2026-01-01T00:00:00Z",
    )
    for path, content in (
        (path_of(out, record.cell, record.key), encode(record)),
        (predictions_path(out, record), text.encode()),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _metrics(labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> dict[str, Value]:
    """True values: what contradicts its predictions would be left out."""
    confusion = recognition.confusion_matrix(labels, predicted, 6)
    formulas = {
        "accuracy": recognition.accuracy,
        "macro_f1": recognition.macro_f1,
        "uar": recognition.uar,
        "war": recognition.accuracy,
    }
    return {
        name: Value(value=float(formula(confusion)), low=0.1, high=0.9, unit="fraction")
        for name, formula in formulas.items()
    }
