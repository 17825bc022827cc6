"""Resumable preparation over all cores: finished chunks are kept as files."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from irfer_bench.contracts.values import Item
from irfer_bench.data.arrow import Shard
from irfer_bench.data.clips import SHARDS, shard_name
from irfer_bench.data.preparation.prepare import Rules, pick
from irfer_bench.data.preparation.workers import (
    Chunk,
    Preparer,
    Progress,
    Recipe,
    facts_path,
    prepare_in_processes,
)
from irfer_bench.errors import DamagedError, UsageError
from irfer_bench.home import cores

__all__ = ["Recipe", "move_shards", "prepare_shards"]

FILES, SMALLEST = 64, 64
"""At most so many files per artefact, each mapped into memory; at least so many items in each."""
DRAWN = 256
"""Items of a generated dataset per file: it draws that many at a time."""
WORTH = 400
"""Number of frames from which other processes are started."""
WORKERS = "IRFER_BENCH_WORKERS"


def prepare_shards(
    recipe: Recipe,
    items: Sequence[Item],
    partners: Sequence[Item],
    place: Path,
    progress: Progress,
    workers: int | None = None,
) -> dict[str, Any]:
    """Prepare all items into files below `place`; existing files are kept.

    Args:
        workers: processes; default one per core, or `IRFER_BENCH_WORKERS`.

    Returns:
        Facts by item id, as `prepare` records them.

    Raises:
        BenchError: as `prepare`, the first error of any process; finished chunks stay.
        UsageError: `IRFER_BENCH_WORKERS` is no number. CellError: a worker process was killed.
    """
    place.mkdir(parents=True, exist_ok=True)
    count = _workers(workers)
    chunks = list(_chunks(recipe, items, partners))
    todo = [chunk for chunk in chunks if not _finished(recipe, place, chunk)]
    _sweep(place, {chunk.number for chunk in chunks} - {chunk.number for chunk in todo})
    total = len(items)
    done = total - sum(len(chunk.items) for chunk in todo)

    def made(chunk: Chunk) -> None:
        nonlocal done
        done += len(chunk.items)
        progress("prepare", done, total)

    count = min(count, len(todo))
    if recipe.root is None or count < 2 or _frames(recipe.rules, todo) < WORTH:
        preparer = Preparer(recipe, place)
        for chunk in todo:
            preparer.make(chunk, _shifted(progress, done, total))
            done += len(chunk.items)
    else:
        progress("prepare", done, total)
        prepare_in_processes(recipe, todo, place, made, count)
    facts: dict[str, Any] = {}
    for chunk in chunks:
        facts |= json.loads(facts_path(place, chunk.number).read_text())
    return facts


def move_shards(place: Path, folder: Path) -> None:
    """Put finished files into an artefact's folder; they stay here until it is committed."""
    for path in sorted(place.glob(SHARDS)):
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


def _finished(recipe: Recipe, place: Path, chunk: Chunk) -> bool:
    """Whether its file is complete and holds these items; other versions divide differently."""
    try:
        facts = json.loads(facts_path(place, chunk.number).read_text())
        kept = [len(own["boxes"]) - own["boxes"].count(None) for own in facts.values()]
        stored = len(Shard(place / shard_name(chunk.number)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DamagedError):
        return False
    rows = sum(kept) if recipe.rules.unit == "frame" else sum(map(bool, kept))
    return stored == rows and list(facts) == [item.id for item in chunk.items]


def _sweep(place: Path, kept: set[int]) -> None:
    """Remove files of killed processes and files that cannot be used."""
    names = {shard_name(k) for k in kept} | {facts_path(place, k).name for k in kept}
    for path in [*place.glob("clips-*"), *place.glob(".clips-*")]:
        if path.name not in names:
            path.unlink(missing_ok=True)


def _workers(asked: int | None) -> int:
    text = os.environ.get(WORKERS, "")
    if asked is None and text:
        if not (text.isascii() and text.isdecimal() and int(text) > 0):
            raise UsageError(
                f"{WORKERS}={text!r} is no number of processes", "say 1 or more, or leave it out"
            )
        asked = int(text)
    return asked or cores()


def _frames(rules: Rules, chunks: Sequence[Chunk]) -> int:
    return sum(len(pick(rules.kept, item.frames)) for chunk in chunks for item in chunk.items)


def _shifted(progress: Progress, start: int, total: int) -> Progress:
    return lambda name, done, _: progress(name, start + done, total)
