"""The release of 2017: lists of whole images, boxes, 68 landmarks and labels.

Public loaders show the folder of the automatic list in three spellings, folders doubled by
unpacking, boxes that are NULL, and images whose extension is not that of the list.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from irfer_bench.api import (
    OTHERS_USED,
    Annotation,
    DamagedError,
    DatasetCopy,
    Found,
    LargeSurvey,
    Matches,
    open_annotation,
)
from irfer_datasets.affectnet.layout import LABELS, LISTS, NO_EXPRESSION, make_item

COLUMNS = (
    "subdirectory_filepath",
    "face_x",
    "face_y",
    "face_width",
    "face_height",
    "facial_landmarks",
    "expression",
    "valence",
    "arousal",
)
PATH, BOX, LANDMARKS, EXPRESSION = 0, slice(1, 5), 5, 6


@dataclass
class ListSurvey(LargeSurvey):
    """A survey of images with boxes.

    Args:
        facts: sum of the digests of all used rows, so that boxes enter the fingerprint.
    """

    facts: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """Facts of one image in a list."""

    code: int
    split: str
    part: str
    digest: int
    boxed: bool


def survey_lists(
    copy: DatasetCopy, found: Matches, automatic: bool, seen: ListSurvey
) -> Counter[int]:
    """Items of the manual (and automatic) lists; returns how many show no expression."""
    left_out: Counter[int] = Counter()
    for part in ("manual", "automatic") if automatic else ("manual",):
        rows: dict[str, Row] = {}
        for name in (name for name, (_, own) in LISTS.items() if own == part):
            source = find_list(copy, found, name)
            if source is None:
                place = copy.place(f"{name}.csv")
                seen.note("missing_list", place, f"this list is not here; {OTHERS_USED}")
            else:
                _read_list(seen.root / source, name, rows, seen)
        images = copy.of(found, part)
        if not images:
            place = copy.place(f"{part.capitalize()}ly_Annotated_Images")
            seen.note("missing_list", place, f"the images are not here; {OTHERS_USED}")
            continue
        left_out += _join(rows, images, seen)
    return left_out


def find_list(copy: DatasetCopy, found: Matches, name: str) -> str | None:
    """A list of the release of 2017, in its folder in either spelling or beside the images."""
    for hit in copy.of(found, "list"):
        for path, facts in hit.files():
            if facts["list"].casefold() == name:
                return path
    return None


def _read_list(source: Path, name: str, rows: dict[str, Row], seen: ListSurvey) -> None:
    annotation = open_annotation(source, seen.root)
    if annotation.encoding == "utf-16":
        raise DamagedError(f"{annotation.name} is UTF-16", "save it as UTF-8")
    seen.problems.extend(annotation.problems())
    split, part = LISTS[name]
    outside: list[str] = []
    lines = annotation.rows()
    _check_header(annotation, next(lines, (0, []))[1])
    for line, cells in lines:
        path = cells[PATH].replace("\\", "/")
        if path.startswith("/") or path[1:3] == ":/" or ".." in path.split("/"):
            outside.append(f"line {line}: {path[:80]}")
        elif (code := _code(cells, path, line, source, seen)) is not None:
            text = ",".join((path, *cells[BOX], cells[LANDMARKS]))
            digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
            row = Row(code, split, part, digest, parse_box(cells[BOX]) is not None)
            known = rows.setdefault(path, row)
            if (known.code, known.split) != (code, split):
                both = f"{known.split} {known.code} and {split} {code}"
                seen.note("duplicate_id", source, f"line {line}: {path} is {both}; keep one row")
    if outside:
        action = f"{len(outside):,} path(s) lead out of the images, such as {outside[0]}"
        hint = "write <folder>/<image> as the official list does"
        seen.note("outside_root", source, f"{action}; {hint}")


def _check_header(annotation: Annotation, first: Sequence[str]) -> None:
    names = [cell.casefold() for cell in first]
    for place, column in enumerate(COLUMNS[: EXPRESSION + 1]):
        if names[place : place + 1] != [column]:
            message = f"{annotation.name} lacks column {column} in place {place + 1}"
            raise DamagedError(message, "restore the file from the official archive")


def _code(
    cells: Sequence[str], path: str, line: int, source: Path, seen: ListSurvey
) -> int | None:
    text = cells[EXPRESSION] if len(cells) > EXPRESSION else ""
    if not path.isprintable() or ";" in path or "/" not in path or not text:
        what = f"{len(cells)} cells that begin with {path[:40]!r} are no <folder>/<image> and label"
        seen.note("bad_row", source, f"line {line}: {what}")
    elif not text.lstrip("-").isdecimal():
        seen.note("bad_row", source, f"line {line}: {path}: label {text[:20]!r} is no number")
    elif int(text) not in LABELS and int(text) not in NO_EXPRESSION:
        seen.note("unknown_label", source, f"line {line}: {path}: {text[:20]}; known: 0 to 10")
    else:
        return int(text)
    return None


def _join(
    rows: Mapping[str, Row], images: Sequence[Found], seen: ListSurvey
) -> Counter[int]:
    """Bring rows and files together, by folder and by what is before the last dot.

    Extensions differ between list and disk.
    """
    left_out, above = Counter[int](), images[0].above
    files = {
        f"{hit.facts['folder']}/{facts['stem'].casefold()}": path
        for hit in images
        for path, facts in hit.files()
    }
    listed, folders = set(), set()
    for path in sorted(rows):
        folder, _, name = path.rpartition("/")
        key = f"{folder}/{name.rpartition('.')[0].casefold()}"
        listed.add(key)
        folders.add(folder)
        file, row = files.get(key), rows[path]
        if row.code in NO_EXPRESSION:
            left_out[row.code] += 1
        elif file is None:
            seen.note("missing_item", f"{above}/{path}", f"listed, and not there; {OTHERS_USED}")
        else:
            _use(path, file, row, seen)
    for hit in images:
        if hit.facts["folder"] not in folders:
            action = "not read; no list has a row for what it holds"
            seen.note("unlabelled_file", hit.folder, action)
    for key in sorted(files.keys() - listed):
        if key.partition("/")[0] in folders:
            seen.note("unlabelled_file", files[key], "not read; no list has a row for it")
    return left_out


def _use(path: str, file: str, row: Row, seen: ListSurvey) -> None:
    if not row.boxed:
        seen.note("no_box", file, "its face has no box; the whole image is used")
    seen.facts = (seen.facts + row.digest) % (1 << 128)
    # The official name of 56 hex digits carries no facts, and is not alone in its folder.
    name = hashlib.sha256(path.encode()).hexdigest()[:16]
    seen.items.append(make_item(row.split, name, row.code, file, row.part))


def parse_box(cells: Sequence[str]) -> tuple[float, float, float, float] | None:
    """Left, top, width and height; None for NULL or a box without area."""
    try:
        left, top, width, height = map(float, cells)
    except ValueError:
        return None
    return (left, top, width, height) if width >= 1 and height >= 1 else None
