"""Decoding of every file, and a list of damaged ones."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

from irfer_bench.contracts.interfaces import Dataset
from irfer_bench.contracts.values import Item, Problem
from irfer_bench.data.image_files import find_fault, why
from irfer_bench.data.image_suffixes import IMAGE_SUFFIXES
from irfer_bench.errors import BenchError

Look = Callable[[], Problem | None]
TURN, PART = 4096, 64
"""Files looked at before progress is reported, and in one piece by one thread."""
WORTH = 0.1e-3
"""Seconds per file above which threads are faster: a file that is decoded takes more."""
_STOPS = "a run that needs it stops"
_ACTION = f"restore the file or remove it; {_STOPS}"


def damaged_files(
    dataset: Dataset,
    root: Path,
    items: Iterable[Item],
    progress: Callable[[str, int, int], object] | None = None,
) -> list[Problem]:
    """Problems `empty` and `damaged` of all items, in their order.

    Images are decoded here; videos, and items inside a table, are read by their dataset up to
    the last frame, and a damaged one is named by its file or, without one, by its id. Separate
    audio files are decoded to their end.
    """
    items = list(items)
    known = sum(max(1, len(item.files)) for item in items)
    found: list[Problem] = []
    waiting, done = _looks(dataset, root, items), 0
    with ThreadPoolExecutor(max_workers=4) as pool:
        # A million files are taken in turns, so that memory stays flat.
        while turn := list(islice(waiting, TURN)):
            parts = [turn[start : start + PART] for start in range(0, len(turn), PART)]
            begun = time.monotonic()
            found += _run(parts[0])
            slow = time.monotonic() - begun > WORTH * len(parts[0])
            for problems in (pool.map if slow else map)(_run, parts[1:]):
                found += problems
            done += len(turn)
            if progress is not None:
                progress("verify", done, max(done, known))
    return list(dict.fromkeys(found))


def _run(looks: Sequence[Look]) -> list[Problem]:
    return [problem for look in looks if (problem := look()) is not None]


def _looks(dataset: Dataset, root: Path, items: Iterable[Item]) -> Iterator[Look]:
    last: frozenset[str] = frozenset()
    for item in items:
        images = [name for name in item.files if _suffix(name) in IMAGE_SUFFIXES]
        for name in images:
            if name not in last:
                yield partial(_look, root, name)
        if len(images) < max(1, len(item.files)):
            place = next(iter(item.files), item.id)
            yield partial(_read, dataset, root, item, place)
        elif item.audio:
            yield partial(_read_audio, dataset, root, item)
        last = frozenset(images)  # a sequence and its first frame are neighbours


def _suffix(name: str) -> str:
    return name[name.rfind(".") :].lower()  # a tenth of a Path's time


def _look(root: Path, name: str) -> Problem | None:
    try:
        if not os.stat(f"{root}/{name}").st_size:  # noqa: PTH116  speed
            return Problem("empty", name, _ACTION)
        fault = find_fault(root / name)
    except OSError as error:
        fault = error.strerror or str(error)
    return Problem("damaged", name, f"{fault}; {_STOPS}") if fault else None


def _read(dataset: Dataset, root: Path, item: Item, place: str) -> Problem | None:
    try:
        if item.files and (root / item.files[0]).stat().st_size == 0:
            return Problem("empty", place, _ACTION)
        dataset.read(root, item, [item.frames - 1])
    except Exception as error:  # noqa: BLE001  decoders raise anything on damaged files
        return Problem("damaged", place, f"{_reason(error)}; {_STOPS}")
    return _read_audio(dataset, root, item) if item.audio else None


def _read_audio(dataset: Dataset, root: Path, item: Item) -> Problem | None:
    read_audio = getattr(dataset, "read_audio", None)
    try:
        if (root / item.audio).stat().st_size == 0:
            return Problem("empty", item.audio, _ACTION)
        if read_audio is not None:
            read_audio(root, item)
    except Exception as error:  # noqa: BLE001  decoders raise anything on damaged files
        return Problem("damaged", item.audio, f"{_reason(error)}; {_STOPS}")
    return None


def _reason(error: Exception) -> str:
    if isinstance(error, BenchError):
        return error.message
    return f"it cannot be read ({why(error)})"
