"""`manifest.csv` in the root of NVIE, which overrides the folders' names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from irfer_bench.api import (
    CLASSES,
    IMAGE_SUFFIXES,
    Annotation,
    DamagedError,
    RefusedRowError,
    canonical,
    nearest,
    open_annotation,
    path_below,
    read_rows,
)
from irfer_datasets.nvie.layout import images
from irfer_datasets.nvie.rows import (
    ILLUMINATIONS,
    MODALITIES,
    PARTS,
    PHASES,
    Row,
    RowSurvey,
    subject_name,
)

NAME = "manifest.csv"
REQUIRED = ("path", "subject", "modality", "expression")
"""Columns that distinguish it from the manifest of dataset `folder`."""
ALLOWED = {"part": PARTS, "light": ILLUMINATIONS, "phase": PHASES}


def find_manifest(root: Path) -> Path | None:
    """The manifest in the root, where there is one that is not empty."""
    path = root / NAME
    try:
        return path if path.is_file() and path.stat().st_size else None
    except OSError:
        return None


def is_manifest(path: Path, root: Path) -> bool:
    """Whether a file has the columns that only this dataset's manifest has."""
    try:
        text = open_annotation(path, root)
        next(text.records(REQUIRED, _delimiter(text)), None)
    except DamagedError:
        return False
    return True


def read_manifest(root: Path, path: Path) -> RowSurvey:
    """Rows of the manifest; a path is a folder with images directly in it, or an image.

    Missing cells of part are `spontaneous`; an empty expression leaves the row out.

    Problems: `bad_row`, `unknown_label`, `outside_root`, `missing_item`, `duplicate_id`.

    Raises:
        DamagedError: it cannot be decoded or lacks a column.
    """
    seen = RowSurvey(root)
    text = open_annotation(path, root)
    seen.problems.extend(text.problems())
    records = (record for _, record in text.records(REQUIRED, _delimiter(text)))
    seen.rows = read_rows(records, lambda record: _row(record, root), path.name, seen)
    return seen


def _row(record: Mapping[str, str], root: Path) -> Row:
    path = path_below(record.get("path", ""), root)
    values = {name: record.get(name, "").casefold() for name in ALLOWED}
    for name, value in values.items():
        if value and value not in ALLOWED[name]:
            raise RefusedRowError("bad_row", f"{name} {value!r}; known: {', '.join(ALLOWED[name])}")
    modality = record.get("modality", "").casefold()
    if modality and modality not in MODALITIES:
        raise RefusedRowError("bad_row", f"modality {modality!r}; known: visible, infrared")
    text = record.get("expression", "")
    label = canonical(text) if text else ""
    if label is None or (label and label not in CLASSES[:7]):
        raise RefusedRowError("unknown_label", f"expression {text!r}; {nearest(text, CLASSES[:7])}")
    part = values["part"] or "spontaneous"
    return Row(
        path,
        _files(path, root),
        subject=subject_name(record.get("subject", "")),
        modality=modality,
        part=part,
        light=values["light"],
        clip=record.get("clip", "").casefold(),
        expression=label,
        phase=values["phase"] or ("sequence" if part == "spontaneous" else ""),
    )


def _files(path: str, root: Path) -> tuple[str, ...]:
    place = root / path
    if place.is_file():
        if place.suffix.lower() not in IMAGE_SUFFIXES:
            raise RefusedRowError("bad_row", "it is no image")
        return (path,)
    files = images(place, root) if place.is_dir() else ()
    if not files:
        raise RefusedRowError("missing_item", "no such folder with images; the rest is used")
    return files


def _delimiter(text: Annotation) -> str:
    _, first = next(text.lines(), (0, ""))
    return max(",;\t", key=first.count)
