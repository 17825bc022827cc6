"""The release of 2021: 224x224 crops, and one .npy file per image and fact."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from irfer_bench.api import Item
from irfer_datasets.affectnet.layout import HALVES, LABELS, NO_EXPRESSION, Tree
from irfer_datasets.large_folders import LargeSurvey, child
from irfer_datasets.problems import REST

THREADS, CHUNK = 8, 1000
LIMIT = 4096
"""Bytes read of a label's file, which has 132 to 200."""
_IMAGE = re.compile(r"(\d+)\.(?:jpe?g|png)", re.I)
_LABEL = re.compile(r"(\d+)_exp\.npy", re.I)


def survey_crops(tree: Tree, seen: LargeSurvey) -> Counter[int]:
    """Items of both halves; returns how many images show no expression."""
    left_out: Counter[int] = Counter()
    for name, split in HALVES.items():
        half = child(tree.base, name)
        if half is None:
            seen.absent(tree.base / name, f"this half is not here; {REST}")
        else:
            left_out += _survey_half(half, split, seen)
    return left_out


def _survey_half(half: Path, split: str, seen: LargeSurvey) -> Counter[int]:
    folders = {name: child(half, name) for name in ("images", "annotations")}
    for name, folder in folders.items():
        if folder is None:
            action = f"not here, so that {half.name} is not read; {REST}"
            seen.absent(half / name, action)
    images, annotations = folders["images"], folders["annotations"]
    if images is None or annotations is None:
        return Counter()
    image_files = _numbered(images, _IMAGE, seen, note_others=True)
    labels = _numbered(annotations, _LABEL, seen, note_others=False)
    for number in sorted(labels.keys() - image_files.keys()):
        action = f"{labels[number]} has no image; {REST}"
        seen.note("missing_item", images / f"{number}.jpg", action)
    for number in sorted(image_files.keys() - labels.keys()):
        action = f"not read; {annotations.name}/{number}_exp.npy is missing"
        seen.note("unlabelled_file", images / image_files[number], action)
    numbers = sorted(labels.keys() & image_files.keys())
    place, left_out = seen.place(images), Counter[int]()
    files = [f"{annotations}/{labels[number]}" for number in numbers]
    for number, file, code in zip(numbers, files, read_codes(files), strict=True):
        if isinstance(code, str):
            seen.note("bad_row", Path(file), f"not read; {code}")
        elif code in NO_EXPRESSION:
            left_out[code] += 1
        elif code not in LABELS:
            seen.note("unknown_label", Path(file), f"label {code}; known: 0 to 10")
        else:
            seen.items.append(
                Item(
                    id=f"affectnet_{split}_{number}",
                    label=LABELS[code],
                    subject=None,
                    spectrum="vis",
                    files=(f"{place}/{image_files[number]}",),
                    split=split,
                    part="manual",
                )
            )
    return left_out


def _numbered(
    folder: Path, pattern: re.Pattern[str], seen: LargeSurvey, *, note_others: bool
) -> dict[int, str]:
    """File names by number."""
    found: dict[int, str] = {}
    for name in sorted(seen.names(folder)):
        match = pattern.fullmatch(name)
        if match is None:
            if note_others:
                seen.note("unexpected_file", folder / name, "not read; names are such as 17.jpg")
        elif (number := int(match[1])) in found:
            action = f"not read; {found[number]} is; remove one"
            seen.note("duplicate_file", folder / name, action)
        else:
            found[number] = name
    return found


def read_codes(files: Sequence[str]) -> Iterator[int | str]:
    """The number in each .npy file, or why there is none, in order.

    Hundreds of thousands of files hold a dozen different contents: each content is parsed once.
    Threads wait for the disk; chunks keep them from waiting for each other.
    """
    known: dict[bytes, int | str] = {}

    def read(chunk: Sequence[str]) -> list[int | str]:
        return [_read_code(file, known) for file in chunk]

    chunks = [files[start : start + CHUNK] for start in range(0, len(files), CHUNK)]
    with ThreadPoolExecutor(THREADS) as pool:
        for codes in pool.map(read, chunks):
            yield from codes


def _read_code(file: str, known: dict[bytes, int | str]) -> int | str:
    try:
        with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 - Path costs as much again
            content = stream.read(LIMIT)
    except OSError as error:
        return f"it cannot be opened ({error.strerror}); correct its permissions"
    if content not in known:
        known[content] = parse_code(content)
    return known[content]


def parse_code(content: bytes) -> int | str:
    """One whole number from the bytes of a .npy file, itself or as text; pickles are not opened."""
    import numpy as np

    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        return f"it is no plain .npy file ({error})"
    if not isinstance(array, np.ndarray) or array.size != 1:
        return "it holds more than one value"
    value = array.item()
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    try:
        number = float(text)
        return int(number) if number.is_integer() else f"{text[:20]!r} is no whole number"
    except ValueError:
        return f"{text[:20]!r} is no number"
