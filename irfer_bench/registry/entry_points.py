"""Entry points of the installed distributions, read from their folders.

`importlib.metadata` reads the same, and its import takes as long as the rest of `irfer-bench list`;
it is asked where something else than plain folders is on the path.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol

SUFFIXES = (".dist-info", ".egg-info")
ADDRESS = re.compile(r"[\w.]+(:[\w.]+)?")


class Loadable(Protocol):
    """What is needed of an entry point."""

    @property
    def name(self) -> str: ...
    @property
    def value(self) -> str: ...
    def load(self) -> Any: ...


class Address(NamedTuple):
    """The entry point `name = module:attribute`."""

    name: str
    value: str

    def load(self) -> Any:
        """The module, or its attribute."""
        module, _, attributes = self.value.partition(":")
        found: Any = import_module(module)
        for attribute in filter(None, attributes.split(".")):
            found = getattr(found, attribute)
        return found


def find_entry_points(group: str) -> list[tuple[str, Loadable]]:
    """Name of the distribution and entry point, in the order of the path.

    Of two distributions of one name the first on the path counts.
    """
    with suppress(_Unusual):
        return list(_in_folders(group))
    from importlib.metadata import entry_points

    found = entry_points(group=group)
    return [(each.dist.name if each.dist else "unknown", each) for each in found]


class _Unusual(Exception):  # noqa: N818  no error: the slow way is taken
    """Something that only `importlib.metadata` knows how to read."""


def _in_folders(group: str) -> Iterator[tuple[str, Loadable]]:
    finders = [each for each in sys.meta_path if hasattr(each, "find_distributions")]
    if [getattr(each, "__name__", "") for each in finders] != ["PathFinder"]:
        raise _Unusual
    seen: set[str] = set()
    for place in sys.path:
        try:
            if place.endswith(".egg") or Path(place).is_file():
                raise _Unusual
            folders = [name for name in os.listdir(place or ".") if name.endswith(SUFFIXES)]  # noqa: PTH208  in this order
        except OSError:
            continue
        for folder in folders:
            name = re.sub(r"[-_.]+", "_", folder.rpartition(".")[0].partition("-")[0]).lower()
            if name not in seen:
                seen.add(name)
                yield from _of_distribution(f"{place or '.'}/{folder}", group)


def _of_distribution(folder: str, group: str) -> Iterator[tuple[str, Loadable]]:
    try:
        with open(f"{folder}/entry_points.txt", encoding="utf-8", errors="replace") as stream:  # noqa: PTH123  a hundred of them
            text = stream.read()
    except OSError:
        return
    if f"[{group}]" not in text:
        return
    distribution, section = _name_of(folder), ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line.strip("[]")
        elif section == group and line and not line.startswith("#"):
            name, _, value = map(str.strip, line.partition("="))
            if not ADDRESS.fullmatch(value):
                raise _Unusual
            yield distribution, Address(name, value)


def _name_of(folder: str) -> str:
    for file in ("METADATA", "PKG-INFO"):
        with suppress(OSError):
            text = Path(folder, file).read_text(encoding="utf-8", errors="replace")
            for line in text.partition("\n\n")[0].splitlines():
                if line.startswith("Name: ") and line.isascii():
                    return line.removeprefix("Name: ").strip()
    raise _Unusual
