"""Meaning of the names of NVIE's folders, in any order and depth.

A level is a camera, a light direction, a phase, an expression, glasses, or the subject's number;
the remaining names distinguish clips.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from irfer_bench.api import canonical, nearest
from irfer_datasets.nvie.rows import ILLUMINATIONS, Row, RowSurvey, subject_name

CAMERAS: Mapping[str, str] = {
    "visible": "visible",
    "vis": "visible",
    "infrared": "infrared",
    "infra-red": "infrared",
    "ir": "infrared",
    "thermal": "infrared",
}
_NUMBERED = re.compile(r"[a-z _-]{0,10}?0*(\d{1,4})(?!\d)[a-z _-]*")
_WITHOUT = re.compile(r"^(no|un|without)|(?<![a-z])(no|not|without)(?![a-z])")


def camera_of(level: str) -> str:
    """`visible`, `infrared` or an empty string."""
    return CAMERAS.get(level.casefold(), "")


def phase_of(level: str) -> str:
    """`apex`, `onset` or an empty string."""
    return level.casefold() if level.casefold() in ("apex", "onset") else ""


def describe(row: Row, levels: Sequence[str], seen: RowSurvey) -> Row:
    """A row with the facts of all levels from the part's folder down.

    Problems: `misnamed_folder` where a posed level should be an expression, `ambiguous_subject`.
    """
    camera = next((k for k in reversed(range(len(levels))) if camera_of(levels[k])), None)
    above, below = (levels, ()) if camera is None else (levels[:camera], levels[camera + 1 :])
    subject = _subject(above, row, seen)
    light = phase = expression = ""
    rest: list[str] = []
    for k, level in enumerate(levels):
        folded = level.casefold()
        if k in (camera, subject):
            rest += [_glasses(level)] if "glass" in folded else []
        elif folded in ILLUMINATIONS:
            light = folded
        elif phase_of(level):
            phase = folded
        elif not expression and canonical(level):
            expression = str(canonical(level))
        elif row.part == "posed" or k > (camera or 0):
            # The levels above the camera of a spontaneous clip do not distinguish clips.
            rest.append(_glasses(level))
    if row.part == "posed" and not expression and below:
        action = f"not used: {below[0]} is no expression; {nearest(below[0])}"
        seen.note("misnamed_folder", row.path, action)
    return replace(
        row,
        subject="" if subject is None else _number(levels[subject]),
        modality="" if camera is None else camera_of(levels[camera]),
        light=light,
        clip="-".join(rest),
        expression=expression,
        phase=phase or ("" if row.part == "posed" else "sequence"),
    )


def _subject(above: Sequence[str], row: Row, seen: RowSurvey) -> int | None:
    """Index of the subject's level above the camera: the nearest number, else one with a number."""
    numbers = [k for k, level in enumerate(above) if level.isdigit()]
    if not numbers:
        numbers = [k for k, level in enumerate(above) if _NUMBERED.fullmatch(level.casefold())]
    if len(numbers) > 1:
        others = ", ".join(above[k] for k in numbers[:-1])
        action = f"subject {above[numbers[-1]]} is the nearest number, but {others} is one too"
        hint = "irfer-bench data scan nvie, correct the subjects"
        seen.note("ambiguous_subject", row.path, f"{action}; {hint}")
    return numbers[-1] if numbers else None


def _number(level: str) -> str:
    match = _NUMBERED.fullmatch(level.casefold())
    return subject_name(match[1] if match else level)


def _glasses(level: str) -> str:
    folded = level.casefold()
    if "glass" not in folded:
        return folded
    return "noglass" if _WITHOUT.search(folded) else "glass"


def clip_of(stem: str, clips: Sequence[str]) -> str:
    """The clip of an image in onset or apex: the sibling folder whose name is its prefix.

    A single sibling is taken without comparing names.
    """
    folded = stem.casefold()
    for clip in sorted(clips, key=len, reverse=True):
        rest = folded.removeprefix(clip.casefold())
        if folded.startswith(clip.casefold()) and not rest[:1].isalnum():
            return clip.casefold()
    if folded.isdigit() and len(folded) == 1:
        return folded
    return clips[0].casefold() if len({clip.casefold() for clip in clips}) == 1 else ""
