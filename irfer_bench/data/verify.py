"""Decode every picture once and list those that cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from irfer_bench.values import Item, Problem

PICTURES = frozenset(
    {
        ".bmp",
        ".jpeg",
        ".jpg",
        ".pgm",
        ".png",
        ".ppm",
        ".tif",
        ".tiff",
        ".webp",
    }
)
_ACTION = "restore the file or remove it; a run that needs it stops"


def damaged_files(
    root: Path,
    items: Iterable[Item],
    progress: Callable[[str, int, int], object] | None = None,
) -> list[Problem]:
    """Problems `empty` and `damaged` of all pictures of the items, in their order."""
    names = [name for item in items for name in item.files if Path(name).suffix.lower() in PICTURES]
    found = []
    with ThreadPoolExecutor(max_workers=4) as pool:
        for done, problem in enumerate(pool.map(lambda name: _look(root, name), names), start=1):
            if problem is not None:
                found.append(problem)
            if progress is not None and (done % 200 == 0 or done == len(names)):
                progress("verify", done, len(names))
    return found


def _look(root: Path, name: str) -> Problem | None:
    try:
        if (root / name).stat().st_size == 0:
            return Problem("empty", name, _ACTION)
        with Image.open(root / name) as image:
            # Every bit of a JPEG is still decoded, its pixels are made at an eighth of the size.
            image.draft("L", (1, 1))
            image.load()
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        return Problem("damaged", name, _ACTION)
    return None
