"""List files in the format of the PDF repository: one `relpath digit` per line.

`SpontaneousDatabase/{source,target_train,target_test}.txt`. The public reader cuts a line at its
first space, so a path with a space breaks there; here the last word is the digit. The class of
each digit is not public: the user gives it (`nvie.digits`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath

from irfer_bench.api import Item, MissingError, Spectrum, open_annotation
from irfer_datasets.nvie.layout import find_parts
from irfer_datasets.nvie.levels import CAMERAS
from irfer_datasets.nvie.rows import ILLUMINATIONS, MODALITIES, RowSurvey, subject_name
from irfer_datasets.tree import inside, relative


@dataclass(frozen=True)
class _Role:
    """The role of a list's images."""

    part: str
    split: str
    spectrum: Spectrum


ROLES = {
    "source.txt": _Role("list_source", "", "vis"),
    "target_train.txt": _Role("list_target", "train", "lwir"),
    "target_test.txt": _Role("list_target", "test", "lwir"),
}


def read_lists(root: Path, names: Sequence[str]) -> RowSurvey:
    """One still per line of the three lists.

    Args:
        names: the class of each digit.

    Problems: `missing_list`, `missing_item`, `bad_row`, `unknown_label`, `outside_root`,
    `duplicate_row`, `duplicate_id`, `subject_overlap` (an image without a subject in both lists).

    Raises:
        MissingError: none of the lists is there. DamagedError: one cannot be decoded.
    """
    seen = RowSurvey(root)
    folder = _folder(root)
    if folder is None:
        raise MissingError(
            f"nvie.lists = pdf: {root} has no SpontaneousDatabase/target_test.txt",
            f"put {', '.join(ROLES)} there (a line: relpath digit)",
        )
    known: dict[str, Item] = {}
    for name, role in ROLES.items():
        if (folder / name).is_file():
            _read(folder / name, role, names, seen, known)
        else:
            seen.note("missing_list", folder / name, "settings that need it cannot run")
    seen.items.extend(known.values())
    return seen


def _folder(root: Path) -> Path | None:
    bases = [base.folder for base in find_parts(root).bases if base.part == "spontaneous"]
    return next(
        (folder for folder in (*bases, root) for name in ROLES if (folder / name).is_file()),
        None,
    )


def _read(
    path: Path, role: _Role, names: Sequence[str], seen: RowSurvey, known: dict[str, Item]
) -> None:
    text = open_annotation(path, seen.root)
    seen.problems.extend(text.problems())
    for number, line in text.lines():
        given, _, digit = line.rpartition(" ")
        where = f"{text.name} line {number}"
        if not given or not digit[:1].isdigit() or not given.isprintable() or ";" in given:
            seen.note("bad_row", where, f"{line[:60]!r} is no `relpath digit`")
        elif not digit.isdigit() or int(digit) >= len(names):
            seen.note("unknown_label", where, f"label {digit} is outside 0 to {len(names) - 1}")
        else:
            _keep(given.strip(), names[int(digit)], role, where, path.parent, seen, known)


def _keep(
    given: str,
    label: str,
    role: _Role,
    where: str,
    folder: Path,
    seen: RowSurvey,
    known: dict[str, Item],
) -> None:
    path = PurePosixPath(given.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        seen.note("outside_root", where, f"{given}: paths lead from the root downwards")
        return
    file = _locate(path, folder, seen.root)
    if file is None:
        seen.note("missing_item", where, f"{given} is not there; the rest is used")
        return
    item = _item(relative(file, seen.root), label, role, relative(folder, seen.root))
    if item.spectrum != role.spectrum:
        wanted = "visible" if role.spectrum == "vis" else "infrared"
        seen.note("bad_row", where, f"{given} is not {wanted}, which this list's images are")
        return
    twin = known.setdefault(item.id, item)
    if twin is item:
        return
    if twin == item:
        seen.note("duplicate_row", where, f"{given} was listed before")
    elif twin.split != item.split:
        seen.note("subject_overlap", where, f"{given} is in target_train.txt too; remove one line")
    else:
        seen.note("duplicate_id", where, f"{given} was listed before as {twin.label}")


def _item(file: str, label: str, role: _Role, folder: str) -> Item:
    below = file.removeprefix(f"{folder}/")
    levels = PurePosixPath(below).parts[:-1]
    cameras = [CAMERAS[level.casefold()] for level in levels if level.casefold() in CAMERAS]
    above = takewhile(lambda level: level.casefold() not in CAMERAS, levels)
    numbers = [level for level in above if re.fullmatch(r"\d{1,4}", level)]
    named = [level.casefold() for level in levels if level.casefold() in ILLUMINATIONS]
    digest = hashlib.sha256(below.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    spectrum = MODALITIES[cameras[-1]] if cameras else role.spectrum
    return Item(
        id=f"{role.part}_{digest}",
        label=label,
        subject=subject_name(numbers[-1]) if numbers else None,
        spectrum=spectrum,
        files=(file,),
        lighting=named[0] if named else "",
        split=role.split,
        part=role.part,
    )


def _locate(path: PurePosixPath, folder: Path, root: Path) -> Path | None:
    """The image, searched from the folder above the lists, from the lists and from the root."""
    tails = [path, *(PurePosixPath(*path.parts[k:]) for k in range(1, len(path.parts) - 1))]
    suffixes = dict.fromkeys((path.suffix, path.suffix.lower(), path.suffix.upper()))
    for tail in tails:
        for base in dict.fromkeys((folder.parent, folder, root)):
            for suffix in suffixes:
                file = base / tail.with_suffix(suffix)
                if base.is_relative_to(root) and file.is_file() and inside(file, root):
                    return file
    return None
