"""Crops of 224x224 pixels with one annotation file per image, or sorted into folders by code."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from irfer_bench.api import OTHERS_USED, DatasetCopy, LargeSurvey, Matches
from irfer_datasets.affectnet.layout import HALVES, LABELS, NO_EXPRESSION, make_item

THREADS, CHUNK = 8, 1000
LIMIT = 4096
"""Bytes read of a label's .npy file, which has 132 to 200."""
LABEL = "human-label"
"""Key of the official code in an annotation of the present release."""
Numbers = dict[str, dict[int, str]]
"""Paths by split and number."""


def survey_crops(copy: DatasetCopy, found: Matches, seen: LargeSurvey) -> Counter[int]:
    """Items of both halves; returns how many images show no expression."""
    images, codes = _numbered(copy, found, "image", seen), _numbered(copy, found, "code", seen)
    left_out: Counter[int] = Counter()
    for name in ("train_set", "val_set"):
        split = HALVES[name]
        own, labels = images.get(split, {}), codes.get(split, {})
        if own and labels:
            left_out += _survey_half(split, own, labels, seen)
        elif own or labels:
            part = "annotations" if own else "images"
            action = f"not here, so that the half {split} is not read; {OTHERS_USED}"
            seen.note("missing_list", copy.place(f"{name}/{part}"), action)
        else:
            seen.note("missing_list", copy.place(name), f"this half is not here; {OTHERS_USED}")
    return left_out


def survey_folders(copy: DatasetCopy, found: Matches, seen: LargeSurvey) -> None:
    """Items of `{train,val}/{0..7}/<name>.jpg`; the folder's number is the official code."""
    action = "no annotation is there to check the folders' numbers: they are read as the official "
    action += "codes, 0 neutral to 7 contempt, as DAN writes them"
    seen.note("unchecked_label", copy.base or ".", action)
    known: dict[tuple[str, str], str] = {}
    for hit in copy.of(found, "sorted"):
        for path, facts in hit.files():
            split, code, name = HALVES[facts["half"].casefold()], int(facts["code"]), facts["name"]
            own = name if name.isdecimal() else sha256(name.encode()).hexdigest()[:16]
            if code not in LABELS:
                seen.note("unknown_label", path, f"folder {code}; known: 0 to 7")
            elif seen.first(known, (split, own), path, kind="duplicate_id"):
                seen.items.append(make_item(split, own, code, path))
    for half in ("train", "val"):
        if not any(item.split == half for item in seen.items):
            seen.note("missing_list", copy.place(half), f"this half is not here; {OTHERS_USED}")


def _survey_half(
    split: str, images: Mapping[int, str], labels: Mapping[int, str], seen: LargeSurvey
) -> Counter[int]:
    for number in sorted(labels.keys() - images.keys()):
        name = labels[number].rpartition("/")[2]
        place = labels[number].replace("/annotations/", "/images/").rpartition("/")[0]
        seen.note("missing_item", f"{place}/{number}.jpg", f"{name} has no image; {OTHERS_USED}")
    for number in sorted(images.keys() - labels.keys()):
        action = f"not read; annotations/{number}_exp.npy (or {number}.json) is missing"
        seen.note("unlabelled_file", images[number], action)
    numbers, left_out = sorted(labels.keys() & images.keys()), Counter[int]()
    files = [f"{seen.root}/{labels[number]}" for number in numbers]
    for number, code in zip(numbers, read_codes(files), strict=True):
        if isinstance(code, str):
            seen.note("bad_row", labels[number], f"not read; {code}")
        elif code in NO_EXPRESSION:
            left_out[code] += 1
        elif code not in LABELS:
            seen.note("unknown_label", labels[number], f"label {code}; known: 0 to 10")
        else:
            seen.items.append(make_item(split, str(number), code, images[number]))
    return left_out


def _numbered(copy: DatasetCopy, found: Matches, role: str, seen: LargeSurvey) -> Numbers:
    numbers: Numbers = {}
    for hit in copy.of(found, role):
        own = numbers.setdefault(HALVES[hit.facts["half"].casefold()], {})
        for number, path in hit.ordered("number"):
            seen.first(own, number, path)
    return numbers


def read_codes(files: Sequence[str]) -> Iterator[int | str]:
    """The number in each annotation, .npy or .json, or why there is none, in order.

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
    whole = file.endswith(".json")
    try:
        with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 - Path costs as much again
            content = stream.read() if whole else stream.read(LIMIT)
    except OSError as error:
        return f"it cannot be opened ({error.strerror}); correct its permissions"
    if whole:
        return parse_json(content)
    if content not in known:
        known[content] = parse_code(content)
    return known[content]


def parse_json(content: bytes) -> int | str:
    """The official code in an annotation of the present release."""
    try:
        facts = json.loads(content)
    except (ValueError, RecursionError) as error:
        return f"it is no JSON ({error})"
    if not isinstance(facts, dict) or LABEL not in facts:
        return f"it has no {LABEL!r}"
    return _whole(str(facts[LABEL]))


def parse_code(content: bytes) -> int | str:
    """One whole number from the bytes of a .npy file, itself or as text; pickles are not opened."""
    import numpy as np

    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except Exception as error:  # noqa: BLE001  numpy parses a header as Python and raises anything
        return f"it is no plain .npy file ({error})"
    if not isinstance(array, np.ndarray) or array.size != 1:
        return "it holds more than one value"
    value = array.item()
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    return _whole(text)


def _whole(text: str) -> int | str:
    try:
        number = float(text)
        return int(number) if number.is_integer() else f"{text[:20]!r} is no whole number"
    except ValueError:
        return f"{text[:20]!r} is no number"
