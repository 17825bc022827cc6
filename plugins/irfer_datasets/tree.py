"""Folders that are listed one by one, where a dataset's form is found by looking around."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from irfer_bench.api import is_archive, list_folder, natural, relative

__all__ = ["archives", "inside", "list_folder", "natural", "relative", "subfolders"]


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, in natural order and without files or odd names."""
    return list_folder(folder, folder).folders


def archives(files: Iterable[Path]) -> list[Path]:
    """Those that are archives, or parts of one, still to be unpacked."""
    return [path for path in files if is_archive(path.name)]


def inside(path: Path, root: Path) -> bool:
    """Whether a path leads from the root downwards; links are followed wherever they point."""
    return Path(os.path.normpath(path)).is_relative_to(os.path.normpath(root))
