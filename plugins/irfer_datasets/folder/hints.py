"""Why a root is not a tree of one's own images, and which folder may be meant."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from irfer_bench.api import subfolders
from irfer_datasets.folder.manifest import MANIFESTS
from irfer_datasets.folder.media import is_media
from irfer_datasets.folder.rows import Rows, spectrum_of

LEVELS = 3
"""How far above or below the given root a better one is looked for."""
LOOKED_AT = 100
"""Folders of one level that are looked into."""


def refusal(root: Path, found: Rows) -> str:
    """One line: what was found, and the folder that may be meant."""
    parts = ["no image or clip was found"]
    better = next(better_roots(root), None)
    if better is not None:
        parts.append(f"did you mean {better}/?")
    elif any(is_media(path) for path in found.look(root).files):
        parts.append(
            "images lie directly in it: sort them into folders, or write manifest.csv with the "
            "columns path,subject,spectrum,label"
        )
    elif _lacks_spectrum(root):
        parts.append(
            "no folder names the spectrum: move all into nir/ (or vis/, lwir/), or say "
            "-p folder.spectrum=nir"
        )
    elif found.problems:
        first, more = found.problems[0], len(found.problems) - 1
        rest = f" (and {more} more)" if more else ""
        parts.append(f"{first.path}: {first.action}{rest}")
    return "; ".join(parts)


def better_roots(root: Path) -> Iterator[Path]:
    """Folders above or below a root that hold a manifest or folders named after spectra."""
    given = root.absolute()
    for above in islice(given.parents, LEVELS):
        if spectrum_of(given.relative_to(above).parts[0]) is not None:
            yield above
    level = [root]
    for _ in range(LEVELS):
        level = [below for folder in level for below in subfolders(folder)][:LOOKED_AT]
        yield from (folder for folder in level if _is_root(folder))


def _is_root(folder: Path) -> bool:
    if any((folder / name).is_file() for name in MANIFESTS):
        return True
    return any(spectrum_of(below.name) and subfolders(below) for below in subfolders(folder))


def _lacks_spectrum(root: Path) -> bool:
    return not any(spectrum_of(folder.name) for folder in subfolders(root))
