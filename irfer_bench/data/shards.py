"""Preparation over all cores that is killed and goes on: finished chunks are kept as files."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from irfer_bench.data.arrow import write_shard
from irfer_bench.data.boxes import read_boxes
from irfer_bench.data.clips import shard_name
from irfer_bench.data.landmarks import read_landmarks
from irfer_bench.data.prepare import Given, Rules, pick, prepare
from irfer_bench.errors import CellError
from irfer_bench.params import Params
from irfer_bench.registry import Registry
from irfer_bench.values import Component, Item

FILES, SMALLEST = 64, 64
"""At most so many files per artefact, each mapped into memory; at least so many items in each."""
DRAWN = 256
"""Items of a generated dataset per file: it draws that many at a time."""
WORTH = 400
"""Frames from which on starting other processes costs less than it saves."""
Progress = Callable[[str, int, int], object]


@dataclass(frozen=True)
class Recipe:
    """Everything that another process needs to prepare items of a dataset."""

    dataset: Component
    dataset_params: Params
    root: Path | None
    rules: Rules
    weights: Path
    detector: Component | None = None
    detector_params: Params = field(default_factory=Params)
    landmarks: Path | None = None
    boxes: Path | None = None


@dataclass(frozen=True)
class Chunk:
    """Items that become one file, with the items that may be their visible partners."""

    number: int
    items: Sequence[Item]
    partners: Sequence[Item]


def prepare_shards(
    recipe: Recipe,
    items: Sequence[Item],
    partners: Sequence[Item],
    place: Path,
    progress: Progress,
    workers: int | None = None,
) -> dict[str, Any]:
    """Prepare all items into files below `place`; what is there already is not made again.

    Args:
        workers: processes; default one per core, or `IRFER_BENCH_WORKERS`.

    Returns:
        Facts by item id, as `prepare` records them.

    Raises:
        BenchError: as `prepare`, the first that any process met; finished chunks stay.
        CellError: a worker process was killed.
    """
    place.mkdir(parents=True, exist_ok=True)
    chunks = list(_chunks(recipe, items, partners))
    todo = [chunk for chunk in chunks if not (place / shard_name(chunk.number)).exists()]
    left = sum(len(chunk.items) for chunk in todo)
    count = min(_workers(workers), len(todo))
    if recipe.root is None or count < 2 or _frames(recipe.rules, todo) < WORTH:
        _prepare_here(recipe, todo, place, progress, len(items), len(items) - left)
    else:
        _prepare_apart(recipe, todo, place, progress, len(items), len(items) - left, count)
    facts: dict[str, Any] = {}
    for chunk in chunks:
        facts |= json.loads(_facts_of(place, chunk.number).read_text())
    return facts


def move_shards(place: Path, folder: Path) -> None:
    """Put finished files into an artefact's folder; they stay here until it is committed."""
    for path in sorted(place.glob("*.arrow")):
        try:
            os.link(path, folder / path.name)
        except OSError:
            shutil.copyfile(path, folder / path.name)


def _chunks(
    recipe: Recipe, items: Sequence[Item], partners: Sequence[Item]
) -> Iterator[Chunk]:
    least = DRAWN if recipe.root is None else SMALLEST
    size = max(least, math.ceil(len(items) / FILES))
    by_pair: dict[str, list[Item]] = {}
    for item in partners:
        if item.pair is not None:
            by_pair.setdefault(item.pair, []).append(item)
    for number, start in enumerate(range(0, len(items), size)):
        own = items[start : start + size]
        pairs = dict.fromkeys(item.pair for item in own if item.pair is not None)
        yield Chunk(number, own, [item for pair in pairs for item in by_pair.get(pair, ())])


def _workers(asked: int | None) -> int:
    return asked or int(os.environ.get("IRFER_BENCH_WORKERS", 0)) or os.cpu_count() or 1


def _frames(rules: Rules, chunks: Sequence[Chunk]) -> int:
    return sum(len(pick(rules.frames, item.frames)) for chunk in chunks for item in chunk.items)


def _prepare_here(
    recipe: Recipe,
    chunks: Sequence[Chunk],
    place: Path,
    progress: Progress,
    total: int,
    done: int,
) -> None:
    bench = _Bench(recipe, place)
    for chunk in chunks:
        bench.make(chunk, _shifted(progress, done, total))
        done += len(chunk.items)


def _shifted(progress: Progress, start: int, total: int) -> Progress:
    return lambda name, done, _: progress(name, start + done, total)


def _prepare_apart(
    recipe: Recipe,
    chunks: Sequence[Chunk],
    place: Path,
    progress: Progress,
    total: int,
    done: int,
    workers: int,
) -> None:
    executor = ProcessPoolExecutor(
        workers,
        multiprocessing.get_context("spawn"),
        initializer=_open_bench,
        initargs=(recipe, place, os.getpid()),
    )
    progress("prepare", done, total)
    try:
        sizes: Mapping[Future[None], int] = {
            executor.submit(_make, chunk): len(chunk.items) for chunk in chunks
        }
        for future in as_completed(sizes):
            future.result()
            done += sizes[future]
            progress("prepare", done, total)
    except BrokenProcessPool as error:
        raise CellError(
            f"prepare {recipe.dataset.name}: a worker process was killed",
            "out of memory? IRFER_BENCH_WORKERS=1 uses one process; finished chunks are kept",
        ) from error
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


class _Bench:
    """One process's dataset and detector, opened once."""

    def __init__(self, recipe: Recipe, place: Path) -> None:
        registry = Registry()
        self.recipe, self.place = recipe, place
        self.dataset = registry.create(recipe.dataset, recipe.dataset_params)
        self.detector = None
        if recipe.detector is not None:
            self.detector = registry.create(recipe.detector, recipe.detector_params)
            self.detector.open(recipe.weights)
        self.given = Given(
            read_landmarks(recipe.landmarks) if recipe.landmarks else {},
            read_boxes(recipe.boxes) if recipe.boxes else None,
        )

    def make(self, chunk: Chunk, progress: Progress | None = None) -> None:
        """Prepare one chunk; its file appears under its name only when it is whole."""
        facts: dict[str, Any] = {}
        clips = prepare(
            self.dataset,
            self.recipe.root,
            chunk.items,
            self.recipe.rules,
            detector=self.detector,
            given=self.given,
            progress=progress,
            partners=chunk.partners,
            record=facts.__setitem__,
        )
        target = self.place / shard_name(chunk.number)
        draft = target.with_suffix(f".{os.getpid()}.tmp")
        try:
            write_shard(draft, clips)
            said = draft.with_suffix(".facts")
            said.write_text(json.dumps(facts))
            said.replace(_facts_of(self.place, chunk.number))
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)


def _facts_of(place: Path, number: int) -> Path:
    return place / shard_name(number).replace(".arrow", ".json")


_bench: _Bench | None = None


def _open_bench(recipe: Recipe, place: Path, parent: int) -> None:
    global _bench
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    _bench = _Bench(recipe, place)


def _leave_with(parent: int) -> None:
    """End this process when the one that started it was killed: nobody else would."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)


def _make(chunk: Chunk) -> None:
    assert _bench is not None
    _bench.make(chunk)
