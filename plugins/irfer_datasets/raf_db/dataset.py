"""Dataset `raf_db`: Real-world Affective Faces, single labels, as distributed.

Li, Deng, Du, CVPR 2017; Li, Deng, IEEE TIP 28(1), 2019. 15,339 images with one
of seven expressions, 12,271 to train on and 3,068 to test. There are no subjects,
so training and test are split by image alone.

`basic/Image/{aligned,original}/train_00001_aligned.jpg` with `basic/EmoLabel/
list_patition_label.txt` (sic; many public loaders read `list_partition_label.txt`), or
`DATASET/{train,test}/{1..7}/train_00001_aligned.jpg` with `{train,test}_labels.csv` in it, or
beside it as in the copy on Kaggle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from irfer_bench.api import (
    CLASSES,
    DamagedError,
    DatasetCopy,
    LargeSurvey,
    Match,
    Matches,
    MissingError,
    SplitDataset,
    Survey,
    note_other_copies,
)
from irfer_datasets.params import RafDbParams
from irfer_datasets.raf_db.rows import (
    LABELS,
    TABLE,
    count,
    find_trees,
    survey_kaggle,
    survey_official,
)


class RafDb(SplitDataset):
    """An item is a still; its part is the kind of image, `aligned` or `original`."""

    name = "raf_db"
    classes = CLASSES[:7]
    native: ClassVar[tuple[str, ...]] = tuple(LABELS.values())
    licence = (
        "on request from whdeng.cn/RAF, non-commercial research; no part may be copied further, "
        "published or distributed"
    )
    wanted = "no folder with Image and EmoLabel, nor one with train/1 to train/7, below it"
    table = TABLE
    tested = "test"
    inner: ClassVar[Mapping[str, str]] = {
        "(?:aligned|original|EmoLabel|Image)/|/(?:aligned|original)": "it is a part of it: give "
        "the folder that holds Image and EmoLabel",
        "/[1-7]": "it is one half of it: give the folder that holds train and test",
        "compound/|/compound": "compound labels are not read: give the folder that holds basic",
    }
    survey_class = LargeSurvey
    params: RafDbParams
    params_class = RafDbParams

    def is_there(self, root: Path, found: Matches) -> bool:
        """Whether named images lie beside their list, or in numbered folders."""
        return bool(find_trees(found))

    def match(self, root: Path, found: Matches) -> Match:
        """Confident where an image has a label."""
        tree, hints = find_trees(found)[0], self.hints(root)
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
        own = self.stray(root, found)
        return Match(0.0 if own else 0.4, "; ".join((what, *own, *hints)))

    def collect(self, found: Matches, seen: Survey) -> None:
        """All labelled images of the chosen kind, and problems."""
        trees = find_trees(found)
        tree, images = self._choose(trees, found)
        note_other_copies(trees, tree, seen)
        other = tree.of(found, "original")
        if images == "aligned" and other and tree.form == "official":
            action = "not read, Image/aligned is; raf_db.images=original chooses it"
            seen.note("second_tree", other[0].folder, action)
        if tree.form == "official":
            survey_official(tree, images, found, seen)
        else:
            survey_kaggle(tree, found, seen)
        count(tree, seen)

    def _choose(self, trees: Sequence[DatasetCopy], found: Matches) -> tuple[DatasetCopy, str]:
        wanted = self.params.images
        asked = ("aligned", "original") if wanted == "auto" else (wanted,)
        for images in asked:
            for tree in trees:
                aligned_only = tree.form == "kaggle" and images == "aligned"
                if aligned_only or tree.of(found, images):
                    return tree, images
        base = trees[0].base or "."
        hint = "; ".join(self.hints(found.tree.root)) or "copy the images there"
        raise MissingError(f"raf_db: {base} holds no Image/{' or '.join(asked)} images; {hint}")
