"""The files of a results folder, found without leaving it."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from irfer_bench.engine.submissions.report import Report
from irfer_bench.store.files import DRAFT
from irfer_bench.store.records import SETTING
from irfer_bench.store.signatures import SUFFIX

MOST = 200_000
"""Files; the largest board so far has 600."""
PREDICTIONS_LIMIT = 64 * 2**20
"""Bytes of a file of predictions that was sent; 300,000 items have half of it."""


@dataclass
class Listing:
    """Regular files below `records` and `predictions`, by setting.

    Args:
        sizes: bytes of predictions, by setting and name; without those that are not to be read.
    """

    records: dict[str, list[Path]] = field(default_factory=dict)
    sizes: dict[tuple[str, str], int] = field(default_factory=dict)


def list_files(
    report: Report, wanted: Collection[str] | None = None, *, follow: bool = False
) -> Listing:
    """The records and predictions of a folder; what else lies there is reported.

    Args:
        wanted: settings; all by default. follow: whether links are followed.
    """
    listing, left = Listing(), MOST
    for kind in ("records", "predictions"):
        for folder in _folders(report, report.folder / kind, wanted, follow):
            names: set[str] = set()
            for entry in _entries(report, folder):
                left -= 1
                if left < 0:
                    report.fault(folder, f"more than {MOST} files: the rest was not looked at")
                    return listing
                names.add(entry.name)
                path = Path(entry.path)
                size = _size(report, path, entry, follow)
                if size is None:
                    continue
                if kind == "predictions":
                    _add_predictions(report, listing, path, size, follow)
                elif entry.name.endswith(".json"):
                    listing.records.setdefault(folder.name, []).append(path)
                elif not entry.name.endswith((SUFFIX, ".damaged", DRAFT)):
                    report.note(path, "is no record: it was not looked at")
            _report_orphans(report, folder, names)
    for (setting, name) in list(listing.sizes):
        if not (report.folder / "records" / setting / name).exists():
            report.note(f"predictions/{setting}/{name}", "has no record")
    return listing


def _folders(
    report: Report, place: Path, wanted: Collection[str] | None, follow: bool
) -> Iterator[Path]:
    if place.is_symlink() and not follow:
        report.fault(place, "is a link, which is not followed")
        return
    if not place.is_dir():
        return
    for entry in _entries(report, place):
        path = Path(entry.path)
        if wanted is not None and entry.name not in wanted:
            continue
        if entry.is_symlink() and not follow:
            report.fault(path, "is a link, which is not followed")
        elif not entry.is_dir():
            report.note(path, "is no folder of a setting: it was not looked at")
        elif not SETTING.fullmatch(entry.name):
            report.fault(path, "is no name of a setting: its files are not used")
        else:
            yield path


def _entries(report: Report, folder: Path) -> list[os.DirEntry[str]]:
    try:
        return sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        report.fault(folder, f"cannot be listed: {error.strerror}")
        return []


def _size(report: Report, path: Path, entry: os.DirEntry[str], follow: bool) -> int | None:
    """Bytes of a regular file; None for anything else, which is reported."""
    try:
        found = entry.stat(follow_symlinks=follow)
    except OSError as error:
        report.fault(path, f"cannot be read: {error.strerror}")
        return None
    if stat.S_ISREG(found.st_mode):
        return found.st_size
    link = stat.S_ISLNK(found.st_mode)
    report.fault(path, "is a link, which is not followed" if link else "is no regular file")
    return None


def _add_predictions(
    report: Report, listing: Listing, path: Path, size: int, follow: bool
) -> None:
    if size > PREDICTIONS_LIMIT and not follow:
        report.fault(path, f"has {size} bytes, more than the {PREDICTIONS_LIMIT} that are read")
    elif path.name.endswith(".json"):
        listing.sizes[path.parent.name, path.name] = size


def _report_orphans(report: Report, folder: Path, names: set[str]) -> None:
    for name in sorted(names):
        if name.endswith(SUFFIX) and name.removesuffix(SUFFIX) not in names:
            report.fault(folder / name, "signs a record that is not here")
