"""Dataset `affectnet`: AffectNet as distributed in 2017 and in 2021.

Mollahosseini, Hasani, Mahoor, IEEE Transactions on Affective Computing 10(1), 2019. Images
from the web with one of eight expressions, without subjects. There is no public test set: the
validation images are tested, as is usual.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from irfer_bench.api import CLASSES, Clip, DamagedError, Item, Match, MissingError
from irfer_datasets.affectnet.crops import survey_crops
from irfer_datasets.affectnet.layout import (
    LABELS,
    LISTS,
    NAMES,
    Tree,
    count,
    find_list,
    find_trees,
    folders_above,
    image_folder,
    look,
    stray,
)
from irfer_datasets.affectnet.lists import ListSurvey, survey_lists
from irfer_datasets.affectnet.params import AffectNetParams
from irfer_datasets.folds import split_fold
from irfer_datasets.stills import Stills
from irfer_datasets.tree import obstacles, odd_folders, relative

if TYPE_CHECKING:
    from irfer_datasets.affectnet.faces import FaceList


class AffectNet(Stills):
    """An item is one face. Of 2017 it is cut out by the official box and has their 68 landmarks.

    Landmarks are the official numbers, moved with the crop. An image without a box is read whole
    (problem `no_box`). An instance reads a root once; a new instance sees later changes.
    """

    name = "affectnet"
    classes = CLASSES[:8]
    native: ClassVar[tuple[str, ...]] = tuple(LABELS.values())
    licence = (
        "on request by faculty members from the University of Denver (mohammadmahoor.com), "
        "research only; treated as no redistribution and no publication of images"
    )
    params: AffectNetParams

    def __init__(self, params: AffectNetParams | None = None) -> None:
        super().__init__(params or AffectNetParams())
        self._trees: dict[Path, Tree] = {}
        self._faces: dict[tuple[Path, str], tuple[FaceList, str]] = {}

    def identify(self, root: Path) -> Match:
        """Confident where one of the releases is unpacked; images are not counted for it."""
        trees = find_trees(root)
        if not trees:
            what = "no train_set, val_set or Manually_Annotated_Images below it"
            return Match(0.0, "; ".join((what, *stray(root))))
        flaws = {tree: look(tree) for tree in trees}
        whole = [tree for tree in trees if not flaws[tree]]
        if whole:
            where = relative(whole[0].base, root)
            return Match(0.95, f"the release of {whole[0].form[-4:]} under {where}")
        tree = trees[0]
        what = f"{relative(tree.base, root)} has {flaws[tree]}"
        return Match(0.4, "; ".join((what, *obstacles(root))))

    def walk(self, root: Path) -> ListSurvey:
        """All images that show an expression, and problems.

        Raises:
            MissingError: no tree of this dataset lies there, or not the release asked for.
            DamagedError: a list cannot be read.
        """
        trees = find_trees(root)
        if not any(not look(tree) for tree in trees):
            raise self.unlike(root)
        tree = self._choose(root, trees)
        above = (root, tree.base, *folders_above(tree))
        seen = ListSurvey(root, problems=odd_folders(above, root, NAMES))
        for other in trees:
            if other != tree:
                action = f"its {other.form} is not read, {tree.form} of "
                action += f"{relative(tree.base, root)} is; affectnet.form chooses"
                seen.note("second_tree", other.base, action)
        if tree.form == "crops_2021":
            left_out = survey_crops(tree, seen)
        else:
            left_out = survey_lists(tree, self.params.automatic, seen)
        count(tree, left_out, seen)
        return seen

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The face: the crop of 2021, or the image of 2017 cut to the official box.

        Raises:
            DamagedError: it cannot be decoded, or its list changed since it was indexed.
        """
        clip = super().read(root, item, frames)
        where = self._given(root)
        if where not in self._trees:
            self._trees[where] = self._choose(where, find_trees(where))
        tree = self._trees[where]
        if tree.form == "crops_2021":
            return clip
        from irfer_datasets.affectnet.faces import crop

        faces, above = self._face_list(where, tree, item)
        pointer = faces.find(item.files[0].removeprefix(f"{above}/"))
        image, points = crop(clip.frames[0], pointer)
        return replace(clip, frames=image[None], landmarks=None if points is None else points[None])

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """One fold: the validation images."""
        return [split_fold(items, "val")]

    def fingerprint(self, root: Path | None) -> str:
        """Digest of all images used, their facts, boxes and landmarks."""
        content = super().fingerprint(root)
        seen = self._lists(self._given(root))
        if not seen.facts:
            return content
        return hashlib.sha256(f"{content} {seen.facts:032x}".encode()).hexdigest()

    def _face_list(self, root: Path, tree: Tree, item: Item) -> tuple[FaceList, str]:
        """The list that an item is of, and the folder that its names start from."""
        from irfer_datasets.affectnet.faces import FaceList

        name = next(key for key, own in LISTS.items() if own == (item.split, item.part))
        if (root, name) not in self._faces:
            path, images = find_list(tree, name), image_folder(tree, item.part)
            if path is None or images is None:
                raise DamagedError(f"{name} of affectnet is gone", "restore it and run again")
            self._faces[root, name] = FaceList(path, root), relative(images, root)
        return self._faces[root, name]

    def _lists(self, root: Path) -> ListSurvey:
        seen = self.survey(root)
        assert isinstance(seen, ListSurvey)
        return seen

    def _choose(self, root: Path, trees: Sequence[Tree]) -> Tree:
        wanted = self.params.form
        usable = [tree for tree in trees if not look(tree)]
        chosen = [tree for tree in usable if wanted in ("auto", tree.form)]
        if not chosen:
            raise MissingError(
                f"affectnet.form = {wanted}: {root} holds only {usable[0].form}",
                "unpack that release there, or leave form at auto",
            )
        return chosen[0]
