"""Small drawn datasets of the Hugging Face hub, in the three forms in which they lie in a folder.

The tests of this family import `datasets` only where they write or read one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
from PIL import Image

from irfer_bench.contracts.component import BASIC, Spectrum
from irfer_bench.testing.faces import make_clip

SPECTRA: tuple[Spectrum, ...] = ("vis", "nir")


def encode(array: Any, kind: str = "PNG") -> bytes:
    """One image as a file."""
    stream = BytesIO()
    Image.fromarray(np.asarray(array)).save(stream, kind)
    return stream.getvalue()


def face(subject: int, label: str, spectrum: Spectrum = "vis") -> bytes:
    """One drawn face as PNG."""
    return encode(make_clip(subject, label, spectrum, size=16).frames[0])


def face_rows(
    subjects: Iterable[int] = (0, 1, 2),
    labels: Sequence[str] = BASIC,
    spectra: Sequence[Spectrum] = SPECTRA,
) -> list[dict[str, Any]]:
    """Paired rows, an image each."""
    return [
        {
            "image": {"bytes": face(subject, label, spectrum), "path": None},
            "label": label,
            "subject": f"p{subject}",
            "spectrum": spectrum,
            "pair": f"{subject}-{label}",
        }
        for subject in subjects
        for label in labels
        for spectrum in spectra
    ]


def dataset_of(rows: Sequence[Mapping[str, Any]], names: Sequence[str] = BASIC) -> Any:
    """A `datasets.Dataset`; images are `Image`, labels a `ClassLabel` of `names` where any."""
    from datasets import ClassLabel, Dataset, Features, Image, Value

    columns = {name: [row.get(name) for row in rows] for name in rows[0]}
    kinds: dict[str, Any] = {
        name: Image() for name, value in rows[0].items() if isinstance(value, dict)
    }
    if names and "label" in columns:
        kinds["label"] = ClassLabel(names=list(names))
    if "frames" in columns:
        kinds["frames"] = [Image()]
    features = Features({name: kinds.get(name, Value("string")) for name in columns})
    return Dataset.from_dict(columns, features=features)


def write_parquet(
    folder: Path,
    rows: Sequence[Mapping[str, Any]],
    *,
    split: str = "train",
    shards: int = 1,
    names: Sequence[str] = BASIC,
) -> Path:
    """`data/<split>-00000-of-00002.parquet`, as `push_to_hub` names them."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    whole = dataset_of(rows, names)
    for k in range(shards):
        part = whole.shard(shards, k, contiguous=True).with_format("arrow")[:]
        note = whole.features.arrow_schema.metadata
        place = folder / f"data/{split}-{k:05d}-of-{shards:05d}.parquet"
        pyarrow.parquet.write_table(part.replace_schema_metadata(note), place)
    return folder


def write_imagefolder(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Images and a `metadata.csv` that says everything about them."""
    (folder / "images").mkdir(parents=True)
    columns = [name for name in rows[0] if name != "image"]
    with (folder / "metadata.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ["file_name", *columns])
        writer.writeheader()
        for number, row in enumerate(rows):
            name = f"images/{number:04d}.png"
            (folder / name).write_bytes(row["image"]["bytes"])
            writer.writerow({"file_name": name} | {key: row[key] for key in columns})
    return folder


def write_hub(folder: Path) -> None:
    """The sample of the conformance suite: three people, two spectra, six classes."""
    write_imagefolder(folder, face_rows())
