"""Keys of artefacts: sha256 of canonical JSON as 64 hexadecimal digits."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

SCHEME = 1
"""Changes when the meaning of a key changes; old artefacts are then simply not found."""
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
)


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces; NaN and infinity are refused."""
    return _ENCODER.encode(value)


def digest(value: Any) -> str:
    """The key of a JSON value under the current scheme."""
    return hashlib.sha256(canonical([SCHEME, value]).encode()).hexdigest()


def digest_file(path: Path) -> str:
    """sha256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def seed_for(seed: int, *names: str) -> int:
    """A 63-bit seed that depends on the words only."""
    text = "\0".join((str(seed), *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
