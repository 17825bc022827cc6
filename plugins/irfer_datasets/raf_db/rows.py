"""Labelled images of RAF-DB from its lists and folders, and where these disagree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from irfer_bench.api import (
    OTHERS_USED,
    DatasetCopy,
    Found,
    Item,
    Matches,
    Patterns,
    Survey,
    compare_splits,
    find_copies,
    open_annotation,
    visible_still,
)
from irfer_datasets.expected import published

_NATIVE = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
LABELS = dict(enumerate(_NATIVE, start=1))
"""The official codes."""
SPLITS = ("train", "test")
_NAME = r"(?P<split>train|test)_(?P<number>\d{4,5})(?:_aligned)?\.(?:jpe?g|png)"
NAME = re.compile(_NAME, re.I)
TABLE = Patterns(
    {
        "aligned": rf"image/aligned//{_NAME}",
        "original": rf"image/original//{_NAME}",
        "list": r"emolabel/list_par?tition_label\.txt",
        "sorted": rf"(?P<half>train|test)/(?P<code>\d+)/{_NAME}",
        "table": r"(?P<half>train|test)_labels\.csv",
    },
    names=("basic", "Image", "EmoLabel", "aligned", "original", *SPLITS),
)
FORMS = {"official": ("aligned", "original", "list"), "kaggle": ("sorted",)}
Key = tuple[str, int]
"""Split and number: what `train_00001.jpg` and `train_00001_aligned.jpg` share."""


def find_trees(found: Matches) -> list[DatasetCopy]:
    """Copies under a root, the official form first; the compound set is none.

    Its codes 1 to 11 mean pairs of expressions.
    """
    root = found.tree.root.resolve().name
    return [copy for copy in find_copies(found, FORMS) if not is_compound(copy.base or root)]


def is_compound(base: str) -> bool:
    """Whether a folder is the official other set."""
    return base.rpartition("/")[2].casefold() == "compound"


def survey_official(copy: DatasetCopy, images: str, found: Matches, seen: Survey) -> None:
    """Items of the official form: the list labels, `Image/<images>` holds the images."""
    lists = copy.of(found, "list")
    if not lists:
        place = copy.place("EmoLabel/list_patition_label.txt")
        seen.note("missing_list", place, "no image has a label without it; no image is used")
        return
    source = seen.root / lists[0].folder / lists[0].names[0]
    labels = _listed(source, seen)
    hits = copy.of(found, images)
    image_files = _images(hits, images, seen)
    for key in sorted(image_files.keys() - labels.keys()):
        seen.note("unlabelled_file", image_files[key], f"not read; {source.name} has no row for it")
    _name_absent(labels.keys() - image_files.keys(), hits[0].folder, source, seen)
    for key in sorted(labels.keys() & image_files.keys(), key=_order):
        seen.items.append(_item(key, labels[key], image_files[key], images))


def survey_kaggle(copy: DatasetCopy, found: Matches, seen: Survey) -> None:
    """Items of the Kaggle form: the folder's number labels, `<split>_labels.csv` agrees."""
    hits = copy.of(found, "sorted")
    for split in SPLITS:
        half = [hit for hit in hits if hit.facts["half"].casefold() == split]
        if not half:
            seen.note("missing_list", copy.place(split), f"this half is not here; {OTHERS_USED}")
            continue
        labels, image_files = dict[Key, int](), dict[Key, str]()
        for hit in half:
            code = int(hit.facts["code"])
            if code not in LABELS:
                action = "not read; the official codes are 1 to 7, codes from 0 mean others"
                seen.note("unknown_label", hit.folder, action)
                continue
            for key, path in _images([hit], "aligned", seen).items():
                if seen.first(image_files, key, path):
                    labels[key] = code
        tables = [
            (hit.base != copy.base, path)
            for hit in found.of("table")
            for path, facts in hit.files()
            if facts["half"].casefold() == split
        ]
        if tables:
            source = seen.root / min(tables)[1]
            _check(labels, image_files, source, half[0].folder.rpartition("/")[0], seen)
        else:
            place = copy.place(f"{split}_labels.csv")
            seen.note("unchecked_label", place, "not here; the folders' numbers are the labels")
        for key in sorted(labels):
            seen.items.append(_item(key, labels[key], image_files[key], "aligned"))


def count(copy: DatasetCopy, seen: Survey) -> None:
    """Compare with the published numbers, split by split and class by class."""
    counts = published("rafdb")
    known = {
        split: dict(zip(LABELS.values(), counts[f"{split}_per_class_1_7"], strict=True))
        for split in SPLITS
    }
    seen.problems += compare_splits(copy.base or ".", "images", seen.items, known)


def _listed(source: Path, seen: Survey) -> dict[Key, int]:
    """The code of every image of a list or table."""
    annotation = open_annotation(source, seen.root)
    seen.problems.extend(annotation.problems())
    labels: dict[Key, int] = {}
    for number, text in annotation.lines():
        cells = text.replace(",", " ").split()
        name, label = cells if len(cells) == 2 else (text, "")
        if row := _row(number, name, label, source, seen):
            key, code = row
            if labels.setdefault(key, code) != code:
                both = f"{LABELS[code]} here and {LABELS[labels[key]]} above"
                seen.note("duplicate_id", source, f"line {number}: {_name(key)} is {both}")
    return labels


def _row(
    number: int, name: str, label: str, source: Path, seen: Survey
) -> tuple[Key, int] | None:
    """The image's key and code, or None with a note."""
    match = NAME.fullmatch(name.replace("\\", "/").rpartition("/")[2])
    if match is None or not label:
        if number > 1 or label.isdecimal():  # else it is a header
            seen.note("bad_row", source, f"line {number}: {name[:40]!r} is no image and label")
        return None
    if not label.isdecimal() or int(label) not in LABELS:
        known = ", ".join(f"{code} {word}" for code, word in LABELS.items())
        seen.note("unknown_label", source, f"line {number}: {name}: {label!r}; known: {known}")
        return None
    return _key(match["split"], match["number"]), int(label)


def _images(hits: Iterable[Found], images: str, seen: Survey) -> dict[Key, str]:
    """Images by split and number; of two spellings of one, the official is read."""
    found: dict[Key, str] = {}
    aligned = images == "aligned"
    own = [entry for hit in hits for entry in hit.files()]
    for path, facts in sorted(own, key=lambda e: (("_aligned." in e[0]) != aligned, e[0])):
        seen.first(found, _key(facts["split"], facts["number"]), path)
    return found


def _check(
    labels: dict[Key, int],
    image_files: dict[Key, str],
    source: Path,
    folder: str,
    seen: Survey,
) -> None:
    """Drop labels that the table contradicts, and note rows without an image or label."""
    listed = _listed(source, seen)
    for key in sorted(labels.keys() - listed.keys()):
        action = f"{source.name} has no row for it; its folder's number is the label"
        seen.note("unlabelled_file", image_files[key], action)
    for key in sorted(labels.keys() & listed.keys(), key=_order):
        own, other = labels[key], listed[key]
        if own != other:
            del labels[key]
            facts = f"its folder says {own} {LABELS[own]}, {source.name} says {other} "
            seen.note("duplicate_id", image_files[key], f"{facts}{LABELS[other]}; correct one")
    _name_absent(listed.keys() - image_files.keys(), folder, source, seen)


def _name_absent(keys: Iterable[Key], folder: str, source: Path, seen: Survey) -> None:
    for key in sorted(keys, key=_order):
        action = f"{_name(key)} of {source.name} is not there; {OTHERS_USED}"
        seen.note("missing_item", folder, action)


def _key(split: str, number: str) -> Key:
    return split.casefold(), int(number)


def _order(key: Key) -> tuple[int, int]:
    return SPLITS.index(key[0]), key[1]


def _name(key: Key) -> str:
    split, number = key
    return f"{split}_{number:0{5 if split == 'train' else 4}d}"


def _item(key: Key, code: int, path: str, images: str) -> Item:
    split = key[0]
    return visible_still(f"raf_{_name(key)}", LABELS[code], path, split=split, part=images)
