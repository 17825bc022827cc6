"""Records of rows that are right on a share of their items, and the boards made of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from irfer_bench.statistics.board import Board, make_boards
from irfer_bench.statistics.measurement import Lookup
from irfer_bench.store import keys, records
from irfer_bench.store.files import write_text
from irfer_bench.store.records import Record, Value
from tests.irfer_bench.store.test_records import GOLDEN

CLASSES = ["anger", "disgust", "fear"]
ITEMS, SUBJECTS = 120, 20


def write(
    out: Path, translator: str = "a", recognizer: str = "r", *, right: float = 0.9, fold: int = 1,
    seed: int = 0, metrics: dict[str, Value], drop: float = 0.0, kept: dict[str, Any] | None = None,
    judge: str = "judge", created: str = "2025-01-01T00:00:00Z",
    said: Callable[[int], tuple[int, int]] | None = None, **cell: Any,
) -> Record:
    """A record of a row right on a share of its items; `drop` is what a seed costs or brings.

    `said` gives true and predicted class of an item instead.
    """
    random = np.random.default_rng([fold, seed, len(translator)])
    value = random.random(ITEMS)
    rows = []
    for i in range(ITEMS):
        true, guess = said(i) if said else (i % 3, (i + (value[i] >= right - drop)) % 3)
        scores = [-0.1 if k == guess else -3.0 for k in range(3)]
        rows.append([f"f{fold}i{i}", f"f{fold}s{i % SUBJECTS}", CLASSES[true], scores])
    text = json.dumps({"classes": CLASSES, "items": rows} | (kept or {}))
    golden, change = records.read_record(GOLDEN), msgspec.structs.replace
    whole = change(
        golden.cell, translator=translator, recognizer=recognizer, fold=fold, seed=seed,
        primary=next(iter(metrics)), **cell,
    )  # fmt: skip
    digest = hashlib.sha256(text.encode()).hexdigest()
    record = records.sealed(change(
        golden, cell=whole, metrics=metrics, classes=CLASSES, confusion=None, created=created,
        key=keys.digest([msgspec.to_builtins(whole)]),
        steps=[change(s, key=judge) if s.kind == "fit_recognizer" else s for s in golden.steps],
        data=change(golden.data, unlabelled_target=False, predictions=digest),
    ))  # fmt: skip
    records.write_record(out, record)
    write_text(records.predictions_path(out, record), text)
    return record


class TopTwo:
    """A third party's metric without sums: the true class is among the two likeliest."""

    consumes = frozenset({"scores"})
    direction, unit, range = "higher", "fraction", (0.0, 1.0)

    def compute(self, inputs: Any, index: Any = None) -> float:
        best = np.argsort(-inputs.scores, axis=1)[:, :1]
        right = (best == inputs.labels[:, None]).any(1)
        return float((right if index is None else right[index]).mean())


def lookup(**known: Any) -> Lookup:
    return lambda name: known.get(name)


def board(out: Path, find: Lookup | None = None) -> Board:
    (made,) = make_boards(records.read_records(out), out, find)
    return made


def rows_of(out: Path, name: str, shares: dict[str, float], **more: Any) -> None:
    for translator, right in shares.items():
        for fold in (1, 2):
            metrics = {name: Value(value=right, unit="fraction")}
            write(out, translator, right=right, fold=fold, metrics=metrics, **more)
