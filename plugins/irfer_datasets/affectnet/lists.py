"""The release of 2017: lists of whole images, boxes, 68 landmarks and labels."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from irfer_bench.api import Annotation, DamagedError, Item, open_annotation
from irfer_datasets.affectnet.layout import (
    LABELS,
    LISTS,
    NO_EXPRESSION,
    Tree,
    find_list,
    image_folder,
)
from irfer_datasets.large_folders import LargeSurvey
from irfer_datasets.problems import REST
from irfer_datasets.tree import subfolders

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


def survey_lists(tree: Tree, automatic: bool, seen: ListSurvey) -> Counter[int]:
    """Items of the manual (and automatic) lists; returns how many show no expression."""
    left_out: Counter[int] = Counter()
    for part in ("manual", "automatic") if automatic else ("manual",):
        rows: dict[str, Row | None] = {}
        for name in (name for name, (_, own) in LISTS.items() if own == part):
            source = find_list(tree, name)
            if source is None:
                seen.note("missing_list", tree.base / name, f"this list is not here; {REST}")
            else:
                _read_list(source, name, rows, seen)
        images = image_folder(tree, part)
        if images is None:
            place = tree.base / f"{part.capitalize()}ly_Annotated_Images"
            seen.note("missing_list", place, f"the images are not here; {REST}")
            continue
        left_out += _join(rows, images, seen)
    return left_out


def _read_list(source: Path, name: str, rows: dict[str, Row | None], seen: ListSurvey) -> None:
    annotation = open_annotation(source, seen.root)
    if annotation.encoding == "utf-16":
        raise DamagedError(f"{annotation.name} is UTF-16", "save it as UTF-8")
    seen.problems.extend(annotation.problems())
    split, part = LISTS[name]
    for line, cells in _cells(annotation):
        made = _row(cells, line, source, seen)
        if made is None:
            continue
        path, code = made
        text = ",".join((path, *cells[BOX], cells[LANDMARKS]))
        digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
        boxed = parse_box(cells[BOX]) is not None
        row = Row(code, split, part, digest, boxed)
        known = rows.setdefault(path, row)
        if known is None or known is row:
            continue
        if (known.code, known.split) == (code, split):
            seen.note("duplicate_row", source, f"line {line}: {path} is listed twice; used once")
        else:
            both = f"{known.split} {known.code} and {split} {code}"
            seen.note("duplicate_id", source, f"line {line}: {path} is {both}; keep one row")
            rows[path] = None


def _cells(annotation: Annotation) -> Iterator[tuple[int, Sequence[str]]]:
    """Rows in the order of `COLUMNS`, whatever the header's order; some lists have no header."""
    order: Sequence[int] = range(len(COLUMNS))
    for line, cells in annotation.rows():
        if line == 1 and COLUMNS[PATH] in (names := [cell.casefold() for cell in cells]):
            absent = [name for name in COLUMNS[: EXPRESSION + 1] if name not in names]
            if absent:
                message = f"{annotation.name} lacks column {', '.join(absent)}"
                raise DamagedError(message, "restore the file from the official archive")
            order = [names.index(name) for name in COLUMNS[: EXPRESSION + 1]]
        elif len(cells) > max(order[: EXPRESSION + 1]):
            yield line, [cells[position] for position in order[: EXPRESSION + 1]]
        else:
            yield line, cells


def _row(cells: Sequence[str], line: int, source: Path, seen: ListSurvey) -> tuple[str, int] | None:
    if len(cells) <= EXPRESSION:
        seen.note("bad_row", source, f"line {line}: {len(cells)} cells, {len(COLUMNS)} expected")
        return None
    path, text = cells[PATH].replace("\\", "/"), cells[EXPRESSION]
    if path.startswith("/") or ".." in path.split("/"):
        seen.note("outside_root", source, f"line {line}: {path[:80]} leads out of the images")
        return None
    if not path.isprintable() or ";" in path or "/" not in path:
        seen.note("bad_row", source, f"line {line}: {path[:40]!r} is no <folder>/<image>")
        return None
    try:
        code = float(text)
    except ValueError:
        seen.note("bad_row", source, f"line {line}: {path}: label {text[:20]!r} is no number")
        return None
    if code not in LABELS and code not in NO_EXPRESSION:
        seen.note("unknown_label", source, f"line {line}: {path}: {text[:20]}; known: 0 to 10")
        return None
    return path, int(code)


def _join(rows: Mapping[str, Row | None], images: Path, seen: ListSurvey) -> Counter[int]:
    """Bring rows and files together, one look into every folder."""
    above, left_out = seen.place(images), Counter[int]()
    folders: dict[str, dict[str, str]] = {}
    used: dict[str, set[str]] = {}
    for path in sorted(rows):
        folder, _, name = path.rpartition("/")
        if folder not in folders:
            folders[folder] = _by_stem(images / folder, seen)
            used[folder] = set()
        stem = _stem(name)
        file, row = folders[folder].get(stem), rows[path]
        if file is not None:
            used[folder].add(stem)
        if row is None:
            continue
        if row.code in NO_EXPRESSION:
            left_out[row.code] += 1
        elif file is None:
            seen.note("missing_item", images / path, f"listed, and not there; {REST}")
        else:
            _use(path, f"{above}/{folder}/{file}", row, seen)
    listed = {folder.partition("/")[0] for folder in folders}
    for place in subfolders(images):
        if place.name not in listed:
            seen.note("unlabelled_file", place, "not read; no list has a row for what it holds")
    for folder in sorted(folders):
        for stem in sorted(folders[folder].keys() - used[folder]):
            place = images / folder / folders[folder][stem]
            seen.note("unlabelled_file", place, "not read; no list has a row for it")
    return left_out


def _use(path: str, file: str, row: Row, seen: ListSurvey) -> None:
    if not row.boxed:
        seen.note("no_box", seen.root / file, "its face has no box; the whole image is used")
    seen.facts = (seen.facts + row.digest) % (1 << 128)
    seen.items.append(
        Item(
            # The official name of 56 hex digits carries no facts, and is not alone in its folder.
            id=f"affectnet_{row.split}_{hashlib.sha256(path.encode()).hexdigest()[:16]}",
            label=LABELS[row.code],
            subject=None,
            spectrum="vis",
            files=(file,),
            split=row.split,
            part=row.part,
        )
    )


def _by_stem(folder: Path, seen: ListSurvey) -> dict[str, str]:
    """File names by what is before the last dot: extensions differ between list and disk."""
    if folder.is_symlink():
        seen.note("outside_root", folder, "links are not followed; copy what it points to")
        return {}
    if not folder.is_dir():
        return {}
    return {_stem(name): name for name in sorted(seen.names(folder))}


def _stem(name: str) -> str:
    return name.rpartition(".")[0].casefold()


def parse_box(cells: Sequence[str]) -> tuple[float, float, float, float] | None:
    """Left, top, width and height; None for NULL or a box without area."""
    try:
        left, top, width, height = map(float, cells)
    except ValueError:
        return None
    return (left, top, width, height) if width >= 1 and height >= 1 else None
