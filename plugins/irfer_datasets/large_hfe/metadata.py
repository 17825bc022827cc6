"""`metadata.csv` of Large-HFE: what every image is and which images show one moment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from irfer_bench.api import BASIC, IMAGE_SUFFIXES, Spectrum
from irfer_datasets.annotations import open_annotation
from irfer_datasets.labels import canonical, nearest
from irfer_datasets.large_hfe.layout import (
    CAMERAS,
    EXPRESSIONS,
    Take,
    subject_of,
)
from irfer_datasets.problems import REST, RefusedRowError, note_gaps
from irfer_datasets.stills import Survey
from irfer_datasets.tree import natural, relative

NAME = "metadata.csv"
REQUIRED = ("path", "modality", "subject", "expression", "frame")


_Key = tuple[Spectrum, str, str]
"""Spectrum, subject, label: which sequence."""


@dataclass(frozen=True)
class _Facts:
    """What a row says of an image."""

    key: _Key
    frame: int
    pair: str


def read_metadata(base: Path, seen: Survey) -> list[Take]:
    """Sequences by the rows, paths counted from the metadata's folder; other images are unused.

    Problems: `bad_row`, `unknown_label`, `missing_item`, `outside_root`, `duplicate_row`,
    `duplicate_id`, `ambiguous_pair`, `unlabelled_file`, `frame_gap`, `missing_domain`, and
    `mis_cased` for what is only called by other letter cases than the rows say.

    Raises:
        DamagedError: it cannot be decoded or lacks a column.
    """
    text = open_annotation(base / NAME, seen.root)
    seen.problems.extend(text.problems())
    present = _images(base, seen)
    spelt = {path.casefold(): path for path in sorted(present, reverse=True)}
    told: set[str] = set()
    above = "" if base == seen.root else f"{relative(base, seen.root)}/"
    takes: dict[_Key, Take] = {}
    rows: dict[str, _Facts] = {}
    for number, record in text.records(REQUIRED):
        try:
            given, facts = _row(record)
            path = given if given in present else spelt.get(given.casefold(), "")
            if not path:
                raise RefusedRowError("missing_item", f"{given} is not there; the rest is used")
            _note_case(path, given, base, told, seen)
            if path in rows:
                same = rows[path] == facts
                kind = "duplicate_row" if same else "duplicate_id"
                action = "was listed before" if same else "was said to be something else before"
                raise RefusedRowError(kind, f"{path} {action}")
            rows[path] = facts
            take = takes.setdefault(facts.key, Take(*facts.key))
            other = take.frames.setdefault(facts.frame, above + path)
            if other != above + path:
                raise RefusedRowError("duplicate_id", f"{other} is that frame already")
        except RefusedRowError as refused:
            where = base / f"{NAME} row {number}"
            seen.note(refused.kind, where, refused.action)
            continue
        take.pairs[facts.frame] = facts.pair
    _check(list(takes.values()), base, seen)
    _check_pairs(rows, base, seen)
    for path in sorted(present.difference(rows), key=natural):
        seen.note("unlabelled_file", base / path, f"not used; {NAME} has no row for it")
    return sorted(takes.values(), key=lambda take: (take.spectrum, take.subject, take.label))


def _check(takes: Sequence[Take], base: Path, seen: Survey) -> None:
    spectra = {take.spectrum for take in takes}
    for camera, spectrum in CAMERAS.items():
        if spectrum not in spectra:
            seen.note("missing_domain", base / camera, "settings that need this camera cannot run")
    here = {(take.spectrum, take.subject, take.label) for take in takes}
    for spectrum, subject in sorted({(take.spectrum, take.subject) for take in takes}):
        for label in BASIC:
            if (spectrum, subject, label) not in here:
                place = base / spectrum.upper() / subject / EXPRESSIONS[label]
                seen.note("missing_expression", place, f"{NAME} has no row of it; {REST}")
    for take in takes:
        note_gaps(sorted(take.frames), (seen.root / take.frames[min(take.frames)]).parent, seen)


def _check_pairs(rows: Mapping[str, _Facts], base: Path, seen: Survey) -> None:
    """Refuse a pair of two moments, or of two images of one camera."""
    first: dict[tuple[str, str], str] = {}
    moments: dict[str, _Key] = {}
    for path, facts in rows.items():
        if not facts.pair:
            continue
        spectrum, *moment = facts.key
        if moments.setdefault(facts.pair, facts.key)[1:] != tuple(moment):
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


def _note_case(path: str, given: str, base: Path, told: set[str], seen: Survey) -> None:
    """`mis_cased`, once for every folder or file that the rows call otherwise."""
    parts = path.split("/")
    for k, (here, said) in enumerate(zip(parts, given.split("/"), strict=True)):
        place = "/".join(parts[: k + 1])
        if here != said and place not in told:
            told.add(place)
            seen.note("mis_cased", base / place, f"read as {said}; rename it")


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
    """Refuse a row that contradicts the canonical folders its image lies in."""
    if len(levels) != 4 or levels[0].upper() not in CAMERAS:
        return
    place = (levels[0].upper(), subject_of(levels[1]), canonical(levels[2]))
    said = (camera, subject, label)
    if place != said and any(t and t != s for t, s in zip(place, said, strict=True)):
        path = "/".join(levels)
        raise RefusedRowError("bad_row", f"{path} is said to be {' '.join(said)}; correct one")
