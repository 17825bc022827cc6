"""Records and predictions that others sent, sealed anew after they were changed.

The digest of a record only tells that it was edited: whoever edits can seal it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.mutations import mutate_json

STORED = Path(__file__).parents[2] / "irfer_bench" / "store"
COMMANDS = (
    ("leaderboard",),
    ("leaderboard", "--check"),
    ("leaderboard", "--json"),
    ("show", "{record}"),
    ("show", "{record}", "--json"),
    ("gc", "--dry-run"),
    ("export", "{record}", "{out}/made"),
    ("predict", "image.png", "--from", "{record}", "--out", "{out}/table.csv"),
    ("leaderboard", "toy_weak"),
)
KEPT = {
    "classes": ["anger", "fear"],
    "items": [
        ["a1", "a", "anger", [-0.1, -2.4]],
        ["b1", "b", "fear", [-2.4, -0.1]],
        ["c1", None, "fear", [-0.5, -0.9]],
    ],
    "pairs": ["a1", "b1"],
    "subjects": ["a", None],
    "values": {"psnr": [20.5, 21.0], "ssim": [0.5, 0.6]},
    "summands": {"uar": [[1.0, 2.0], [0.0, 1.0]]},
}


def seeds(kind: str) -> list[bytes]:
    """A record of each schema, or a file of predictions."""
    if kind == "predictions":
        return [json.dumps(KEPT).encode()]
    return [(STORED / f"records_v{number}" / "whole.json").read_bytes() for number in (2, 1)]


def mutate(kind: str, random: Random, seed: bytes, others: Sequence[bytes]) -> bytes:
    """Changed values, sealed where the result is JSON."""
    return mutate_json(random, seed, others)


def prepare(kind: str, content: bytes, place: Path) -> Callable[[], object]:
    """Put it where its cell and key say, and call a command that the content itself chooses."""
    out = place.parents[1] / "out" / place.name
    record = seeds("records")[0] if kind == "predictions" else content
    kept = content if kind == "predictions" else seeds("predictions")[0]
    record = _seal(record, kept if kind == "predictions" else None)
    path = out / "records" / _place(record)
    path.parent.mkdir(parents=True)
    path.write_bytes(record)
    beside = out / "predictions" / path.relative_to(out / "records")
    beside.parent.mkdir(parents=True)
    beside.write_bytes(kept)
    (place / "image.png").write_bytes(b"")
    words = COMMANDS[hashlib.sha256(content).digest()[0] % len(COMMANDS)]
    words = tuple(word.format(record=path, out=out) for word in words)
    if words[0] in ("leaderboard", "gc"):
        words += ("--out", str(out))

    def call() -> int:
        from irfer_bench.cli import main

        return main(words)

    return call


def _seal(record: bytes, kept: bytes | None) -> bytes:
    """With a valid digest, of a record of the present schema, where it is JSON at all."""
    try:
        value: Any = json.loads(record)
        if kept is not None:
            value["data"]["predictions"] = hashlib.sha256(kept).hexdigest()
            value["classes"] = json.loads(kept).get("classes", value["classes"])
        value.pop("digest", None)
        text = json.dumps(value, indent=1, ensure_ascii=False)
        body = f"{text}\n".encode()
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError):
        return record
    digest = hashlib.sha256(body).hexdigest()
    return body.removesuffix(b"\n}\n") + f',\n "digest": "{digest}"\n}}\n'.encode()


def _place(record: bytes) -> Path:
    """Where `path_of` puts it, or a place that no record names."""
    from irfer_bench.errors import BenchError
    from irfer_bench.store.records import path_of
    from irfer_bench.store.schemas import decode

    try:
        known = decode(record, "record")
        return path_of(Path(), known.cell, known.key).relative_to("records")
    except (BenchError, ValueError):
        return Path("toy_weak", "record.json")
