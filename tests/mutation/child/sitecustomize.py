"""Imports one module from changed source, here and in the Python processes that a test starts.

The file itself stays as it is, so nothing else that reads it sees the change. Python imports a
module of this name at its start; a mutation run puts this folder first on PYTHONPATH.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType

NAME, FILE, SOURCE = "MUTATED_NAME", "MUTATED_FILE", "MUTATED_SOURCE"


class ChangedLoader(importlib.machinery.SourceFileLoader):
    """Compiles the changed text in place of the file's."""

    def get_code(self, fullname: str) -> CodeType:
        text = Path(os.environ[SOURCE]).read_text("utf-8")
        return compile(text, os.environ[FILE], "exec")


class ChangedModule(importlib.machinery.PathFinder):
    """Finds the changed module; every other one is found as usual."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != os.environ.get(NAME):
            return None
        file = os.environ[FILE]
        folder = [str(Path(file).parent)] if Path(file).name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, file, loader=ChangedLoader(fullname, file), submodule_search_locations=folder
        )


def install() -> None:
    """Put the finder before the others."""
    sys.meta_path.insert(0, ChangedModule)


if os.environ.get(NAME):
    install()
