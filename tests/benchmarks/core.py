"""The core: start-up, a plan of 2,000 cells, a leaderboard of 20,000 records."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import numpy as np

from irfer_bench.experiment.planner import Planner
from irfer_bench.experiment.request import Request
from irfer_bench.library.boards import write_boards
from irfer_bench.registry import load
from irfer_bench.store import keys
from irfer_bench.store.artefacts import Store
from irfer_bench.store.records import Record, Value, path_of, predictions_path, sealed
from tests.benchmarks.harness import seconds

CLASSES = ["anger", "disgust", "fear", "happiness", "sadness", "surprise"]
PLAIN = ("identity", "grey", "red", "histmatch", "meanstd")


def start_up(tiny: bool) -> tuple[float, float]:
    """`irfer-bench --help` against an interpreter that does nothing."""
    ours = [sys.executable, "-m", "irfer_bench", "--help"]
    bare = [sys.executable, "-c", "pass"]
    quiet = {"stdout": subprocess.DEVNULL, "check": True}
    subprocess.run(ours, **quiet)  # the first run may have to compile
    return (
        seconds(lambda: subprocess.run(ours, **quiet)),
        seconds(lambda: subprocess.run(bare, **quiet)),
    )


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
    settings, rows = (1, 2) if tiny else (10, 400)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        for number in range(settings):
            _fill(out, f"setting{number}", rows)
        names = [f"setting{number}" for number in range(settings)]
        ours = seconds(lambda: write_boards(out, names))
        assert (out / "setting0.md").stat().st_size > 100
        paths = [*out.glob("records/*/*.json"), *out.glob("predictions/*/*.json")]
        return ours, seconds(lambda: [path.read_bytes() for path in paths])


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
    value = Value(value=float((scores.argmax(1) == labels).mean()), low=0.1, high=0.9)
    record = Record(
        schema=1,
        key=keys.digest([setting, row, fold]),
        cell={
            "setting": setting,
            "setting_version": "1",
            "dataset": "synth",
            "preset": "quick",
            "translator": f"translator{row}",
            "recognizer": "means",
            "fold": fold,
            "seed": 0,
            "folds": 5,
            "seeds": 1,
            "primary": "accuracy",
            "precision": "fp32",
        },
        translator={"name": f"translator{row}", "version": "1"},
        recognizer={"name": "means"},
        data={"fingerprint": "a", "predictions": hashlib.sha256(text.encode()).hexdigest()},
        metrics=dict.fromkeys(("accuracy", "macro_f1", "uar", "war"), value),
        confusion=None,
        classes=CLASSES,
        steps=[{"kind": "score", "title": "score", "key": "a", "seconds": 1.0, "peak_mb": 1.0}] * 8,
        facts={},
        machine={},
        packages={},
        created="2026-01-01T00:00:00Z",
    )
    record = sealed(record)
    for path, content in (
        (path_of(out, record.cell, record.key), msgspec.json.encode(record)),
        (predictions_path(out, record), text.encode()),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
