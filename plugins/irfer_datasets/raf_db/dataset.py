"""Dataset `raf_db`: Real-world Affective Faces, single labels, as distributed.

Li, Deng, Du, CVPR 2017; Li, Deng, IEEE TIP 28(1), 2019. 15,339 images with one
of seven expressions, 12,271 to train on and 3,068 to test. There are no subjects,
so training and test are split by image alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from irfer_bench.api import (
    CLASSES,
    DamagedError,
    Item,
    Match,
    Matches,
    MissingError,
    Stills,
    split_fold,
)
from irfer_datasets.large_folders import LargeSurvey
from irfer_datasets.raf_db.layout import LABELS, TABLE, Images, Tree, find_trees, stray
from irfer_datasets.raf_db.params import RafDbParams
from irfer_datasets.raf_db.rows import count, survey_kaggle, survey_official


class RafDb(Stills):
    """An item is a still; its part is the kind of image, `aligned` or `original`.

    An instance reads a root once; a new instance sees later changes.
    """

    name = "raf_db"
    classes = CLASSES[:7]
    native: ClassVar[tuple[str, ...]] = tuple(LABELS.values())
    licence = (
        "on request from whdeng.cn/RAF, non-commercial research; no part may be copied further, "
        "published or distributed"
    )
    table = TABLE
    params: RafDbParams

    def __init__(self, params: RafDbParams | None = None) -> None:
        super().__init__(params or RafDbParams())

    def identify(self, root: Path) -> Match:
        """Confident where named images lie beside their list, or in numbered folders."""
        found = self.find(root)
        trees = find_trees(found)
        if not trees:
            what = "no folder with Image and EmoLabel, nor one with train/1 to train/7, below it"
            return Match(0.0, "; ".join((what, *stray(root, found), *self.hints(root))))
        tree, hints = trees[0], self.hints(root)
        where = tree.base or "."
        try:
            items = self.survey(root).items
        except MissingError as error:
            return Match(0.4, error.message)
        except DamagedError as error:
            # A broken list is still this dataset's: reading it says what is wrong.
            return Match(0.6, error.message)
        if items:
            return Match(0.95, f"{len(items)} images under {where}")
        what = f"{where} holds no image named such as train_00001_aligned.jpg"
        if tree.form == "official" and not tree.of(found, "list"):
            what = f"{where} has images but no EmoLabel/list_patition_label.txt"
        own = stray(root, found)
        return Match(0.0 if own else 0.4, "; ".join((what, *own, *hints)))

    def walk(self, root: Path) -> LargeSurvey:
        """All labelled images of the chosen kind, and problems.

        Raises:
            MissingError: no tree of this dataset lies there, or not those images.
            DamagedError: the list of labels cannot be read.
        """
        found = self.find(root)
        trees = find_trees(found)
        if not trees:
            raise self.unlike(root)
        tree, images = self._choose(root, trees, found)
        seen = LargeSurvey(root, problems=list(found.problems()))
        for copy in trees:
            if copy != tree:
                action = f"not read, {tree.base or 'the root'} is; give its own folder to use it"
                seen.note("second_tree", copy.base or ".", action)
        other = tree.of(found, "original")
        if images == "aligned" and other and tree.form == "official":
            action = "not read, Image/aligned is; raf_db.images=original chooses it"
            seen.note("second_tree", other[0].folder, action)
        if tree.form == "official":
            survey_official(tree, images, found, seen)
        else:
            survey_kaggle(tree, found, seen)
        count(tree, seen)
        return seen

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """One fold: the official test images."""
        return [split_fold(items, "test")]

    def _choose(self, root: Path, trees: Sequence[Tree], found: Matches) -> tuple[Tree, Images]:
        wanted = self.params.images
        asked: tuple[Images, ...] = ("aligned", "original") if wanted == "auto" else (wanted,)
        for images in asked:
            for tree in trees:
                aligned_only = tree.form == "kaggle" and images == "aligned"
                if aligned_only or tree.of(found, images):
                    return tree, images
        base = trees[0].base or "."
        hint = "; ".join(self.hints(root)) or "copy the images there"
        kind = " or ".join(asked)
        raise MissingError(f"raf_db: {base} holds no Image/{kind} images; {hint}")
