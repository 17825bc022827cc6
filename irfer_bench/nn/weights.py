"""Finds a pretrained file by name, says what it is, and imports no torch.

Pretrained files are never downloaded here: a user puts them into one folder
(`IRFER_BENCH_WEIGHTS`, `ctx.weights`), or a plugin ships them inside its package.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from irfer_bench import home
from irfer_bench.errors import DamagedError, MissingWeightsError


@dataclass(frozen=True, slots=True)
class Pretrained:
    """One pretrained file as the world knows it.

    Args:
        name: what people call it, for messages.
        files: file names under which it may lie in the weights folder, best first.
        sha256: start of the digest of `files[0]`, or empty where it is not known.
        source: URL of the file, or the page that leads to it.
        folder: where a package ships it, searched after the weights folder.
    """

    name: str
    files: tuple[str, ...]
    sha256: str = ""
    source: str = ""
    folder: Path | None = None


def folder() -> Path:
    """The folder `ctx.weights` names, for code that is given no context (metrics)."""
    return home.weights()


def find(wanted: Pretrained, weights: Path) -> Path:
    """The file's path.

    Raises:
        MissingWeightsError: it is in none of the folders; names it, its source and the folder.
        DamagedError: its digest is not the published one.
    """
    folders = [weights] if wanted.folder is None else [weights, wanted.folder]
    for folder in folders:
        for file in wanted.files:
            path = folder / file
            if path.is_file():
                _check(wanted, path)
                return path
    source = f"get it from {wanted.source} and " if wanted.source else ""
    is_address = wanted.source.startswith("https://") and " " not in wanted.source
    raise MissingWeightsError(
        f"pretrained weights {wanted.name} are not here (looked for {_list(wanted.files)} "
        f"in {_list([str(f) for f in folders])})",
        f"{source}put it into {weights} (IRFER_BENCH_WEIGHTS names that folder)",
        uri=wanted.source if is_address else "",
        sha256=wanted.sha256,
    )


def digest(path: Path) -> str:
    """sha256 of a file, remembered across runs while size, times and inode stay as they are."""
    facts = path.stat()
    seen = (facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)
    return _digest(str(path.resolve()), seen)


@lru_cache(maxsize=256)
def _digest(path: str, seen: tuple[int, ...]) -> str:
    note = _notes() / f"{hashlib.sha256(path.encode()).hexdigest()[:32]}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(note.read_text())
        if tuple(known["seen"]) == seen:
            return str(known["sha256"])
    with Path(path).open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    # A read-only cache folder only costs the next run another reading.
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=note.parent, delete=False) as file_:
            json.dump({"seen": seen, "sha256": found}, file_)
        Path(file_.name).replace(note)
    return found


def _notes() -> Path:
    return home.home() / "digests"


def _check(wanted: Pretrained, path: Path) -> None:
    if wanted.sha256 and path.name == wanted.files[0]:
        found = digest(path)
        if not found.startswith(wanted.sha256):
            raise DamagedError(
                f"{path} is not {wanted.name}: its sha256 begins {found[:12]}, "
                f"the published one {wanted.sha256[:12]}",
                f"download it again from {wanted.source}",
            )


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)
