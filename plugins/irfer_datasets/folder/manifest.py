"""A user's own images, described by a CSV or Parquet manifest."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from irfer_bench.api import (
    VIDEO_SUFFIXES,
    DamagedError,
    RefusedRowError,
    natural,
    path_below,
    plain_cell,
    read_rows,
)
from irfer_datasets.folder.rows import (
    SPECTRA,
    Row,
    Rows,
    label_of,
    near_name,
    spectrum_of,
    why_no_label,
)
from irfer_datasets.folder.walk import UNREAD, frames_of, is_image, walk
from irfer_datasets.params import FolderParams

MANIFESTS = ("manifest.csv", "manifest.parquet")
REQUIRED = ("path", "spectrum", "label")
ALLOWED = {
    "lighting": ("", "strong", "weak", "dark", "normal"),
    "split": ("", "train", "val", "test"),
}


def find_manifest(root: Path) -> Path | None:
    """`manifest.csv` or `manifest.parquet` in the root, in that order."""
    return next((root / name for name in MANIFESTS if (root / name).is_file()), None)


def rows_of(root: Path, params: FolderParams) -> Rows:
    """Rows of a root; a manifest overrides the folders' names.

    Raises:
        DamagedError: the manifest cannot be read or lacks a column.
    """
    manifest = find_manifest(root)
    return walk(root, params) if manifest is None else read_manifest(root, manifest, params)


def read_manifest(root: Path, manifest: Path, params: FolderParams) -> Rows:
    """Rows of a CSV (UTF-8, with or without BOM) or Parquet manifest.

    Columns path, spectrum, label; optional subject, lighting, pair, split, part, audio. A path is
    an image's, a video's or a folder of frames'.

    Raises:
        DamagedError: it cannot be read or lacks a column.
    """
    records = _csv(manifest) if manifest.suffix == ".csv" else _parquet(manifest)
    found = Rows(root)
    found.rows = read_rows(records, lambda rec: _row(rec, found, params), manifest.name, found)
    found.rows.sort(key=lambda row: natural(row.path))
    return found


def _row(record: Mapping[str, str], found: Rows, params: FolderParams) -> Row:
    path = _path(record.get("path", ""), found.root)
    given = record.get("spectrum", "") or params.spectrum
    spectrum = spectrum_of(given)
    if spectrum is None:
        hint = near_name(given, SPECTRA)
        raise RefusedRowError("bad_row", f"spectrum {given.casefold()!r}; {hint}")
    text = record.get("label", "")
    label = label_of(text, params.own) if text else None
    if text and label is None:
        raise RefusedRowError("unknown_label", f"label {text!r}; {why_no_label(text)}")
    values: dict[str, Any] = {name: record.get(name, "").casefold() for name in ALLOWED}
    for name, value in values.items():
        if value not in ALLOWED[name]:
            known = ALLOWED[name][1:]
            raise RefusedRowError("bad_row", f"{name} {value!r}; {near_name(value, known)}")
    sound = record.get("audio", "")
    return Row(
        path=path,
        spectrum=spectrum,
        label=label,
        subject=record.get("subject") or None,
        pair=record.get("pair") or None,
        part=record.get("part") or "main",
        files=_frames(path, found),
        audio=_path(sound, found.root, folders=False) if sound else "",
        video=PurePosixPath(path).suffix.lower() in VIDEO_SUFFIXES,
        **values,
    )


def _frames(path: str, found: Rows) -> tuple[str, ...]:
    """The frames of a folder of frames; empty for a file.

    Raises:
        RefusedRowError: the folder holds no image, or the file is neither image nor video.
    """
    place = found.root / path
    if place.is_dir():
        if frames := frames_of(place, found):
            return frames
        raise RefusedRowError("missing_file", "the folder holds no images")
    suffix = place.suffix.lower()
    if suffix in UNREAD:
        raise RefusedRowError("bad_row", f"not read; {UNREAD[suffix]}")
    if not is_image(place) and suffix not in VIDEO_SUFFIXES:
        raise RefusedRowError("bad_row", "it is neither an image nor a video by its suffix")
    return ()


def _path(given: str, root: Path, *, folders: bool = True) -> str:
    path = path_below(given, root, "manifest")
    if not ((root / path).is_file() or (folders and (root / path).is_dir())):
        action = f"no such file {given}; restore it or remove the row"
        raise RefusedRowError("missing_file", action)
    return path


def _csv(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True)
            _check_columns(path, reader.fieldnames or ())
            for record in reader:
                texts = {k: v or "" for k, v in record.items() if isinstance(k, str)}
                yield {name: plain_cell(text.strip()) for name, text in texts.items()}
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        hint = "save it as UTF-8 CSV"
        raise DamagedError(f"{path.name} cannot be read ({error})", hint) from error


def _parquet(path: Path) -> Iterator[dict[str, str]]:
    import pyarrow
    import pyarrow.parquet

    try:
        table: Any = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DamagedError(f"{path.name} cannot be read ({error})", "write it anew") from error
    _check_columns(path, table.column_names)
    for record in table.to_pylist():
        yield {name: "" if value is None else str(value).strip() for name, value in record.items()}


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    absent = [name for name in REQUIRED if name not in columns]
    if absent:
        raise DamagedError(
            f"{path.name} lacks column {', '.join(absent)} (it has {', '.join(columns) or 'none'})",
            "columns: path,subject,spectrum,label[,lighting,pair,split,part,audio]",
        )
