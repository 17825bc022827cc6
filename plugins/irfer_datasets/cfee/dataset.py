"""Dataset `cfee`: Compound Facial Expressions of Emotion as distributed.

Du, Tao, Martinez, "Compound facial expressions of emotion", PNAS 111(15), 2014.
Visible stills of 230 people. Neutral and the six basic expressions are used; the release's other
19 codes are compound expressions, counted and left out. NFER-SDE translates its six classes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from irfer_bench.api import CLASSES, Item, Match, Matches, OfficialDataset, Survey
from irfer_datasets.cfee.layout import FOLDERS, TABLE, survey

FOLDS = 5


class Cfee(OfficialDataset):
    """230 subjects, one visible still per expression."""

    name = "cfee"
    classes: tuple[str, ...] = CLASSES[:7]
    native = ("neutral", "happiness", "sadness", "fear", "anger", "surprise", "disgust")
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
