"""What pages were rendered from, remembered: unchanged records are not read again."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

import irfer_bench
from irfer_bench.errors import DamagedError
from irfer_bench.registry import Registry
from irfer_bench.store import keys
from irfer_bench.store.files import read_json, write_json
from irfer_bench.store.published import published_folder
from irfer_bench.store.signatures import KEYS

YOUNG = 200_000_000
"""Nanoseconds within which a file may change twice and keep its dates."""


class Stamp(msgspec.Struct):
    """Settings' records when they were rendered, and sha256 of the files that came of it."""

    records: str
    files: dict[str, str]


class PageStamps:
    """The stamps of one results folder and renderer, by the settings that were asked for.

    A file counts as unchanged while its size, dates and inode are; the same holds for the code
    of this package and of the renderer, whose address is `render`.
    """

    def __init__(
        self, path: Path, out: Path, registry: Registry, render: str
    ) -> None:
        self._path, self._out = path, out
        self._code = _code(registry, render)
        self._begun = time.time_ns()
        self._youngest = 0
        self._found: dict[str, str] = {}

    def unchanged(self, settings: Sequence[str]) -> list[str] | None:
        """The pages of these settings where neither they nor their records changed, else None."""
        records = self._records(settings)
        stamp = self._read().get(_name(settings))
        if stamp is None or stamp.records != records:
            self._let_age(settings)
            return None
        for path, digest in stamp.files.items():
            try:
                if hashlib.sha256((self._out / path).read_bytes()).hexdigest() != digest:
                    return None
            except OSError:
                return None
        return list(stamp.files)

    def keep(self, settings: Sequence[str], files: Mapping[str, str | bytes]) -> None:
        """Remember what `unchanged` found before the records were read."""
        name = _name(settings)
        if name not in self._found or self._begun - self._youngest < YOUNG:
            return
        digests = {
            path: hashlib.sha256(
                content.encode() if isinstance(content, str) else content
            ).hexdigest()
            for path, content in files.items()
        }
        stamps = self._read() | {name: Stamp(self._found[name], digests)}
        write_json(self._path, msgspec.to_builtins(stamps))

    def _let_age(self, settings: Sequence[str]) -> None:
        """Wait until what a run has just written is old enough to be remembered."""
        age = time.time_ns() - self._youngest
        if 0 <= age < YOUNG:
            time.sleep((YOUNG - age) / 1e9)
            self._begun = time.time_ns()
            del self._found[_name(settings)]
            self._records(settings)

    def _read(self) -> dict[str, Stamp]:
        try:
            return msgspec.convert(read_json(self._path), dict[str, Stamp])
        except (DamagedError, ValueError):
            return {}

    def _records(self, settings: Sequence[str]) -> str:
        name = _name(settings)
        if name not in self._found:
            facts = [
                self._facts(self._out / kind / setting)
                for setting in settings
                for kind in ("records", "predictions")
            ]
            facts.append(self._facts(self._out / KEYS))
            self._found[name] = keys.digest([self._code, facts])
        return self._found[name]

    def _facts(self, folder: Path) -> list[Any]:
        facts = []
        try:
            for entry in os.scandir(folder):
                found = entry.stat()
                self._youngest = max(self._youngest, found.st_ctime_ns, found.st_mtime_ns)
                facts.append([entry.name, *_dates(found)])
        except OSError:
            return [str(folder.name)]
        return sorted(facts)


def _dates(found: os.stat_result) -> tuple[int, ...]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _name(settings: Sequence[str]) -> str:
    return " ".join(settings)


def _code(registry: Registry, render: str) -> str:
    """Changes when this package, published values, the renderer, a setting or a metric do."""
    root = Path(irfer_bench.__file__).parent
    own = sorted([str(p.relative_to(root)), *_dates(p.stat())] for p in root.rglob("*.py"))
    printed = published_folder()
    own += sorted([path.name, *_dates(path.stat())] for path in printed.glob("*.*"))
    theirs = _file_dates(render.partition(":")[0])
    parts = [
        [owned.distribution, owned.component.kind, owned.component.name, owned.component.version]
        for owned in registry.registered
        if owned.component.kind in ("metric", "setting")
    ]
    return keys.digest([own, render, list(theirs), parts])


def _file_dates(module: str) -> tuple[int, ...]:
    """Of the file of a module, which is not imported; () where there is none."""
    with suppress(ImportError, ValueError, OSError):
        spec = find_spec(module)
        if spec is not None and spec.origin is not None:
            return _dates(Path(spec.origin).stat())
    return ()
