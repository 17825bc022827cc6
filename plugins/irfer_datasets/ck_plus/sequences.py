"""Labelled sequences of CK+: frames matched with labels.

`cohn-kanade-images/S005/001/S005_001_00000011.png`, `Emotion/…/S005_001_00000011_emotion.txt`
holding `   3.0000000e+00`, `Landmarks/…/S005_001_00000011_landmarks.txt`, `FACS/…` (not read).
Public loaders have the trees nested (`Emotion_labels/Emotion`, `extended-cohn-kanade-images/
cohn-kanade-images`) or renamed (Emotion-FAN: `ck_face`), so a tree is recognised by its files.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

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
    visible_still,
)
from irfer_datasets.expected import published

_NATIVE = "neutral anger contempt disgust fear happiness sadness surprise"
LABELS = dict(enumerate(_NATIVE.split()))
"""The official codes; 0 is given to first frames and is in no file."""
ROLES = ("frames", "emotion", "landmarks")
SessionKey = tuple[str, str]
"""Subject and session, `S005` and `001`."""
Files = Mapping[SessionKey, dict[int, str]]
"""The files of one role by session and number of the frame."""
_FOLDER = r"S\d{3}/\d{3}"
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


DIGEST = "690cf30e4926a1f0"
"""Of the 327 lines `S005_001,disgust` that a public list of ten folds (Emotion-FAN) has."""


@dataclass
class Sequences(Survey):
    """Items and problems of a root; `landmarks` by the name of their frame."""

    landmarks: dict[str, str] = field(default_factory=dict)


def survey(found: Matches, seen: Sequences) -> None:
    """All labelled sequences, each as a sequence and as its neutral first frame."""
    sessions, emotion, landmarks = (_read(found, role, seen) for role in ROLES)
    if not sessions:
        return
    base = found.of("frames")[0].base
    if not emotion:
        seen.note("missing_list", "Emotion", "no sequence has a label without it; none is used")
        return
    for key in sorted(emotion):
        peak = max(emotion[key])
        code = _code(emotion[key][peak], seen)
        place = "/".join(filter(None, (base, *key)))
        if code is not None and key not in sessions:
            action = f"labelled by {emotion[key][peak]} and not there; {OTHERS_USED}"
            seen.note("missing_item", place, action)
        elif code is not None:
            frames, points = sessions[key], landmarks.get(key, {})
            if gaps := sorted(set(range(1, max(*frames, peak) + 1)) - frames.keys()):
                missing = few(f"{gap:08d}" for gap in gaps)
                seen.note("frame_gap", place, f"frames {missing} are missing; the others are used")
            seen.items.extend(_items(key, frames, code))
            seen.landmarks |= {frames[n]: points[n] for n in frames.keys() & points.keys()}
    count(base or ".", sessions, seen)


def _read(found: Matches, role: str, seen: Sequences) -> Files:
    files: dict[SessionKey, dict[int, str]] = {}
    for hit in found.of(role):
        for path, facts in hit.files():
            own = files.setdefault((facts["subject"].upper(), facts["session"]), {})
            seen.first(own, int(facts["number"]), path, base=hit.base, kind="duplicate_frame")
    return files


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
    part = "neutral"
    return [whole, visible_still(f"{name}_{part}", part, files[0], subject=key[0], part=part)]


def count(where: str, sessions: Collection[SessionKey], seen: Sequences) -> None:
    """Compare with the published counts and note how many sequences have no label."""
    known, subjects = published("ckplus"), {subject for subject, _ in sessions}
    whole = [item for item in seen.items if item.part == "sequence"]
    if bare := len(sessions) - len(whole):
        action = f"{bare} of {len(sessions)} sequences have no label and are left out"
        seen.note("left_out", where, action)
    rows = [(item.id.removeprefix("ck_").upper(), item.label or "") for item in whole]
    labels = [label for _, label in rows]
    seen.problems += compare_count(where, "sequences", len(sessions), known["sequences"])
    seen.problems += compare_count(where, "subjects", len(subjects), known["subjects"])
    seen.problems += compare_labels(
        where, "labelled sequences", labels, known["per_class"]
    ) or compare_list(where, rows, {"n": known["labelled"], "digest": DIGEST})
