"""Dataset `cfee`: Compound Facial Expressions of Emotion as distributed.

Du, Tao, Martinez, "Compound facial expressions of emotion", PNAS 111(15), 2014.
Visible stills of 230 people. Neutral and the six basic expressions are used; the release's other
19 codes are compound expressions, counted and left out. NFER-SDE translates its six classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from irfer_bench.api import CLASSES, Item, Match, Stills, Survey
from irfer_datasets.cfee.layout import TABLE, stray, survey

FOLDS = 5


class Cfee(Stills):
    """230 subjects, one visible still per expression.

    An instance reads a root once; a new instance sees later changes.
    """

    name = "cfee"
    classes: tuple[str, ...] = CLASSES[:7]
    native = ("neutral", "happiness", "sadness", "fear", "anger", "surprise", "disgust")
    licence = (
        "on request from the Ohio State University (CBCSL), signed form; text not public, so "
        "research only, no redistribution, no publication of images"
    )

    table = TABLE

    def identify(self, root: Path) -> Match:
        """Confident where Images1 to Images6 hold images named CC_SSS_NNNN.jpg."""
        hits, own = self.find(root).of("image", "turned"), stray(root)
        if own or not hits:
            what = "no 01-04/Images1 to 21-26/Images6 with CC_SSS_NNNN.jpg below it"
            return Match(0.0, "; ".join((what, *own, *self.hints(root))))
        where, items = hits[0].base or ".", self.survey(root).items
        return Match(0.95, f"{len(items)} images of seven expressions under {where}")

    def walk(self, root: Path) -> Survey:
        """All images of neutral and the six basic expressions.

        Raises:
            MissingError: no tree of this dataset lies there.
        """
        found = self.find(root)
        if stray(root) or not found.of("image", "turned"):
            raise self.unlike(root)
        return survey(found, root)

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """Every fifth of the sorted subjects: their numbers are not published, so no list is."""
        subjects = sorted({item.subject for item in items if item.subject is not None})
        return [frozenset(subjects[fold::FOLDS]) for fold in range(FOLDS)]
