"""Dataset `kdef`: Karolinska Directed Emotional Faces as distributed.

Lundqvist, Flykt, Öhman, CD ROM, Karolinska Institutet, 1998. 70 people, seven
expressions, five views, two sessions: 4,900 stills. The averaged faces (AKDEF) are made of all 70
people, so they are kept out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from irfer_bench.api import CLASSES, Item, Match, Stills, Survey
from irfer_datasets.folds import Lists, cut_folds, read_folds
from irfer_datasets.kdef.layout import TABLE, stray, survey


class Kdef(Stills):
    """An item is a still; its part is the view, its subject sex and number (`F01`).

    An instance reads a root once; a new instance sees later changes.
    """

    name = "kdef"
    classes: tuple[str, ...] = CLASSES[:7]
    native = ("fear", "anger", "disgust", "happiness", "neutral", "sadness", "surprise")
    licence = "non-commercial research, on request at kdef.se; no redistribution"

    table = TABLE

    def identify(self, root: Path) -> Match:
        """Confident where images are named AF01ANS.JPG, in folders AF01 to BM35 or in one."""
        found = self.find(root)
        own, hits = stray(root, found), found.of("image", "flat")
        if own or not hits:
            what = "no folder AF01 to BM35 with images such as AF01ANS.JPG below it"
            return Match(0.0, "; ".join((what, *own, *self.hints(root))))
        where = hits[0].base or "."
        return Match(0.95, f"{len(self.survey(root).items)} images under {where}")

    def walk(self, root: Path) -> Survey:
        """All images of all views and both sessions.

        Raises:
            MissingError: no tree of this dataset lies there.
        """
        found = self.find(root)
        if stray(root, found) or not found.of("image", "flat"):
            raise self.unlike(root)
        return survey(found, root)

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """The five published test lists (every fifth subject), cut to the subjects present."""
        return cut_folds(published_folds(), items)


def published_folds() -> Lists:
    """Test subjects of folds 1 to 5: a partition of F01 to M35, seven of each sex in every one."""
    return read_folds("kdef")
