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

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from irfer_bench.api import (
    CLASSES,
    Found,
    Item,
    Matches,
    OfficialDataset,
    Patterns,
    Survey,
    join,
    visible_still,
)

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


FOLDS = 5
Name = tuple[str, str, str]
"""Subject, code and the camera's number, which may be empty."""


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
    roles = ("image", "turned")
    inner: ClassVar[Mapping[str, str]] = {
        r"\d\d-\d\d/": "it holds one Images folder: give the folder above it",
        r"Images[1-6]/": "give the folder two above it, that of 01-04 to 21-26",
    }

    def is_there(self, root: Path, found: Matches) -> bool:
        """Whether images are named CC_SSS_NNNN.jpg, and the root is not a part of the set."""
        return super().is_there(root, found) and not self.stray(root, found)

    def collect(self, found: Matches, seen: Survey) -> None:
        """All images of neutral and the six basic expressions, by their names."""
        hits, codes = found.of(*self.roles), Counter[str]()
        used: dict[Name, str] = {}
        subjects: set[str] = set()
        for path, facts in found.files(*self.roles):
            code = facts["code"]
            if not 1 <= int(code) <= LAST_CODE:
                action = f"code {code} is none of 01 to {LAST_CODE}; rename it"
                seen.note("unknown_label", path, action)
                continue
            codes[code] += 1
            subjects.add(facts["subject"])
            if code in CODES:
                name = facts["subject"], code, facts.get("serial", "")
                seen.first(used, name, path)
        for name in sorted(used):
            full = f"cfee_{'_'.join(filter(None, name))}"
            still = visible_still(full, CODES[name[1]], used[name], subject=name[0])
            seen.items.append(still)
        _count(hits, codes, sorted(subjects), {name[:2] for name in used}, seen)

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """Every fifth of the sorted subjects: their numbers are not published, so no list is."""
        subjects = sorted({item.subject for item in items if item.subject is not None})
        return [frozenset(subjects[fold::FOLDS]) for fold in range(FOLDS)]


def _count(
    hits: Sequence[Found],
    codes: Counter[str],
    subjects: Sequence[str],
    have: set[tuple[str, ...]],
    seen: Survey,
) -> None:
    """Compare with published counts; note what is left out and what is missing."""
    base = hits[0].base
    folders = {hit.folder.rpartition("/")[2].casefold() for hit in hits}
    for group, name in zip(GROUPS, FOLDERS, strict=True):
        if int(group[:2]) <= len(CODES) and name.casefold() not in folders:
            action = f"codes {group} are not here; the others are used, results are incomplete"
            seen.note("missing_expression", join(join(base, group), name), action)
    where, total = base or ".", codes.total()
    if compound := sum(number for code, number in codes.items() if code not in CODES):
        action = f"{compound} images of compound expressions; only neutral and the six are used"
        seen.note("left_out", where, f"codes 08 to {LAST_CODE}: {action}")
    if len(subjects) != SUBJECTS:
        action = f"{len(subjects)} subjects where {SUBJECTS} are published"
        seen.note("unexpected_count", where, f"{action}; all are used")
    if total < IMAGES_IN_ALL:
        action = f"{total} images of all codes where a public loader counts {IMAGES_IN_ALL}"
        seen.note("unexpected_count", where, f"{action}; all are used")
    # The release itself lacks some images: only a smaller copy of it is incomplete.
    kind = "absent_image" if total >= IMAGES_IN_ALL else "missing_expression"
    for subject in subjects:
        gone = [f"{code} {CODES[code]}" for code in CODES if (subject, code) not in have]
        if gone:
            seen.note(kind, where, f"subject {subject} has no image of {', '.join(gone)}")
