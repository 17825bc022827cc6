"""The manifest of an artefact: its identity, its builder's facts, and digests of its files."""

from __future__ import annotations

import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irfer_bench.errors import DamagedError
from irfer_bench.store import keys
from irfer_bench.store.files import read_json, write_json
from irfer_bench.store.stamps import MANIFEST, hash_files


@dataclass(frozen=True, slots=True)
class Artefact:
    """A finished, verified folder. `facts` are its builder's."""

    key: str
    folder: Path
    facts: Mapping[str, Any]
    seconds: float
    peak_mb: float
    source: str


def write_manifest(
    folder: Path,
    key: str,
    facts: Mapping[str, Any],
    describe: Mapping[str, Any],
    source: str,
    parts: Sequence[str],
    seconds: float,
) -> None:
    """Write the manifest of a completely written folder."""
    manifest = {
        "scheme": keys.SCHEME,
        "key": key,
        "describe": dict(describe),
        "source": source,
        "facts": dict(facts),
        "parts": list(parts),
        "seconds": round(seconds, 3),
        "peak_mb": peak_mb(),
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "files": hash_files(folder),
    }
    write_json(folder / MANIFEST, manifest | {"digest": keys.digest(manifest)})


def read_manifest(folder: Path, key: str) -> tuple[str, Mapping[str, Any], Artefact]:
    """The manifest's digest, size and sha256 of each file, and the artefact it describes.

    Raises:
        DamagedError: it was edited, is truncated or belongs to another key.
    """
    manifest = read_json(folder / MANIFEST)
    try:
        digest = manifest.pop("digest")
        if digest != keys.digest(manifest):
            raise DamagedError(f"artefact {key[:8]}: its manifest is not what was written")
        if manifest["key"] != key:
            raise DamagedError(f"artefact {key[:8]}: its manifest names another key")
        facts, seconds, source = manifest["facts"], manifest["seconds"], manifest["source"]
        artefact = Artefact(key, folder, facts, seconds, manifest["peak_mb"], source)
        return digest, dict(manifest["files"]), artefact
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DamagedError(f"artefact {key[:8]}: manifest is incomplete ({error})") from error


def peak_mb() -> float:
    """Peak resident memory of this process so far, in MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
