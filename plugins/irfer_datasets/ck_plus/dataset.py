"""Dataset `ck_plus`: Extended Cohn-Kanade as distributed.

Lucey, Cohn, Kanade, Saragih, Ambadar, Matthews, CVPR Workshops 2010. 593 posed sequences from
neutral to apex of 123 people, 327 of them with one of seven expressions, contempt included. A
labelled sequence is two items: all its frames, and its first frame alone as a neutral face.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from irfer_bench.api import (
    CLASSES,
    Clip,
    DamagedError,
    Item,
    Match,
    Matches,
    OfficialDataset,
    Survey,
)
from irfer_datasets.ck_plus.sequences import LABELS, ROLES, TABLE, Sequences, survey

if TYPE_CHECKING:
    from numpy.typing import NDArray


class CkPlus(OfficialDataset):
    """An item is a sequence (part `sequence`) or a sequence's first frame (part `neutral`).

    Where `Landmarks` is unpacked, clips carry the official 68 points per frame as they are written.
    Folds: ten lists of the 118 subjects that have a labelled sequence, every tenth of them in the
    order of their numbers, equal to the lists of Emotion-FAN (Meng et al., ICIP 2019).
    """

    name = "ck_plus"
    classes = CLASSES[:8]
    native: ClassVar[tuple[str, ...]] = tuple(LABELS.values())
    licence = (
        "signed agreement with the University of Pittsburgh; research only, images of some "
        "subjects only may be shown, in publications"
    )
    wanted = "no folder with S005/001 below it"
    table = TABLE
    roles = ROLES
    inner: ClassVar[Mapping[str, str]] = {
        r"S\d{3}/": "it is one subject's: give the folder two above it"
    }
    survey_class = Sequences

    def match(self, root: Path, found: Matches) -> Match:
        """Confident where S005/001/S005_001_00000001.png lie beside the labels of Emotion."""
        frames = found.of("frames")
        if not frames:
            hints = ("no image named such as S005_001_00000001.png", *self.hints(root))
            return Match(0.3, "; ".join(hints))
        where, seen = frames[0].base or ".", self._sequences(root)
        labelled = sum(item.part == "sequence" for item in seen.items)
        if not labelled:
            hint = "give the folder that holds Emotion too"
            return Match(0.4, f"{where} has sequences, and no label of one is there; {hint}")
        return Match(0.95, f"{labelled} labelled sequences under {where}")

    def collect(self, found: Matches, seen: Survey) -> None:
        """All labelled sequences, and everything that is wrong."""
        assert isinstance(seen, Sequences)
        survey(found, seen)

    def stray(self, root: Path, found: Matches) -> list[str]:
        """Hints where a root is one subject's folder, or a copy without sequences."""
        hints = super().stray(root, found)
        if found.of("sorted"):
            hints.append(
                "it is a copy sorted into folders of expressions (CK+48 or like it), which lacks "
                "the sequences and their first frames: give the official release, or use dataset "
                "folder"
            )
        return hints

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The sequence or some of its frames, grey repeated, with landmarks where all have them.

        Raises:
            DamagedError: a frame or its landmarks cannot be read.
        """
        clip = super().read(root, item, frames)
        where = self._given(root)
        names = item.files if frames is None else [item.files[position] for position in frames]
        places = [self._sequences(where).landmarks.get(name) for name in names]
        known = [place for place in places if place is not None]
        if not known or len(known) != len(places):
            return clip
        return replace(clip, landmarks=_read_landmarks(known, where))

    def fingerprint(self, root: Path | None) -> str:
        """Digest of all frames used, their facts and their landmarks."""
        content = super().fingerprint(root)
        points = self._sequences(self._given(root)).landmarks
        if not points:
            return content
        digests = sorted(
            f"{place.name} {hashlib.sha256(place.read_bytes()).hexdigest()}"
            for place in (self._given(root) / name for name in points.values())
        )
        return hashlib.sha256("\n".join((content, *digests)).encode()).hexdigest()

    def _sequences(self, root: Path) -> Sequences:
        seen = self.survey(root)
        assert isinstance(seen, Sequences)
        return seen


def _read_landmarks(places: Sequence[str], root: Path) -> NDArray[Any]:
    """(T, 68, 2) float32 of as many files with 68 lines `x y`."""
    import numpy as np

    faces = []
    for place in places:
        try:
            points = np.loadtxt(root / place, dtype=np.float32, ndmin=2)
            if points.shape != (68, 2) or not np.isfinite(points).all():
                raise ValueError(f"68 points expected, {points.shape} found")
        except (OSError, ValueError) as error:
            message = f"{place} cannot be read ({error})"
            raise DamagedError(message, "restore the file or remove it") from error
        faces.append(points)
    return np.stack(faces)
