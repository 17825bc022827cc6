"""Documents that commands are given or find: manifests, boxes, landmarks, jobs, states, values.

The first line of a content names the document, the rest is the document.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.mutations import mutate_bytes, mutate_json, mutate_text

ITEM = {
    "id": "nir_1",
    "label": "anger",
    "subject": "p1",
    "spectrum": "nir",
    "files": ["a.png"],
    "lighting": "",
    "pair": None,
    "weak_pair": False,
    "split": "",
    "part": "main",
    "frames": 1,
    "audio": "",
}
MANIFEST = {
    "dataset": "toy",
    "items": [ITEM],
    "by_class": {"anger": 1},
    "by_subject": {"p1": 1},
    "by_domain": {"nir": 1},
    "problems": [{"kind": "damaged", "path": "a.png", "action": "restore it"}],
    "fingerprint": "ab",
    "verified": True,
    "schema": 1,
}
STATEMENT = MANIFEST | {"digests": {"nir_1": "ab"}, "folds": [["p1"]], "crops": {"toy: nir": "ab"}}
SQUARES = {"nir_1": [1.5, 2, 30], "nir_2": {"positions": [0, 2], "boxes": [[1, 2, 3], None]}}
JOB = {
    "job": {
        "key": "ab",
        "request": {"dataset": "toy"},
        "resources": {"threads": 1, "device": "cpu", "seconds": 0.0, "memory_mb": 0.0},
    },
    "log": "",
}
VALUES = [
    {
        "comparable": True,
        "method": "PCA",
        "metric": "UAR",
        "value": 0.5,
        "source": "a paper",
        "dataset": "toy",
        "protocol": "5 folds",
    }
]
TABLE = b"method,dataset,metric,value,source,provenance,comparable\nPCA,toy,UAR,0.5,x,paper,true\n"
ARTEFACT = {
    "scheme": 1,
    "key": "ab",
    "describe": {"step": "fit"},
    "source": "",
    "facts": {"clips": 2},
    "parts": [],
    "seconds": 1.5,
    "peak_mb": 100.0,
    "created": "2026-01-01T00:00:00Z",
    "files": {"state.json": [10, "ab"]},
}


@cache
def _tensors() -> bytes:
    import numpy as np
    from safetensors.numpy import save

    points = {"nir_1": np.zeros((2, 68, 2), np.float32), "nir_2": np.ones((1, 68, 2), np.float32)}
    return save(points, metadata={"scalars": '{"epoch": 3}'})


def documents() -> dict[str, bytes]:
    """A valid document of each name."""
    plain: dict[str, Any] = {
        "statement": STATEMENT,
        "kept": {"signature": "ab", "manifest": MANIFEST},
        "squares": SQUARES,
        "job": JOB,
        "values.json": VALUES,
        "artefact": ARTEFACT,
        "times": {"fit pca": 3.5},
        "state": {"epoch": 3, "best": 0.5},
        "config": {"steps": 20},
    }
    made = {name: json.dumps(value).encode() for name, value in plain.items()}
    return made | {"values.csv": TABLE, "landmarks": _tensors(), "checkpoint": _tensors()}


def seeds(kind: str) -> list[bytes]:
    """Each document behind its name."""
    return [f"{name}\n".encode() + content for name, content in documents().items()]


def mutate(kind: str, random: Random, seed: bytes, others: Sequence[bytes]) -> bytes:
    """The document changed, its name kept."""
    name, _, content = seed.partition(b"\n")
    change = {b"values.csv": mutate_text, b"landmarks": mutate_bytes, b"checkpoint": mutate_bytes}
    return name + b"\n" + change.get(name, mutate_json)(random, content)


def prepare(kind: str, content: bytes, place: Path) -> Callable[[], object]:
    """The reader of the document that the first line names."""
    name, _, document = content.partition(b"\n")
    path = place / name.decode("ascii", "replace").replace("/", "-")
    path.write_bytes(document)
    readers: dict[str, Callable[[Path], int]] = {
        "statement": _against,
        "kept": _kept,
        "squares": _squares,
        "job": _job,
        "values.json": _values,
        "values.csv": _values,
        "artefact": _artefact,
        "times": _times,
        "state": _state,
        "landmarks": _landmarks,
        "checkpoint": _checkpoint,
    }
    reader = readers.get(path.name, _state)
    return lambda: reader(path)


def _against(path: Path) -> int:
    from irfer_bench.cli import main

    code = main(["data", "check", "toy", "--against", str(path)])
    return code or main(["data", "check", "toy", "--against", str(path), "--json"])


def _kept(path: Path) -> int:
    from irfer_bench.data.kept_manifests import place_of, stored
    from irfer_bench.home import home

    place = place_of("toy", path.parent, home(), None)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(path.read_bytes())
    stored("toy", path.parent, home())
    return 0


def _squares(path: Path) -> int:
    from irfer_bench.cli import main

    words = ["plan", "-d", "toy", "-r", "toy_means", "--boxes", str(path)]
    return main([*words, "--out", str(path.parents[2] / "out")])


def _job(path: Path) -> int:
    from irfer_bench.engine.executors.worker import decode
    from irfer_bench.experiment.request import Request

    envelope = decode(path.read_bytes())
    import msgspec

    from irfer_bench.errors import DamagedError

    try:
        msgspec.convert(envelope.job.request, Request)
    except msgspec.ValidationError as error:  # as the server of jobs does
        raise DamagedError(str(error)) from None
    return 0


def _values(path: Path) -> int:
    from irfer_bench.store.published import read_values

    read_values(path)
    return 0


def _artefact(path: Path) -> int:
    from irfer_bench.cli import main
    from irfer_bench.store.manifests import read_manifest

    folder = path.parents[2] / "home" / "store" / "artefacts" / "ab" / "ab"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_bytes(_sealed(path.read_bytes()))
    read: Callable[[], object]
    for read in (
        lambda: main(["gc", "--all", "--dry-run"]),
        lambda: main(["data", "purge", "toy"]),
        lambda: read_manifest(folder, "ab"),
    ):
        read()
    return 0


def _sealed(content: bytes) -> bytes:
    """The manifest of an artefact with its digest, where it is JSON at all."""
    from irfer_bench.store import keys

    try:
        value = json.loads(content)
        value["digest"] = keys.digest(value)
        return json.dumps(value).encode()
    except (ValueError, RecursionError, TypeError, AttributeError):
        return content


def _times(path: Path) -> int:
    place = path.parents[2] / "home" / "store" / "times.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(path.read_bytes())
    from irfer_bench.cli import main

    out = str(path.parents[2] / "out")
    return main(["plan", "-d", "toy", "-t", "toy_shift", "-r", "toy_means", "--out", out])


def _state(path: Path) -> int:
    from irfer_bench.store.files import read_json

    read_json(path)
    return 0


def _landmarks(path: Path) -> int:
    from irfer_bench.data.landmarks import read_landmarks

    read_landmarks(path)
    return 0


def _checkpoint(path: Path) -> int:
    from irfer_bench.store.state import read_checkpoint

    read_checkpoint(path)
    return 0
