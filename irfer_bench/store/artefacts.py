"""Artefacts by key: built once, committed by one rename, verified on every read."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import Any

from irfer_bench.errors import DamagedError
from irfer_bench.home import make_private
from irfer_bench.store.files import atomic_folder, clear_write_errors
from irfer_bench.store.locks import lock, take
from irfer_bench.store.manifests import Artefact, read_manifest, write_manifest
from irfer_bench.store.stamps import (
    MANIFEST,
    are_unchanged,
    compare_files,
    hash_files,
    write_stamps,
)

__all__ = ["MANIFEST", "SESSION", "Artefact", "Store"]

SESSION = "store"
"""Name of the lock that runs share and that `gc` and `purge` take alone."""


@dataclass
class Store:
    """A folder of artefacts, one sub-folder per key.

    Args:
        root: created on the first write; 0700, since prepared images are private.
        say: called with a message when damage is set aside or another process is waited for.
    """

    root: Path
    say: Callable[[str], None] = lambda line: None
    _building: list[set[str]] = field(default_factory=list)
    _sessions: int = 0

    def folder(self, key: str) -> Path:
        return self.root / "artefacts" / key[:2] / key

    def has(self, key: str) -> bool:
        """Whether an artefact is there, without verifying it."""
        with clear_write_errors(self.root):
            try:
                # A plan asks for thousands of keys: joining strings takes a tenth of joining paths.
                path = f"{self.root}/artefacts/{key[:2]}/{key}/{MANIFEST}"
                return S_ISREG(os.stat(path).st_mode)  # noqa: PTH116
            except (FileNotFoundError, NotADirectoryError):
                return False

    def stored_keys(self) -> list[str]:
        """Keys of all artefacts."""
        return sorted(path.parent.name for path in self.root.glob(f"artefacts/*/*/{MANIFEST}"))

    @contextmanager
    def session(self) -> Iterator[None]:
        """Exclude `gc` and `purge` of other processes until the block ends; may be nested.

        Raises:
            DamagedError: the store cannot be entered, or its file system has no locks.
        """
        handle = None if self._sessions else self._enter()
        self._sessions += 1
        try:
            yield
        finally:
            self._sessions -= 1
            if handle is not None:
                os.close(handle)

    def _enter(self) -> int | None:
        def wait() -> int | None:
            self.say(f"another process deletes artefacts in {self.root}; waiting")
            return take(self.root / "locks", SESSION, shared=True, wait=True)

        try:
            with self.writing():
                handle = take(self.root / "locks", SESSION, shared=True)
                return wait() if handle is None else handle
        except DamagedError:
            # What is all there may be read from a store that may only be read.
            if (self.root / "locks").is_dir() and not os.access(self.root / "locks", os.W_OK):
                return None
            raise

    def get(self, key: str) -> Artefact | None:
        """The verified artefact, or None; a damaged one is set aside first."""
        found, reason = self._look(key)
        if reason:
            # Only the holder of the lock may move it: another run may be building it anew.
            with self._locked(key):
                found = self._look_again(key)
        return found

    def verify(self, key: str) -> Artefact | None:
        """The artefact after all its bytes were read, or None; a damaged one is set aside."""
        with self._locked(key):
            return self._look_again(key, full=True)

    def _look(self, key: str, *, full: bool = False) -> tuple[Artefact | None, str]:
        """The artefact, or the error it has; neither where there is none."""
        if not self.has(key):
            return None, ""
        try:
            return self._read(key, full), ""
        except (DamagedError, OSError) as error:
            return None, str(error)

    def _look_again(self, key: str, *, full: bool = False) -> Artefact | None:
        """Read again under the lock; an artefact that fails again is set aside."""
        found, reason = self._look(key, full=full)
        if reason:
            self._set_aside(key, reason)
        return found

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        def waiting() -> None:
            self.say(f"another run is building {key[:8]}; waiting")

        with self.session(), self.writing(), lock(self.root / "locks", key, waiting):
            yield

    def get_or_build(
        self,
        key: str,
        build: Callable[[Path], Mapping[str, Any]],
        *,
        describe: Mapping[str, Any],
        source: str = "",
    ) -> tuple[Artefact, bool]:
        """The artefact and whether it was built now; a key is built by one process only.

        Args:
            build: writes files into the folder it is given and returns facts (JSON).
            describe: the values behind the key, stored for users and `gc`.
            source: digest of the code that builds it.
        """
        if self._building:  # asked for inside another build: a part of that
            self._building[-1].add(key)
        found = self.get(key)
        if found is not None:
            return found, False
        with self._locked(key):
            found = self._look_again(key)
            if found is not None:
                return found, False
            return self._build(key, build, describe, source), True

    def _build(
        self,
        key: str,
        build: Callable[[Path], Mapping[str, Any]],
        describe: Mapping[str, Any],
        source: str,
    ) -> Artefact:
        drafts, target = self.root / "building", self.folder(key)
        drafts.mkdir(parents=True, exist_ok=True)
        for leftover in drafts.glob(f"{key}.*"):  # of a run that was killed: we hold the lock
            shutil.rmtree(leftover, ignore_errors=True)
        if target.exists():
            self._set_aside(key, f"artefact {key[:8]} has no manifest")
        started = time.monotonic()
        with atomic_folder(target, drafts=drafts) as folder:
            self._building.append(set())
            try:
                facts = dict(build(folder))
            finally:
                parts = sorted(self._building.pop())
            seconds = time.monotonic() - started
            write_manifest(folder, key, facts, describe, source, parts, seconds)
        # Its shards may be linked from there, and one link less is a change of the file's entry.
        shutil.rmtree(self.unfinished(key), ignore_errors=True)
        digest, _, artefact = read_manifest(target, key)
        write_stamps(target, digest)
        return artefact

    def _read(self, key: str, full: bool) -> Artefact:
        """The artefact of a manifest, if its files are unchanged.

        Raises:
            DamagedError: they are not. OSError: they cannot be read.
        """
        folder = self.folder(key)
        digest, files, artefact = read_manifest(folder, key)
        if full or not are_unchanged(folder, digest):
            compare_files(key, files, hash_files(folder))
            write_stamps(folder, digest)
        return artefact

    def _set_aside(self, key: str, reason: str) -> None:
        """Move a damaged artefact away: it is built again and can be inspected."""
        aside = self.root / "damaged"
        aside.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # deleted meanwhile
            self.folder(key).rename(aside / f"{key}.{time.time_ns()}")
            self.say(f"{reason}; set aside in {self.root / 'damaged'}, it will be built again")

    def discard(self, key: str, reason: str) -> None:
        """Move an artefact away on request, so that it is built again."""
        with self._locked(key):
            if self.folder(key).exists():
                self._set_aside(key, reason)

    def unfinished(self, key: str) -> Path:
        """Folder of the checkpoints of an interrupted build of `key`."""
        return self.root / "unfinished" / key

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Turn the system's write errors into a one-line message."""
        with clear_write_errors(self.root):
            make_private(self.root)
            yield
