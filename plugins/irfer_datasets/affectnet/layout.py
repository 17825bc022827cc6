"""Layout of AffectNet on disk as a table: lists of 2017, crops of 2021 and later, sorted folders.

2017: `Manually_Annotated_Images/<n>/<hash>.<ext>` and `Manually_Annotated_file_lists/{training,
validation}.csv`. 2021: `{train_set,val_set}/images/<id>.jpg` and `annotations/<id>_exp.npy`. The
present release (AffectNet+) has `human_annotated/{train_set,validation_set}` and `annotations/
<id>.json` with the key `human-label`, as several public loaders read it. POSTER calls the second
half `valid_set`; DAN sorts the crops of 2021 into `{train,val}/{0..7}` by the official code.
"""

from __future__ import annotations

from collections.abc import Mapping

from irfer_bench.api import (
    DatasetCopy,
    Item,
    LargeSurvey,
    Matches,
    Patterns,
    compare_count,
    compare_labels,
    visible_still,
)
from irfer_datasets.expected import published

_NATIVE = "neutral happiness sadness surprise fear disgust anger contempt"
LABELS = dict(enumerate(_NATIVE.split()))
"""The official codes."""
NO_EXPRESSION: Mapping[int, str] = {8: "none", 9: "uncertain", 10: "no face"}
HALVES: Mapping[str, str] = {
    **dict.fromkeys(("train_set", "train"), "train"),
    **dict.fromkeys(("val_set", "valid_set", "validation_set", "val"), "val"),
}
LISTS: Mapping[str, tuple[str, str]] = {
    "training": ("train", "manual"),
    "validation": ("val", "manual"),
    "automatically_annotated": ("train", "automatic"),
}
"""List, split and part."""
_SET = "(?P<half>train_set|val_set|valid_set|validation_set)"
_IMAGE = r"(?:jpe?g|png)"
_OWN = ("Manually_Annotated", "Manually_Annotated_Images", "Manually_Annotated_file_lists")
_HOLDERS = (
    *_OWN,
    "Manually_Annotated_file_list",
    "Automatically_Annotated",
    "Automatically_annotated_file_list",
    "Automatically_Annotated_file_lists",
    "human_annotated",
)
TABLE = Patterns(
    {
        "image": rf"{_SET}/images/(?P<number>\d+)\.{_IMAGE}",
        "code": rf"{_SET}/annotations/(?P<number>\d+)(?:_exp\.npy|\.json)",
        "facts": rf"{_SET}/annotations/\d+_(?:val|aro|lnd)\.npy",
        # A file of RAF-DB in the Kaggle form lies in such folders too.
        "sorted": rf"(?P<half>train|val)/(?P<code>\d)/(?!(?:train|test)_\d)(?P<name>.+)\.{_IMAGE}",
        "list": rf"(?P<list>{'|'.join(LISTS)})\.csv",
        "manual": r"manually_annotated_images//(?P<folder>\d+)/(?P<stem>.+)\.\w+",
        "automatic": r"automatically_annotated_images//(?P<folder>\d+)/(?P<stem>.+)\.\w+",
    },
    names=(*_OWN, "Automatically_Annotated_Images", "train_set", "val_set", "images"),
    holders=_HOLDERS,
)
FORMS: Mapping[str, tuple[str, ...]] = {
    "crops_2021": ("image", "code"),
    "lists_2017": ("manual", "list"),
    "folders": ("sorted",),
}
"""Roles that each form needs, in the order of preference."""
FLAWS: Mapping[str, tuple[str, ...]] = {
    "crops_2021": ("no images/<id>.jpg beside annotations", "no annotations/<id>_exp.npy or .json"),
    "lists_2017": (
        "no Manually_Annotated_Images with numbered folders",
        "neither training.csv nor validation.csv",
    ),
    "folders": ("no images in both train/0 and train/7, so these codes may be another set's",),
}
PARTS: Mapping[str, str] = {
    f"(?:{'|'.join(HALVES)})/|/annotations": "it is one half: give the folder that holds train_set "
    "and val_set",
    f"(?:{'|'.join(_HOLDERS)})/": "it is a part of it: give the folder that holds images and file "
    "lists",
}
"""Hints where a root is a part of the set."""
VAL8 = (499, 500)
"""Validation images of contempt: the release of 2021 lacks one."""


def flaw(copy: DatasetCopy, found: Matches) -> str:
    """What a copy lacks, or an empty string; no list and no image is read."""
    for role, what in zip(FORMS[copy.form], FLAWS[copy.form], strict=True):
        hits = copy.of(found, role)
        # FER2013 sorted so has 0 to 6, RAF-DB 1 to 7: their codes mean other expressions.
        if not hits or (role == "sorted" and not {"0", "7"} <= {h.facts["code"] for h in hits}):
            return what
    return ""


def make_item(split: str, name: str, code: int, path: str, part: str = "manual") -> Item:
    """One face."""
    full = f"affectnet_{split}_{name}"
    return visible_still(full, LABELS[code], path, split=split, part=part)


def count(copy: DatasetCopy, left_out: Mapping[int, int], seen: LargeSurvey) -> None:
    """Compare with the published counts; note how many images show no expression."""
    where, known = copy.base or ".", published("affectnet")
    if any(left_out.values()):
        counts = ", ".join(
            f"{left_out.get(code, 0):,} {word}" for code, word in NO_EXPRESSION.items()
        )
        seen.note("left_out", where, f"labels 8, 9 and 10 are no expressions: {counts}")
    own = [item for item in seen.items if item.part == "manual"]
    train = [item.label or "" for item in own if item.split == "train"]
    val = [item.label or "" for item in own if item.split == "val"]
    contempt = known["train8"] - known["train7"]
    per_label = {**known["train7_per_class"], "contempt": contempt}
    seen.problems += compare_labels(where, "training images", train, per_label)
    seven = {name: known["val7"] // 7 for name in LABELS.values() if name != "contempt"}
    rest = [name for name in val if name != "contempt"]
    seen.problems += compare_labels(where, "validation images", rest, seven)
    if (found := val.count("contempt")) not in VAL8:
        what = "validation images of contempt"
        seen.problems += compare_count(where, what, found, VAL8[1])
