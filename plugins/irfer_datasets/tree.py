"""Folders that are listed one by one, where a dataset's form is found by looking around."""

from __future__ import annotations

import os
from pathlib import Path

from irfer_bench.api import list_folder


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, in natural order and without files or odd names."""
    return list_folder(folder, folder).folders


def inside(path: Path, root: Path) -> bool:
    """Whether a path leads from the root downwards; links are followed wherever they point."""
    return Path(os.path.normpath(path)).is_relative_to(os.path.normpath(root))
