"""Labelled sequences of CK+: frames matched with labels.

`cohn-kanade-images/S005/001/S005_001_00000011.png`, `Emotion/…/S005_001_00000011_emotion.txt`
holding `   3.0000000e+00`, `Landmarks/…/S005_001_00000011_landmarks.txt`, `FACS/…` (not read).
Public loaders have the trees nested (`Emotion_labels/Emotion`, `extended-cohn-kanade-images/
cohn-kanade-images`) or renamed (Emotion-FAN: `ck_face`), so a tree is recognised by its files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from irfer_bench.api import (
    OTHERS_USED,
    DamagedError,
    Item,
    Matches,
    Patterns,
    Survey,
    compare_count,
    compare_labels,
    compare_list,
    few,
    open_annotation,
)
from irfer_datasets.expected import published

_NATIVE = "neutral anger contempt disgust fear happiness sadness surprise"
LABELS = dict(enumerate(_NATIVE.split()))
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


DIGEST = "690cf30e4926a1f0"
"""Of the 327 lines `S005_001,disgust` that a public list of ten folds (Emotion-FAN) has."""


@dataclass
class Sequences(Survey):
    """Items and problems of a root; `landmarks` by the name of their frame."""

    frames_base: str | None = None
    landmarks: dict[str, str] = field(default_factory=dict)


def survey(found: Matches, seen: Sequences) -> None:
    """All labelled sequences, each as a sequence and as its neutral first frame."""
    frames = read_role(found, "frames", seen)
    emotion = read_role(found, "emotion", seen)
    landmarks = read_role(found, "landmarks", seen)
    if frames is None:
        return
    seen.frames_base, sessions = frames.base, frames.files
    if emotion is None:
        seen.note("missing_list", "Emotion", "no sequence has a label without it; none is used")
        return
    labels = _labels(emotion, seen)
    for key in sorted(labels):
        place = "/".join(filter(None, (frames.base, *key)))
        if key not in sessions:
            action = f"labelled in {emotion.base or 'the root'} and not there; {OTHERS_USED}"
            seen.note("missing_item", place, action)
            continue
        code, peak = labels[key]
        _check_frames(place, sessions[key], peak, seen)
        seen.items.extend(_items(key, sessions[key], code))
        points = {} if landmarks is None else landmarks.files.get(key, {})
        for number in sessions[key].keys() & points.keys():
            seen.landmarks[sessions[key][number]] = points[number]
    count(sessions, len(labels.keys() & sessions.keys()), seen)


def _labels(emotion: Tree, seen: Sequences) -> dict[SessionKey, tuple[int, int]]:
    """Code and frame number of every labelled session."""
    labels: dict[SessionKey, tuple[int, int]] = {}
    for key, files in emotion.files.items():
        codes = {number: _code(path, seen) for number, path in files.items()}
        usable = {number: code for number, code in codes.items() if code is not None}
        last = max(files)
        if len(set(usable.values())) > 1:
            names = " and ".join(LABELS[code] for code in usable.values())
            seen.note("duplicate_id", files[last], f"its session is {names}; keep one file")
        elif usable:
            labels[key] = next(iter(usable.values())), max(usable)
            if len(files) > 1:
                action = "its session has several files that agree; one is used"
                seen.note("duplicate_row", files[last], action)
    return labels


def _code(path: str, seen: Sequences) -> int | None:
    """The number in a file such as `   3.0000000e+00`."""
    try:
        lines = list(open_annotation(seen.root / path, seen.root).lines())
    except DamagedError as error:
        seen.note("bad_row", path, f"not read: {error.message}")
        return None
    try:
        ((_, text),) = lines
        value = float(text)
    except ValueError:
        seen.note("bad_row", path, "not read; it should hold one number such as 3.0000000e+00")
        return None
    if value not in LABELS:
        known = ", ".join(f"{code} {name}" for code, name in LABELS.items())
        seen.note("unknown_label", path, f"{text!r}; known: {known}")
        return None
    return int(value)


def _check_frames(folder: str, frames: Mapping[int, str], peak: int, seen: Sequences) -> None:
    last = max(frames)
    gaps = sorted(set(range(1, max(last, peak) + 1)) - frames.keys())
    if gaps:
        missing = few(f"{gap:08d}" for gap in gaps)
        what = "the labelled one too; " if peak in gaps else ""
        seen.note("frame_gap", folder, f"frames {missing} are missing, {what}the others are used")
    elif last > peak:
        action = f"the label is of frame {peak:08d}, the last is {last:08d}; all are used"
        seen.note("frame_count", folder, action)


def _items(key: SessionKey, frames: Mapping[int, str], code: int) -> list[Item]:
    files = tuple(frames[number] for number in sorted(frames))
    name = f"ck_{key[0].casefold()}_{key[1]}"
    whole = Item(
        id=name,
        label=LABELS[code],
        subject=key[0],
        spectrum="vis",
        files=files,
        part="sequence",
        frames=len(files),
    )
    first = Item(
        id=f"{name}_neutral",
        label="neutral",
        subject=key[0],
        spectrum="vis",
        files=files[:1],
        part="neutral",
    )
    return [whole, first]


def count(sessions: Mapping[SessionKey, object], labelled: int, seen: Sequences) -> None:
    """Compare with the published counts and note how many sequences have no label."""
    assert seen.frames_base is not None
    where = seen.frames_base or "."
    known = published("ckplus")
    if bare := len(sessions) - labelled:
        action = f"{bare} of {len(sessions)} sequences have no label and are left out"
        seen.note("left_out", where, action)
    subjects = {subject for subject, _ in sessions}
    whole = [item for item in seen.items if item.part == "sequence"]
    rows = [(item.id.removeprefix("ck_").upper(), item.label or "") for item in whole]
    labels = [label for _, label in rows]
    seen.problems += compare_count(where, "sequences", len(sessions), known["sequences"])
    seen.problems += compare_count(where, "subjects", len(subjects), known["subjects"])
    seen.problems += compare_labels(
        where, "labelled sequences", labels, known["per_class"]
    ) or compare_list(where, rows, {"n": known["labelled"], "digest": DIGEST})
