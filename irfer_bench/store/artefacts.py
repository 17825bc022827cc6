"""Artefacts by key: built once, committed by one rename, verified when read. Knows no faces."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from irfer_bench.errors import DamagedError
from irfer_bench.home import cores
from irfer_bench.store import keys
from irfer_bench.store.files import clear_write_errors, read_json, write_json
from irfer_bench.store.locks import lock

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Artefact:
    """A finished, verified folder. `facts` is what its builder said about it."""

    key: str
    folder: Path
    facts: Mapping[str, Any]
    seconds: float
    peak_mb: float
    source: str


@dataclass
class Store:
    """A folder of artefacts, one sub-folder per key.

    Args:
        root: made when first written to; 0700, since prepared images are private.
        say: told in one line when something damaged is set aside or another process is waited for.
    """

    root: Path
    say: Callable[[str], None] = lambda line: None
    _verified: dict[str, Artefact] = field(default_factory=dict)
    _building: list[set[str]] = field(default_factory=list)

    def folder(self, key: str) -> Path:
        return self.root / "artefacts" / key[:2] / key

    def has(self, key: str) -> bool:
        """Whether an artefact is there, without verifying it."""
        return key in self._verified or (self.folder(key) / MANIFEST).is_file()

    def get(self, key: str) -> Artefact | None:
        """The verified artefact, or None; a damaged one is set aside first."""
        if self._damage(key):
            # Only the holder of the lock may move it: another run may be building it anew.
            with self._locked(key):
                self._set_aside_if_damaged(key)
        return self._verified.get(key)

    def _damage(self, key: str) -> str:
        """What is wrong with an artefact that is there; empty where nothing is."""
        if key not in self._verified and self.has(key):
            try:
                self._verified[key] = self._read(key)
            except DamagedError as error:
                return str(error)
        return ""

    def _set_aside_if_damaged(self, key: str) -> None:
        reason = self._damage(key)
        if reason:
            self._set_aside(key, reason)

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        def waiting() -> None:
            self.say(f"another run is building {key[:8]}; waiting")

        with self.writing(), lock(self.root / "locks", key, waiting):
            yield

    def get_or_build(
        self,
        key: str,
        build: Callable[[Path], Mapping[str, Any]],
        *,
        describe: Mapping[str, Any],
        source: str = "",
    ) -> tuple[Artefact, bool]:
        """The artefact and whether it was built now; two processes never build one key twice.

        Args:
            build: writes files into the folder it is given and returns facts (JSON).
            describe: what the key was made of, kept for people and for `gc`.
            source: digest of the code that builds it.
        """
        if self._building:  # asked for inside another build: a part of that
            self._building[-1].add(key)
        found = self.get(key)
        if found is not None:
            return found, False
        with self._locked(key):
            self._set_aside_if_damaged(key)
            if key in self._verified:
                return self._verified[key], False
            return self._build(key, build, describe, source), True

    def _build(
        self,
        key: str,
        build: Callable[[Path], Mapping[str, Any]],
        describe: Mapping[str, Any],
        source: str,
    ) -> Artefact:
        workplace = self.root / "building"
        workplace.mkdir(parents=True, exist_ok=True)
        for leftover in workplace.glob(f"{key}.*"):  # of a run that was killed: we hold the lock
            shutil.rmtree(leftover, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{key}.", dir=workplace))
        started = time.monotonic()
        try:
            self._building.append(set())
            try:
                facts = dict(build(folder))
            finally:
                parts = sorted(self._building.pop())
            manifest = {
                "scheme": keys.SCHEME,
                "key": key,
                "describe": dict(describe),
                "source": source,
                "facts": facts,
                "parts": parts,
                "seconds": round(time.monotonic() - started, 3),
                "peak_mb": peak_mb(),
                "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "files": _stamps(folder),
            }
            write_json(folder / MANIFEST, manifest | {"digest": keys.digest(manifest)})
            target = self.folder(key)
            if target.exists():
                self._set_aside(key, f"artefact {key[:8]} has no manifest")
            target.parent.mkdir(parents=True, exist_ok=True)
            folder.rename(target)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(self.unfinished(key), ignore_errors=True)
        self._verified[key] = self._read(key, written_now=True)
        return self._verified[key]

    def _read(self, key: str, *, written_now: bool = False) -> Artefact:
        """The artefact of a manifest; files that were written just now are not read again."""
        folder = self.folder(key)
        manifest = read_json(folder / MANIFEST)
        try:
            if manifest.pop("digest") != keys.digest(manifest):
                raise DamagedError(f"artefact {key[:8]}: its manifest is not what was written")
            if manifest["key"] != key:
                raise DamagedError(f"artefact {key[:8]}: its manifest names another key")
            if not written_now:
                found = _stamps(folder)
                for name, stamp in manifest["files"].items():
                    if found.get(name) != stamp:
                        raise DamagedError(f"artefact {key[:8]}: {name} is not what was written")
            return Artefact(
                key,
                folder,
                manifest["facts"],
                manifest["seconds"],
                manifest["peak_mb"],
                manifest["source"],
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DamagedError(f"artefact {key[:8]}: manifest is incomplete ({error})") from error

    def _set_aside(self, key: str, reason: str) -> None:
        """Move a damaged artefact away, so that it is built again and can be looked at."""
        aside = self.root / "damaged"
        aside.mkdir(parents=True, exist_ok=True)
        self.folder(key).rename(aside / f"{key}.{time.time_ns()}")
        self.say(f"{reason}; set aside in {self.root / 'damaged'}, it will be built again")

    def unfinished(self, key: str) -> Path:
        """Where an interrupted build of `key` keeps its checkpoints."""
        return self.root / "unfinished" / key

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Turn the system's refusals to write into one clear line."""
        with clear_write_errors(self.root):
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            yield


def peak_mb() -> float:
    """Peak resident memory of this process so far, in MB."""
    import resource

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def _stamps(folder: Path) -> dict[str, Any]:
    """Length and digest of every file but the manifest; a gigabyte takes a second on each core."""
    paths = sorted(path for path in folder.iterdir() if path.name != MANIFEST and path.is_file())
    with ThreadPoolExecutor(cores()) as threads:
        return dict(zip((path.name for path in paths), threads.map(_stamp, paths), strict=True))


def _stamp(path: Path) -> dict[str, Any]:
    return {"size": path.stat().st_size, "sha256": keys.digest_file(path)}
