"""Layout of CK+ on disk: four trees of the same form, `S005/001/`.

`cohn-kanade-images/S005/001/S005_001_00000011.png`, `Emotion/…/S005_001_00000011_emotion.txt`
holding `   3.0000000e+00`, `Landmarks/…/S005_001_00000011_landmarks.txt`, `FACS/…` (not read). The
trees circulate nested (`Emotion_labels/Emotion`), renamed and merged into one, so a tree is
recognised by its files, not by its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from irfer_bench.api import Matches, Patterns, Survey

LABELS: Mapping[int, str] = {
    0: "neutral",
    1: "anger",
    2: "contempt",
    3: "disgust",
    4: "fear",
    5: "happiness",
    6: "sadness",
    7: "surprise",
}
"""The official codes; 0 is given to first frames and is in no file."""
Role = Literal["frames", "emotion", "landmarks"]
ROLES: Sequence[Role] = ("frames", "emotion", "landmarks")
SessionKey = tuple[str, str]
"""Subject and session, `S005` and `001`."""
_FOLDER = r"(?P<folder>S\d{3})/(?P<take>\d{3})"
_STEM = r"(?P<subject>S\d{3})_(?P<session>\d{3})_(?P<number>\d{8})"
_IMAGE = rf"{_STEM}\.(?:png|jpe?g|tiff?|bmp)"
TABLE = Patterns(
    {
        "frames": f"{_FOLDER}/{_IMAGE}",
        "emotion": rf"{_FOLDER}/{_STEM}_emotion\.txt",
        "landmarks": rf"{_FOLDER}/{_STEM}_landmarks\.txt",
        "facs": rf"{_FOLDER}/{_STEM}_facs\.txt",
        # CK+48 and its like: copies sorted into folders of expressions.
        "sorted": f"contempt/{_IMAGE}",
    },
    names=[f"S{number:03d}" for number in range(1000)],
)


@dataclass
class Tree:
    """The files of one role in one folder of subjects, by session and frame number."""

    base: str
    files: dict[SessionKey, dict[int, str]] = field(default_factory=dict)


def read_role(found: Matches, role: Role, seen: Survey) -> Tree | None:
    """The first folder of subjects that has such files; others that have them are noted."""
    trees: dict[str, Tree] = {}
    for hit in found.of(role):
        if hit.base not in trees and trees:
            first = next(iter(trees.values())).base or "the root"
            action = f"its {role} are not read, {first} is; remove one"
            seen.note("second_tree", hit.base or ".", action)
        tree = trees.setdefault(hit.base, Tree(hit.base))
        key = (hit.facts["folder"].upper(), hit.facts["take"])
        for path, facts in hit.files():
            if (facts["subject"].upper(), facts["session"]) != key:
                kind = "bad_row" if role == "emotion" else "misplaced_file"
                action = f"not read; its name is of another session than {'/'.join(key)}"
                seen.note(kind, path, action)
                continue
            frames = tree.files.setdefault(key, {})
            first = frames.setdefault(int(facts["number"]), path)
            if first != path:
                seen.note("duplicate_frame", path, f"not read; {first} is; remove one")
    return next(iter(trees.values()), None)
