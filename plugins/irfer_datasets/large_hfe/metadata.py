"""`metadata.csv` of Large-HFE: facts of every image and its pair."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from irfer_bench.api import BASIC, IMAGE_SUFFIXES, Spectrum, open_annotation
from irfer_datasets.labels import canonical, nearest
from irfer_datasets.large_hfe.layout import (
    CAMERAS,
    EXPRESSIONS,
    RecordedSequence,
    subject_of,
)
from irfer_datasets.problems import REST, RefusedRowError, note_gaps
from irfer_datasets.stills import Survey
from irfer_datasets.tree import natural, relative

NAME = "metadata.csv"
REQUIRED = ("path", "modality", "subject", "expression", "frame")


_Key = tuple[Spectrum, str, str]
"""Spectrum, subject and label identify a sequence."""


@dataclass(frozen=True)
class _Facts:
    """Facts of an image in a row."""

    key: _Key
    frame: int
    pair: str


def read_metadata(base: Path, seen: Survey) -> list[RecordedSequence]:
    """Sequences by the rows, paths counted from the metadata's folder; other images are unused.

    Problems: `bad_row`, `unknown_label`, `missing_item`, `outside_root`, `duplicate_row`,
    `duplicate_id`, `ambiguous_pair`, `unlabelled_file`, `frame_gap`, `missing_domain`, and
    `mis_cased` for files in another letter case than in the rows.

    Raises:
        DamagedError: it cannot be decoded or lacks a column.
    """
    text = open_annotation(base / NAME, seen.root)
    seen.problems.extend(text.problems())
    present = _images(base, seen)
    spelt = {path.casefold(): path for path in sorted(present, reverse=True)}
    noted: set[str] = set()
    above = "" if base == seen.root else f"{relative(base, seen.root)}/"
    sequences: dict[_Key, RecordedSequence] = {}
    rows: dict[str, _Facts] = {}
    for number, record in text.records(REQUIRED):
        try:
            given, facts = _row(record)
            path = given if given in present else spelt.get(given.casefold(), "")
            if not path:
                raise RefusedRowError("missing_item", f"{given} is not there; the rest is used")
            _note_case(path, given, base, noted, seen)
            if path in rows:
                same = rows[path] == facts
                kind = "duplicate_row" if same else "duplicate_id"
                action = "was listed before" if same else "was listed before with other facts"
                raise RefusedRowError(kind, f"{path} {action}")
            rows[path] = facts
            sequence = sequences.setdefault(facts.key, RecordedSequence(*facts.key))
            other = sequence.frames.setdefault(facts.frame, above + path)
            if other != above + path:
                raise RefusedRowError("duplicate_id", f"{other} is that frame already")
        except RefusedRowError as refused:
            where = base / f"{NAME} row {number}"
            seen.note(refused.kind, where, refused.action)
            continue
        sequence.pairs[facts.frame] = facts.pair
    _check(list(sequences.values()), base, seen)
    _check_pairs(rows, base, seen)
    for path in sorted(present.difference(rows), key=natural):
        seen.note("unlabelled_file", base / path, f"not used; {NAME} has no row for it")
    return sorted(sequences.values(), key=lambda own: (own.spectrum, own.subject, own.label))


def _check(sequences: Sequence[RecordedSequence], base: Path, seen: Survey) -> None:
    spectra = {sequence.spectrum for sequence in sequences}
    for camera, spectrum in CAMERAS.items():
        if spectrum not in spectra:
            seen.note("missing_domain", base / camera, "settings that need this camera cannot run")
    here = {(own.spectrum, own.subject, own.label) for own in sequences}
    for spectrum, subject in sorted({(own.spectrum, own.subject) for own in sequences}):
        for label in BASIC:
            if (spectrum, subject, label) not in here:
                place = base / spectrum.upper() / subject / EXPRESSIONS[label]
                seen.note("missing_expression", place, f"{NAME} has no row of it; {REST}")
    for sequence in sequences:
        folder = (seen.root / sequence.frames[min(sequence.frames)]).parent
        note_gaps(sorted(sequence.frames), folder, seen)


def _check_pairs(rows: Mapping[str, _Facts], base: Path, seen: Survey) -> None:
    """Refuse a pair of two expressions, or of two images of one camera."""
    first: dict[tuple[str, str], str] = {}
    pair_keys: dict[str, _Key] = {}
    for path, facts in rows.items():
        if not facts.pair:
            continue
        spectrum, *expression = facts.key
        if pair_keys.setdefault(facts.pair, facts.key)[1:] != tuple(expression):
            action = f"pair {facts.pair} is of another subject or expression too"
        elif first.setdefault((facts.pair, spectrum), path) != path:
            action = f"{first[facts.pair, spectrum]} is that camera's image of {facts.pair}"
        else:
            continue
        seen.note("ambiguous_pair", base / path, f"{action}; correct {NAME}")


def _images(base: Path, seen: Survey) -> set[str]:
    """Every image below a folder, relative to it."""
    found: set[str] = set()
    queue = [base]
    while queue:
        folder = queue.pop()
        listing = seen.look(folder)
        queue.extend(listing.folders)
        place = relative(folder, base)
        above = "" if place == "." else f"{place}/"
        files = (path.name for path in listing.files if path.suffix.lower() in IMAGE_SUFFIXES)
        found.update(above + name for name in files)
    return found


def _note_case(path: str, given: str, base: Path, noted: set[str], seen: Survey) -> None:
    """`mis_cased`, once for every folder or file in another letter case than in the rows."""
    parts = path.split("/")
    for k, (here, stated) in enumerate(zip(parts, given.split("/"), strict=True)):
        place = "/".join(parts[: k + 1])
        if here != stated and place not in noted:
            noted.add(place)
            seen.note("mis_cased", base / place, f"read as {stated}; rename it")


def _row(record: Mapping[str, str]) -> tuple[str, _Facts]:
    given = record.get("path", "")
    levels = given.replace("\\", "/").removeprefix("./").split("/")
    if not given:
        raise RefusedRowError("bad_row", "it has no path")
    if not levels[0] or ".." in levels:
        raise RefusedRowError("outside_root", f"{given}: paths lead from {NAME} downwards")
    camera, subject = record.get("modality", "").upper(), subject_of(record.get("subject", ""))
    if camera not in CAMERAS:
        raise RefusedRowError("bad_row", f"modality {camera!r}; known: {', '.join(CAMERAS)}")
    if subject is None:
        raise RefusedRowError("bad_row", f"subject {record.get('subject')!r}; known: S001 to S360")
    text = record.get("expression", "")
    label = canonical(text)
    if label not in BASIC:
        raise RefusedRowError("unknown_label", f"expression {text!r}; {nearest(text, BASIC)}")
    frame = record.get("frame", "")
    if not re.fullmatch(r"[0-9]{1,6}", frame):
        raise RefusedRowError("bad_row", f"frame {frame!r} is no number from 0")
    _check_place(levels, camera, subject, label)
    key = (CAMERAS[camera], subject, label)
    return "/".join(levels), _Facts(key, int(frame), record.get("pair_id", ""))


def _check_place(levels: Sequence[str], camera: str, subject: str, label: str) -> None:
    """Refuse a row that contradicts the folders of its image."""
    if len(levels) != 4 or levels[0].upper() not in CAMERAS:
        return
    place = (levels[0].upper(), subject_of(levels[1]), canonical(levels[2]))
    stated = (camera, subject, label)
    if place != stated and any(t and t != s for t, s in zip(place, stated, strict=True)):
        path = "/".join(levels)
        raise RefusedRowError("bad_row", f"{path} is listed as {' '.join(stated)}; correct one")
