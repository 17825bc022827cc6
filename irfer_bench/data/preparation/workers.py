"""Worker processes that prepare chunks of items and clean up when they are stopped."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from irfer_bench.contracts.component import Component
from irfer_bench.contracts.params import Params
from irfer_bench.contracts.values import Item
from irfer_bench.data.arrow import write_shard
from irfer_bench.data.boxes import read_boxes
from irfer_bench.data.clips import shard_name
from irfer_bench.data.landmarks import read_landmarks
from irfer_bench.data.preparation.prepare import Annotations, Rules, prepare
from irfer_bench.errors import BenchError, CellError
from irfer_bench.registry import Registry
from irfer_bench.store.files import commit_file, write_text

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


def facts_path(place: Path, number: int) -> Path:
    """`clips-00000.json`: the facts by item id that belong to a chunk's file."""
    return (place / shard_name(number)).with_suffix(".json")


class Preparer:
    """One process's dataset and detector, opened once."""

    def __init__(self, recipe: Recipe, place: Path) -> None:
        registry = Registry()
        self.recipe, self.place = recipe, place
        self.dataset = registry.create(recipe.dataset, recipe.dataset_params)
        self.detector = None
        if recipe.detector is not None:
            self.detector = registry.create(recipe.detector, recipe.detector_params)
            self.detector.open(recipe.weights)
        self.given = Annotations(
            read_landmarks(recipe.landmarks) if recipe.landmarks else {},
            read_boxes(recipe.boxes) if recipe.boxes else None,
        )

    def make(self, chunk: Chunk, progress: Progress | None = None) -> None:
        """Prepare one chunk; its file gets its name only when it is complete and on disk."""
        commit(self.draft(chunk, progress))

    def draft(self, chunk: Chunk, progress: Progress | None = None) -> Draft:
        """Prepare one chunk into a draft file."""
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
        path = target.with_suffix(f".{os.getpid()}.tmp")
        try:
            write_shard(path, clips, coded=self.recipe.rules.coding != "raw")
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Draft(path, target, facts)


@dataclass(frozen=True)
class Draft:
    """A chunk's written file, not yet flushed to disk, and its facts by item id."""

    path: Path
    target: Path
    facts: Mapping[str, Any]


def commit(draft: Draft) -> None:
    """Bring a draft and its facts to disk, then give it its name."""
    try:
        write_text(draft.target.with_suffix(".json"), json.dumps(draft.facts))
        commit_file(draft.path, draft.target)
    finally:
        draft.path.unlink(missing_ok=True)


def prepare_in_processes(
    recipe: Recipe,
    chunks: Sequence[Chunk],
    place: Path,
    made: Callable[[Chunk], object],
    workers: int,
) -> None:
    """Prepare chunks by `workers` processes; `made` is called for each finished one.

    When one fails, or at Ctrl-C, the others are stopped at once.

    Raises:
        BenchError: the first error of any process. CellError: one was killed, or a plugin raised.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    executor = ProcessPoolExecutor(
        workers, context, initializer=_begin, initargs=(recipe, place, receiver)
    )
    try:
        with _interrupts_deferred():
            futures: Mapping[Future[Draft], Chunk] = {
                executor.submit(_draft, chunk): chunk for chunk in chunks
            }
        for future in as_completed(futures):
            # Waiting for the disk here does not delay the next chunk.
            commit(future.result())
            made(futures[future])
    except BaseException as error:
        sender.close()
        if isinstance(error, BrokenProcessPool):
            raise CellError(
                "a worker process was killed",
                "out of memory? IRFER_BENCH_WORKERS=1 uses one process; finished chunks are kept",
            ) from error
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
        sender.close()
        receiver.close()
        for draft in place.glob("clips-*.tmp"):
            draft.unlink(missing_ok=True)


@contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Start processes with SIGINT blocked; this process handles it after they were started.

    The mask is what they inherit. It does not keep Ctrl-C from this process: the system hands the
    signal to a thread without the mask, such as one of BLAS, and Python raises in the main thread.
    """
    deferred: list[int] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            handlers[number] = signal.signal(number, lambda number, frame: deferred.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if deferred:
            signal.raise_signal(deferred[0])


_job: tuple[Recipe, Path] | None = None
_preparer: Preparer | None = None


def _begin(recipe: Recipe, place: Path, receiver: Connection) -> None:
    """Only store the arguments: an error here would be reported as a killed process."""
    global _job
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, args=(receiver,), daemon=True).start()
    _job = (recipe, place)


def _exit_with_parent(receiver: Connection) -> None:
    """End this process when its parent closes the pipe or ends."""
    receiver.poll(None)
    os._exit(1)


def _draft(chunk: Chunk) -> Draft:
    global _preparer
    assert _job is not None
    try:
        _preparer = _preparer or Preparer(*_job)
        return _preparer.draft(chunk)
    except (Exception, SystemExit) as error:
        system = isinstance(error, OSError) and type(error).__module__ == "builtins"
        if system or isinstance(error, BenchError | MemoryError):
            raise
        # A third-party exception may not survive pickling.
        raise CellError(
            f"{type(error).__name__}: {error}".strip(),
            "the plugin raised it; IRFER_BENCH_TRACEBACK=1 shows where",
        ) from error
