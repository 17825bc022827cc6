"""Dataset `kdef`: Karolinska Directed Emotional Faces as distributed.

Lundqvist, Flykt, Öhman, CD ROM, Karolinska Institutet, 1998. 70 people, seven
expressions, five views, two sessions: 4,900 stills. The averaged faces (AKDEF) are made of all 70
people, so they are kept out.
"""

from __future__ import annotations

import re
from pathlib import Path

from irfer_bench.api import CLASSES, Match, Matches, OfficialDataset, Survey
from irfer_datasets.kdef.layout import PERSON, TABLE, survey


class Kdef(OfficialDataset):
    """An item is a still; its part is the view, its subject sex and number (`F01`)."""

    name = "kdef"
    classes: tuple[str, ...] = CLASSES[:7]
    native = ("fear", "anger", "disgust", "happiness", "neutral", "sadness", "surprise")
    licence = "non-commercial research, on request at kdef.se; no redistribution"
    wanted = "no folder AF01 to BM35 with images such as AF01ANS.JPG below it"
    table = TABLE

    def is_there(self, root: Path, found: Matches) -> bool:
        """Whether images are named AF01ANS.JPG, in folders AF01 to BM35 or in one."""
        return bool(found.of("image", "flat")) and not self.stray(root, found)

    def match(self, root: Path, found: Matches) -> Match:
        """Confident: no other set has such names."""
        where = found.of("image", "flat")[0].base or "."
        return Match(0.95, f"{len(self.survey(root).items)} images under {where}")

    def collect(self, found: Matches, seen: Survey) -> None:
        """All images of all views and both sessions."""
        survey(found, seen)

    def stray(self, root: Path, found: Matches) -> list[str]:
        """Hints where a root is one person's folder, or that of the averaged faces."""
        if found.of("averaged") and not found.of("image", "flat"):
            return ["it holds the averaged faces (AKDEF), which are not used: give KDEF"]
        if re.fullmatch(PERSON, root.resolve().name, re.I) and not found.of("image"):
            return ["it holds one person's images: give the folder above it"]
        return []
