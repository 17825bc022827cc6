"""Dataset `affectnet`: AffectNet as distributed in 2017 and in 2021.

Mollahosseini, Hasani, Mahoor, IEEE Transactions on Affective Computing 10(1), 2019. Images
from the web with one of eight expressions, without subjects. There is no public test set: the
validation images are tested, as is usual.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from irfer_bench.api import (
    CLASSES,
    Clip,
    DamagedError,
    DatasetCopy,
    Item,
    Match,
    Matches,
    SplitDataset,
    Survey,
    choose_copy,
    find_copies,
    note_other_copies,
)
from irfer_datasets.affectnet.crops import survey_crops, survey_folders
from irfer_datasets.affectnet.layout import FORMS, LABELS, LISTS, PARTS, TABLE, count, flaw
from irfer_datasets.affectnet.lists import ListSurvey, find_list, survey_lists
from irfer_datasets.params import AffectNetParams

if TYPE_CHECKING:
    from irfer_datasets.affectnet.faces import FaceList


class AffectNet(SplitDataset):
    """An item is one face. Of 2017 it is cut out by the official box and has their 68 landmarks.

    Landmarks are the official numbers, moved with the crop. An image without a box is read whole
    (problem `no_box`).
    """

    name = "affectnet"
    classes = CLASSES[:8]
    native: ClassVar[tuple[str, ...]] = tuple(LABELS.values())
    licence = (
        "on request by faculty members from the University of Denver (mohammadmahoor.com), "
        "research only; treated as no redistribution and no publication of images"
    )
    params: AffectNetParams
    wanted = "no train_set, val_set or Manually_Annotated_Images below it"
    table = TABLE
    tested = "val"
    inner = PARTS
    roles = tuple(role for roles in FORMS.values() for role in roles)
    survey_class = ListSurvey

    def __init__(self, params: AffectNetParams | None = None) -> None:
        super().__init__(params or AffectNetParams())
        self._faces: dict[tuple[Path, str], FaceList] = {}

    def match(self, root: Path, found: Matches) -> Match:
        """Confident where one of the releases is unpacked; images are not counted for it."""
        copies = find_copies(found, FORMS)
        whole = [copy for copy in copies if not flaw(copy, found)]
        if whole:
            return Match(0.95, f"AffectNet as {whole[0].form} under {whole[0].base or '.'}")
        own = self.stray(root, found)
        what = f"{copies[0].base or '.'} has {flaw(copies[0], found)}"
        return Match(0.0 if own else 0.4, "; ".join((what, *own, *self.hints(root))))

    def collect(self, found: Matches, seen: Survey) -> None:
        """All images that show an expression, and problems."""
        assert isinstance(seen, ListSurvey)
        chosen, left_out = self._chosen(found), Counter[int]()
        note_other_copies(find_copies(found, FORMS), chosen, seen)
        if chosen.form == "crops_2021":
            left_out = survey_crops(chosen, found, seen)
        elif chosen.form == "folders":
            survey_folders(chosen, found, seen)
        else:
            left_out = survey_lists(chosen, found, self.params.automatic, seen)
        count(chosen, left_out, seen)

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The face: the crop of 2021, or the image of 2017 cut to the official box.

        Raises:
            DamagedError: it cannot be decoded, or its list changed since it was indexed.
        """
        clip = super().read(root, item, frames)
        where, folder = self._given(root), item.files[0].rsplit("/", 2)[0]
        if "annotated_images" not in folder.casefold():
            return clip
        from irfer_datasets.affectnet.faces import crop

        pointer = self._face_list(where, item).find(item.files[0].removeprefix(f"{folder}/"))
        image, points = crop(clip.frames[0], pointer)
        return replace(clip, frames=image[None], landmarks=None if points is None else points[None])

    def fingerprint(self, root: Path | None) -> str:
        """Digest of all images used, their facts, boxes and landmarks."""
        content = super().fingerprint(root)
        seen = self._lists(self._given(root))
        if not seen.facts:
            return content
        return hashlib.sha256(f"{content} {seen.facts:032x}".encode()).hexdigest()

    def _face_list(self, root: Path, item: Item) -> FaceList:
        """The list that an item is of."""
        from irfer_datasets.affectnet.faces import FaceList

        name = next(key for key, own in LISTS.items() if own == (item.split, item.part))
        if (root, name) not in self._faces:
            found = self.find(root)
            lists = (find_list(copy, found, name) for copy in find_copies(found, FORMS))
            path = next(filter(None, lists), None)
            self._found.pop(root, None)  # a worker keeps no names of a million files
            if path is None:
                raise DamagedError(f"{name}.csv of affectnet is gone", "restore it and run again")
            self._faces[root, name] = FaceList(root / path, root)
        return self._faces[root, name]

    def _lists(self, root: Path) -> ListSurvey:
        seen = self.survey(root)
        assert isinstance(seen, ListSurvey)
        return seen

    def _chosen(self, found: Matches) -> DatasetCopy:
        usable = [copy for copy in find_copies(found, FORMS) if not flaw(copy, found)]
        if not usable:
            raise self.unlike(found.tree.root)
        return choose_copy(usable, self.params.form, "affectnet.form", found.tree.root)
