"""Artefacts by key: built once, committed by one rename, verified when read. Knows no faces."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from irfer_bench import keys
from irfer_bench.claims import claim, try_claim
from irfer_bench.errors import DamagedError, RefusedError

MANIFEST = "manifest.json"
REFUSALS = (
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EEXIST,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EIO,
)
"""Errors of a place that cannot be written to, besides a full one."""


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
        root: made when first written to; 0700, since prepared pictures are private.
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
            # Only the holder of the claim may move it: another run may be building it anew.
            with self._claimed(key):
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
    def _claimed(self, key: str) -> Iterator[None]:
        def waiting() -> None:
            self.say(f"another run is building {key[:8]}; waiting")

        with self.writing(), claim(self.root / "locks", key, waiting):
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
        with self._claimed(key):
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
        for leftover in workplace.glob(f"{key}.*"):  # of a run that was killed: we hold the claim
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

    def sweep(self, keep: Iterable[str]) -> tuple[int, int]:
        """Delete every artefact but those in `keep` and their parts; returns (number, bytes) freed.

        Raises:
            RefusedError: another run is building something here.
        """
        count, size = 0, 0
        kept = self._with_parts(keep)
        with clear_write_errors(self.root):
            self._refuse_if_busy()
            for folder in (self.root / "artefacts").glob("*/*"):
                if folder.name not in kept:
                    size += sum(path.stat().st_size for path in folder.iterdir())
                    shutil.rmtree(folder)
                    count += 1
            # Checkpoints of interrupted fits are worth keeping unless nothing is kept.
            for leftover in ("building", "damaged", *(() if kept else ("unfinished",))):
                if (self.root / leftover).is_dir():
                    shutil.rmtree(self.root / leftover)
        self._verified.clear()
        return count, size

    def purge(
        self, chosen: Callable[[dict[str, Any]], bool], *, really: bool
    ) -> tuple[int, int]:
        """Delete the artefacts whose description is chosen and all that was made of them.

        Unfinished work goes too, whosever it is: it may hold frames. Without `really` only counts.

        Returns:
            How many artefacts, and their bytes.

        Raises:
            RefusedError: another run is building something here.
        """
        known = {folder.name: folder for folder in (self.root / "artefacts").glob("*/*")}
        made: dict[str, set[str]] = {}
        doomed: set[str] = set()
        for key, folder in known.items():
            try:
                manifest = read_json(folder / MANIFEST)
                describe, parts = manifest["describe"], manifest["parts"]
            except (DamagedError, KeyError, TypeError):
                doomed.add(key)  # nobody can say what it holds
                continue
            if chosen(describe):
                doomed.add(key)
            for source in describe.get("from", {}).values():
                made.setdefault(source, set()).add(key)
            made.setdefault(key, set()).update(parts)
        queue = list(doomed)
        while queue:
            below = made.get(queue.pop(), set()) - doomed
            doomed |= below
            queue += below
        doomed &= known.keys()
        size = sum(p.stat().st_size for key in doomed for p in known[key].iterdir())
        if really:
            with clear_write_errors(self.root):
                self._refuse_if_busy()
                for folder in (
                    *(known[key] for key in doomed),
                    *(self.root / name for name in ("unfinished", "building", "damaged")),
                ):
                    if folder.is_dir():
                        shutil.rmtree(folder)
            self._verified.clear()
        return len(doomed), size

    def _refuse_if_busy(self) -> None:
        for lock in (self.root / "locks").glob("*.lock"):
            with try_claim(lock.parent, lock.stem) as free:
                if not free:
                    raise RefusedError(
                        f"another run is at work in {self.root}", "wait until it has ended"
                    )

    def _with_parts(self, wanted: Iterable[str]) -> set[str]:
        found: set[str] = set()
        queue = list(wanted)
        while queue:
            key = queue.pop()
            if key not in found:
                found.add(key)
                with suppress(DamagedError):
                    queue += read_json(self.folder(key) / MANIFEST).get("parts", [])
        return found

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Turn the system's refusals to write into one clear line."""
        with clear_write_errors(self.root):
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            yield


@contextmanager
def clear_write_errors(where: Path) -> Iterator[None]:
    """Turn a full, read-only or misplaced folder into a `DamagedError` that names it."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DamagedError(
                f"no space left while writing {error.filename or where}",
                "free some, or point IRFER_BENCH_HOME (store) or --out (results) at another disk; "
                "finished steps are kept",
            ) from error
        if error.errno in REFUSALS:
            raise DamagedError(
                f"no access to {error.filename or where}: {error.strerror}",
                "point IRFER_BENCH_HOME (store) or --out (results) at a folder you own",
            ) from error
        raise


def write_json(path: Path, value: Any) -> None:
    """Write JSON so that a reader sees the old file or the whole new one."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file by one rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        DamagedError: the file cannot be read or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DamagedError(f"{path} cannot be read: {error}") from error


def peak_mb() -> float:
    """Peak resident memory of this process so far, in MB."""
    import resource

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def _stamps(folder: Path) -> dict[str, Any]:
    """Length and digest of every file but the manifest; a gigabyte takes a second on each core."""
    paths = sorted(path for path in folder.iterdir() if path.name != MANIFEST and path.is_file())
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return dict(zip((path.name for path in paths), threads.map(_stamp, paths), strict=True))


def _stamp(path: Path) -> dict[str, Any]:
    return {"size": path.stat().st_size, "sha256": keys.digest_file(path)}
