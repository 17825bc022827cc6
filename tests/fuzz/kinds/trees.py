"""Folders of datasets with one file changed: annotations (text, CSV, npy), tables, images.

The first line of a content names the tree and the file in it, the rest is the file.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from random import Random

from tests.fuzz.mutations import mutate_bytes, mutate_json, mutate_text

IMAGES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".mp4"})
MOST = 2
"""Files of one suffix and name that are changed in a tree; the others are like them."""
MANIFEST = b"""path,subject,spectrum,label,lighting,pair,split,part,audio
vis/p0/anger/a.png,p0,vis,anger,strong,x,train,main,
nir/p0/anger/a.png,p0,nir,anger,strong,x,train,main,
"vis/p1/fear/a.png",p1,vis,fear,,,test,,
vis/p2/anger,p2,vis,anger,,,test,,
"""
_last: list[tuple[Path, bytes]] = []


def _folder(root: Path) -> None:
    from tests.conformance.sample_trees import write_folder

    write_folder(root)
    (root / "manifest.csv").write_bytes(MANIFEST)


def _table(root: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tests.conformance.sample_trees import write_folder

    write_folder(root)
    lines = [line.split(",") for line in MANIFEST.decode().replace('"', "").splitlines()]
    pq.write_table(
        pa.table(dict(zip(lines[0], zip(*lines[1:], strict=True), strict=True))),
        root / "manifest.parquet",
    )


def _hub(form: str) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        from tests.irfer_datasets.hub_tree import dataset_of, face_rows, write_parquet

        rows = face_rows(subjects=(0, 1))
        if form == "parquet":
            write_parquet(root, rows, shards=1)
        else:
            dataset_of(rows).save_to_disk(str(root))

    return write


@cache
def _writers() -> dict[str, Callable[[Path], object]]:
    from tests.conformance.sample_trees import SAMPLES

    own = {
        "folder": _folder,
        "folder-table": _table,
        "hub-parquet": _hub("parquet"),
        "hub-saved": _hub("saved"),
    }
    return {name: write for name, write in SAMPLES.items() if name != "mafw_compound"} | own


@cache
def tree(name: str) -> Path:
    """A tree, written once per process."""
    root = Path(tempfile.mkdtemp(prefix=f"{name}-")) / name
    root.mkdir()
    _writers()[name](root)
    return root


def seeds(kind: str) -> list[bytes]:
    """Every annotation of every tree, and an image of each."""
    made = []
    for name in _writers():
        root, seen = tree(name), {}  # type: ignore[var-annotated]
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            suffix = path.suffix.lower()
            group = suffix if suffix in IMAGES else re.sub(r"\d", "", path.stem)[-4:] + suffix
            seen[group] = seen.get(group, 0) + 1
            if seen[group] <= (1 if suffix in IMAGES else MOST):
                head = f"{name}/{path.relative_to(root).as_posix()}\n"
                made.append(head.encode() + path.read_bytes())
    return made


def mutate(kind: str, random: Random, seed: bytes, others: Sequence[bytes]) -> bytes:
    """The file changed, its name kept."""
    head, _, content = seed.partition(b"\n")
    suffix = Path(head.decode()).suffix.lower()
    if suffix in (".csv", ".txt", ".jsonl"):
        change = mutate_text
    elif suffix == ".json":
        change = mutate_json
    else:
        change = mutate_bytes
    return (
        head + b"\n" + change(random, content, [other.partition(b"\n")[2] for other in others[:9]])
    )


def prepare(kind: str, content: bytes, place: Path) -> Callable[[], object]:
    """Check the tree with the changed file in it; the one before is put back."""
    while _last:
        path, before = _last.pop()
        path.write_bytes(before)
    head, _, document = content.partition(b"\n")
    name, _, file = head.decode().partition("/")
    root = tree(name)
    _last.append((root / file, (root / file).read_bytes()))
    (root / file).write_bytes(document)
    dataset = name.partition("-")[0]

    def call() -> int:
        from irfer_bench.cli import main

        return main(["data", "check", dataset, "--data-root", f"{dataset}={root}"])

    return call
