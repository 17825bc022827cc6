"""Decoding of every file, and a list of damaged ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from irfer_bench.contracts.interfaces import Dataset
from irfer_bench.contracts.values import Item, Problem
from irfer_bench.data.image_files import find_fault, why
from irfer_bench.data.image_suffixes import IMAGE_SUFFIXES
from irfer_bench.errors import BenchError

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
    looks: dict[str, Callable[[], Problem | None]] = {}
    for item in items:
        images = [name for name in item.files if Path(name).suffix.lower() in IMAGE_SUFFIXES]
        for name in images:
            looks.setdefault(name, partial(_look, root, name))
        if len(images) < max(1, len(item.files)):
            place = next(iter(item.files), item.id)
            looks.setdefault(place, partial(_read, dataset, root, item, place))
        elif item.audio:
            looks.setdefault(item.audio, partial(_read_audio, dataset, root, item))
    found = []
    with ThreadPoolExecutor(max_workers=4) as pool:
        for done, problem in enumerate(pool.map(lambda look: look(), looks.values()), start=1):
            if problem is not None:
                found.append(problem)
            if progress is not None and (done % 200 == 0 or done == len(looks)):
                progress("verify", done, len(looks))
    return found


def _look(root: Path, name: str) -> Problem | None:
    try:
        if (root / name).stat().st_size == 0:
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
