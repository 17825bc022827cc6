"""Layout of CFEE on disk: six folders of images, facts in the files' names.

`CFEE_Database_230/{01-04/Images1 … 21-26/Images6}/CC_SSS_NNNN.jpg` with the expression's code CC,
subject SSS and the camera's number NNNN. `Images6` also holds short names, `04_221.jpg`, and two
turned round, `260_19.png.jpg`; extensions come in both cases.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from irfer_bench.api import Item
from irfer_datasets.stills import Survey
from irfer_datasets.tree import (
    find_bases,
    list_folder,
    obstacles,
    odd_folders,
    relative,
    subfolders,
)

CODES: Mapping[str, str] = {
    "01": "neutral",
    "02": "happiness",
    "03": "sadness",
    "04": "fear",
    "05": "anger",
    "06": "surprise",
    "07": "disgust",
}
"""Seven of the release's 26 codes, as public loaders read its sheet `summary`; 04 by elimination.

They follow the order of the paper's first seven categories (Du, Tao, Martinez, PNAS 111(15), 2014,
table 1); the codes of compound expressions do not follow the paper, and are not read.
"""
LAST_CODE = 26
SUBJECTS = 230
IMAGES_IN_ALL = 5954
"""Images in the release as one public loader counts them: 26 fewer than 230 times 26."""
GROUPS = ("01-04", "05-08", "09-12", "13-16", "17-20", "21-26")
FOLDERS = tuple(f"Images{number}" for number in range(1, 7))
_GROUP = re.compile(r"\d\d-\d\d")
_NAME = re.compile(r"(?P<code>\d{2})_(?P<subject>\d{3})(?:_(?P<serial>\d{4,5}))?\.jpe?g", re.I)
_TURNED = re.compile(r"(?P<subject>\d{3})_(?P<code>\d{2})(?:\.png)?\.jpe?g", re.I)
_IMAGE = re.compile(r".*\.(?:jpe?g|png|bmp|tiff?)", re.I | re.S)


@dataclass(frozen=True)
class Image:
    """One image and the facts of its name; the serial may be empty."""

    place: Path
    code: str
    subject: str
    serial: str

    @property
    def home(self) -> str:
        """The folder where its code belongs."""
        number = int(self.code)
        return next((f for g, f in zip(GROUPS, FOLDERS, strict=True) if number <= int(g[3:])), "")


def find_holders(root: Path) -> list[Path]:
    """Folders at most four levels down that hold `Images1` to `Images6`, one each or all."""
    holders = find_bases(root, lambda below: any(_proper(path.name) for path in below))
    too_deep = holders == [root] and _GROUP.fullmatch(root.resolve().name)
    return [] if too_deep else holders


def find_base(holders: Sequence[Path]) -> Path:
    """The folder above `01-04` to `21-26`."""
    first = holders[0]
    return first.parent if _GROUP.fullmatch(first.name) else first


def survey(holders: Sequence[Path], root: Path) -> Survey:
    """All images of the seven codes, and problems."""
    base = find_base(holders)
    wanted = [path for path in _groups(base) if int(path.name[:2]) <= len(CODES)]
    seen = Survey(root, problems=odd_folders((root, base, *holders, *wanted), root))
    images = [p for folder in _image_folders(base, holders, seen) for p in _read(folder, seen)]
    kept = _keep(images, seen)
    seen.items.extend(_item(image, root) for image in kept)
    _count(base, images, seen)
    return seen


def _groups(base: Path) -> list[Path]:
    """Folders `01-04` to `21-26`."""
    return [path for path in subfolders(base) if _GROUP.fullmatch(path.name)]


def _proper(name: str) -> str | None:
    return next((folder for folder in FOLDERS if folder.casefold() == name.casefold()), None)


def _image_folders(base: Path, holders: Sequence[Path], seen: Survey) -> Iterator[Path]:
    found: dict[str, Path] = {}
    known = f"known: {GROUPS[0]}/{FOLDERS[0]} to {GROUPS[-1]}/{FOLDERS[-1]}"
    for holder in dict.fromkeys((*holders, *_groups(base))):
        listing = seen.look(holder)
        for path in listing.files:
            if _IMAGE.fullmatch(path.name):
                seen.note("unexpected_file", path, "not read; images lie in Images1 to Images6")
        for folder in listing.folders:
            name = _proper(folder.name)
            if name is None:
                if not _GROUP.fullmatch(folder.name):
                    seen.note("misnamed_folder", folder, f"not read; {known}")
            elif name in found:
                other = relative(found[name], seen.root)
                seen.note("second_tree", folder, f"not read, {other} is; remove one")
            else:
                found[name] = folder
                if name != folder.name:
                    seen.note("mis_cased", folder, f"read as {name}; rename it")
    for group, name in zip(GROUPS, FOLDERS, strict=True):
        if name in found:
            yield found[name]
        elif int(group[:2]) <= len(CODES):
            action = f"codes {group} are not here; the others are used, results are incomplete"
            seen.note("missing_expression", base / group / name, action)


def _read(folder: Path, seen: Survey) -> Iterator[Image]:
    listing = seen.look(folder)
    for path in listing.folders:
        seen.note("unexpected_folder", path, "not read; images lie in the folder above it")
    for path in listing.files:
        match = _NAME.fullmatch(path.name)
        if match is None:
            match = _TURNED.fullmatch(path.name)
            if match is None:
                seen.note("unexpected_file", path, "not read; names are CC_SSS_NNNN.jpg")
                continue
        facts = match.groupdict()
        code = facts["code"]
        if not 1 <= int(code) <= LAST_CODE:
            seen.note("unknown_label", path, f"code {code} is none of 01 to {LAST_CODE}; rename it")
            continue
        image = Image(path, code, facts["subject"], facts.get("serial") or "")
        if image.home != _proper(folder.name) and code in CODES:
            seen.note("misplaced_file", path, f"read as code {code}, which its name says")
        yield image


def _keep(images: Sequence[Image], seen: Survey) -> list[Image]:
    """The images of the seven codes, each name once."""
    first: dict[tuple[str, str, str], Image] = {}
    for image in images:
        key = (image.subject, image.code, image.serial)
        if image.code not in CODES:
            continue
        if key in first:
            other = relative(first[key].place, seen.root)
            seen.note("duplicate_file", image.place, f"not read; {other} is; remove one")
        else:
            first[key] = image
    moments = Counter(key[:2] for key in first)
    for key, image in first.items():
        if moments[key[:2]] > 1:
            count = moments[key[:2]]
            action = f"one of {count} images of code {image.code}; all are used"
            seen.note("extra_image", image.place, action)
    return [first[key] for key in sorted(first)]


def _item(image: Image, root: Path) -> Item:
    serial = f"_{image.serial}" if image.serial else ""
    return Item(
        id=f"cfee_{image.subject}_{image.code}{serial}",
        label=CODES[image.code],
        subject=image.subject,
        spectrum="vis",
        files=(relative(image.place, root),),
    )


def _count(base: Path, images: Sequence[Image], seen: Survey) -> None:
    """Compare with published counts and note what is left out."""
    compound = sum(image.code not in CODES for image in images)
    if compound:
        action = f"{compound} images of compound expressions; only neutral and the six are used"
        seen.note("left_out", base, f"codes 08 to {LAST_CODE}: {action}")
    subjects = sorted({image.subject for image in images})
    if len(subjects) != SUBJECTS:
        action = f"{len(subjects)} subjects where {SUBJECTS} are published"
        seen.note("unexpected_count", base, f"{action}; all are used")
    whole = len(images) >= IMAGES_IN_ALL
    if not whole:
        action = f"{len(images)} images of all codes where a public loader counts {IMAGES_IN_ALL}"
        seen.note("unexpected_count", base, f"{action}; all are used")
    have = {(image.subject, image.code) for image in images}
    for subject in subjects:
        gone = [f"{code} {CODES[code]}" for code in CODES if (subject, code) not in have]
        if gone:
            # The release itself lacks some images: only a smaller copy of it is incomplete.
            kind = "absent_image" if whole else "missing_expression"
            seen.note(kind, base, f"subject {subject} has no image of {', '.join(gone)}")


def stray(root: Path) -> Iterator[str]:
    """Hints why a folder is not this dataset."""
    listing = list_folder(root, root)
    if any(_proper(folder.name) for folder in listing.folders):
        yield "it holds one Images folder: give the folder above it"
    elif any(_NAME.fullmatch(path.name) for path in listing.files):
        yield "it holds CC_SSS_NNNN.jpg: give the folder two above it, which holds 01-04 to 21-26"
    yield from obstacles(root)
