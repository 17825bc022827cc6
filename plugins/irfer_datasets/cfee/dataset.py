"""Dataset `cfee`: Compound Facial Expressions of Emotion as distributed.

Du, Tao, Martinez, "Compound facial expressions of emotion", PNAS 111(15), 2014.
Visible stills of 230 people. Neutral and the six basic expressions are used; the release's other
19 codes are compound expressions, counted and left out. NFER-SDE translates its six classes.

`CFEE_Database_230/{01-04/Images1 … 21-26/Images6}/CC_SSS_NNNN.jpg` with the expression's code CC,
subject SSS and the camera's number NNNN. The loaders 2CET-GAN and complex-FER read extensions in
both cases; the paths in a public project's tests of face code show short names (`04_221.jpg`) and
two turned round (`260_19.png.jpg`), all in `Images6`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from irfer_bench.api import CLASSES, Item, Match, Matches, OfficialDataset, Patterns, Survey

NATIVE = ("neutral", "happiness", "sadness", "fear", "anger", "surprise", "disgust")
CODES = {f"{number:02d}": label for number, label in enumerate(NATIVE, start=1)}
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
_CODE, _SUBJECT = r"(?P<code>\d{2})", r"(?P<subject>\d{3})"
TABLE = Patterns(
    {
        "image": rf"Images[1-6]/{_CODE}_{_SUBJECT}(?:_(?P<serial>\d{{4,5}}))?\.jpe?g",
        "turned": rf"Images[1-6]/{_SUBJECT}_{_CODE}(?:\.png)?\.jpe?g",
        "sheet": r"AU_annotation_all_subjects\.xlsx?",
    },
    names=FOLDERS,
    holders=GROUPS,
)


@dataclass(frozen=True)
class Image:
    """One image and the facts of its name; the serial may be empty."""

    place: str
    code: str
    subject: str
    serial: str

    @property
    def home(self) -> str:
        """The folder where its code belongs."""
        number = int(self.code)
        return next((f for g, f in zip(GROUPS, FOLDERS, strict=True) if number <= int(g[3:])), "")


def survey(found: Matches, seen: Survey) -> None:
    """All images of the seven codes, and problems."""
    base = found.of("image", "turned")[0].base
    images = list(_read(found, seen))
    kept = _keep(images, seen)
    seen.items.extend(_item(image) for image in kept)
    _count(base, images, seen)


def _read(found: Matches, seen: Survey) -> Iterator[Image]:
    hits = found.of("image", "turned")
    names = {hit.folder.rpartition("/")[2].casefold() for hit in hits}
    for group, name in zip(GROUPS, FOLDERS, strict=True):
        if int(group[:2]) <= len(CODES) and name.casefold() not in names:
            action = f"codes {group} are not here; the others are used, results are incomplete"
            place = f"{hits[0].base}/{group}/{name}" if hits[0].base else f"{group}/{name}"
            seen.note("missing_expression", place, action)
    for hit in hits:
        own = hit.folder.rpartition("/")[2].casefold()
        for path, facts in hit.files():
            code = facts["code"]
            if not 1 <= int(code) <= LAST_CODE:
                action = f"code {code} is none of 01 to {LAST_CODE}; rename it"
                seen.note("unknown_label", path, action)
                continue
            image = Image(path, code, facts["subject"], facts.get("serial", ""))
            if image.home.casefold() != own and code in CODES:
                seen.note("misplaced_file", path, f"read as code {code}, which its name says")
            yield image


def _keep(images: Sequence[Image], seen: Survey) -> list[Image]:
    """The images of the seven codes, each name once."""
    first: dict[tuple[str, str, str], Image] = {}
    for image in images:
        key = (image.subject, image.code, image.serial)
        if image.code not in CODES:
            continue
        if first.setdefault(key, image) is not image:
            other = first[key].place
            seen.note("duplicate_file", image.place, f"not read; {other} is; remove one")
    moments = Counter(key[:2] for key in first)
    for key, image in first.items():
        if moments[key[:2]] > 1:
            count = moments[key[:2]]
            action = f"one of {count} images of code {image.code}; all are used"
            seen.note("extra_image", image.place, action)
    return [first[key] for key in sorted(first)]


def _item(image: Image) -> Item:
    serial = f"_{image.serial}" if image.serial else ""
    return Item(
        id=f"cfee_{image.subject}_{image.code}{serial}",
        label=CODES[image.code],
        subject=image.subject,
        spectrum="vis",
        files=(image.place,),
    )


def _count(above: str, images: Sequence[Image], seen: Survey) -> None:
    """Compare with published counts and note what is left out."""
    base = above or "."
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


FOLDS = 5


class Cfee(OfficialDataset):
    """230 subjects, one visible still per expression."""

    name = "cfee"
    classes: tuple[str, ...] = CLASSES[:7]
    native = NATIVE
    licence = (
        "on request from the Ohio State University (CBCSL), signed form; text not public, so "
        "research only, no redistribution, no publication of images"
    )
    wanted = "no 01-04/Images1 to 21-26/Images6 with CC_SSS_NNNN.jpg below it"
    table = TABLE

    def is_there(self, root: Path, found: Matches) -> bool:
        """Whether images are named CC_SSS_NNNN.jpg, and the root is not a part of the set."""
        return bool(found.of("image", "turned")) and not self.stray(root, found)

    def match(self, root: Path, found: Matches) -> Match:
        """Confident where Images1 to Images6 hold images."""
        where, items = found.of("image", "turned")[0].base or ".", self.survey(root).items
        return Match(0.95, f"{len(items)} images of seven expressions under {where}")

    def collect(self, found: Matches, seen: Survey) -> None:
        """All images of neutral and the six basic expressions."""
        survey(found, seen)

    def stray(self, root: Path, found: Matches) -> list[str]:
        """Hints where a root is one of the folders of images."""
        name = root.resolve().name
        if re.fullmatch(r"\d\d-\d\d", name):
            return ["it holds one Images folder: give the folder above it"]
        if name.casefold() in {folder.casefold() for folder in FOLDERS}:
            above = "which holds 01-04 to 21-26"
            return [f"it holds CC_SSS_NNNN.jpg: give the folder two above it, {above}"]
        return []

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """Every fifth of the sorted subjects: their numbers are not published, so no list is."""
        subjects = sorted({item.subject for item in items if item.subject is not None})
        return [frozenset(subjects[fold::FOLDS]) for fold in range(FOLDS)]
