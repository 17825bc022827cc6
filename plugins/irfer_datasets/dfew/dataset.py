"""Dataset `dfew`: Dynamic Facial Expression in the Wild.

Jiang, Zong, Zheng, Tang, Xia, Lu, Liu, "DFEW: A large-scale database for recognizing dynamic facial
expressions in the wild", ACM Multimedia 2020. An item is a video with a single label (more than
six of ten annotators agree); its audio is in another file than its frames. There are no subjects.

The distributor's README: `Clip/clip_224x224/00001/00001_00001.jpg`, `Clip/original/1.mp4`,
`EmoLabel_DataSplit/test(single-labeled)/set_1.csv`. Its archives unpack into folders between
(`clip_224x224/clip_224x224_part_1/00001`, `original/part_1/1.mp4`). MAE-DFER makes `jpg_256`,
MMA-DFER `raw` and `raw_wav`, HiCMAE `audio_16k`; S2D renames the lists, the authors' code release
has `data` and `label`; DFER-CLIP and MMA-DFER bring lists of their own (`DFEW_set_1_train.txt`).
S2D's lists count labels from 0, and ids that went through pandas are `1` or `1.0`. Frame numbers
have gaps in the README itself (`16372_00039` of a clip of 22 frames).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from irfer_bench.api import (
    CLASSES,
    CLIP_PATH,
    FRAME_PATH,
    SOUND_PATH,
    VIDEO_PATH,
    Annotation,
    Assigned,
    ClipFrames,
    FoldList,
    FoldPaths,
    Match,
    Matches,
    Notes,
    Patterns,
    VideoClips,
    VideoSurvey,
    choose_fold_lists,
    frame_number,
    merge_fold_lists,
    name_labels,
    numbered_list_rows,
    read_fold_lists,
)
from irfer_datasets.expected import published
from irfer_datasets.params import DfewParams

NATIVE = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
"""The official order: labels 1 to 7."""
_OFFICIAL = re.compile(r"(?:.*/)?(?:train|test)[^/]*/set_[1-5]\.csv", re.IGNORECASE)
_AMBIGUOUS = (
    "labels {low} to {high} in all folds fit the official numbering (1 to 7) and the "
    "re-export's (0 to 6): none is used; say -p dfew.numbering=one or zero"
)


def read_lists(paths: FoldPaths, style: str, numbering: str, seen: Notes) -> list[FoldList]:
    """Lists with canonical labels; the numbering is derived from all folds together.

    Problems: `bad_row` (a list or a row that cannot be read), `unknown_label` (outside the range,
    or an ambiguous numbering), `numbering` (derived from the lists' names), `encoding`.
    """
    lists = read_fold_lists(paths, numbered_list_rows if style == "numbered" else _cells, seen)
    first = _first_label(lists, numbering, seen)
    if first is None:
        return []

    def label(text: str) -> str | None:
        number = _integer(text)
        known = number is not None and 0 <= number - first < len(NATIVE)
        return NATIVE[number - first] if number is not None and known else None

    return name_labels(lists, label, lambda _: f"known are {first} to {first + 6}", seen)


def _cells(table: Annotation) -> Iterator[tuple[int, tuple[str, str]]]:
    for line, row in table.records(("video_name", "label")):
        yield line, (row["video_name"], row.get("label", ""))


def _first_label(lists: Sequence[FoldList], numbering: str, seen: Notes) -> int | None:
    """The number of the first class, 1 or 0; None where it is ambiguous.

    Where all labels fit both, as in a small copy, lists under the official names count from 1: the
    re-export that counts from 0 (S2D's) has names of its own.
    """
    if numbering != "auto":
        return int(numbering == "one")
    used = {n for entry in lists for row in entry.rows if (n := _integer(row.label)) is not None}
    if not used or 7 in used:
        return 1
    if 0 in used:
        return 0
    if all(_OFFICIAL.fullmatch(entry.name) for entry in lists):
        action = f"labels {min(used)} to {max(used)} under the official names: 1 is happiness"
        seen.note("numbering", lists[0].name, action)
        return 1
    action = _AMBIGUOUS.format(low=min(used), high=max(used))
    seen.note("unknown_label", lists[0].name, action)
    return None


def _integer(text: str) -> int | None:
    match = re.fullmatch(r"(\d{1,3})(?:\.0*)?", text)  # pandas writes 1.0
    return int(match[1]) if match else None


SOURCES = ("clip_224x224", "clip_224x224_16f", "clip_224x224_avi", "jpg_256", "original", "data")
"""Forms of the frames, in the order of preference; `original` is also called `raw`."""
VIDEO_SOURCES = frozenset({"clip_224x224_avi", "original"})
SOUNDS = ("original", "raw_wav")
STYLES = ("official", "prefixed", "release", "numbered")
"""Spellings of the fold lists, in the order of preference."""
_SIDES = ("train(single-labeled)", "test(single-labeled)")
_SIDE, _FOLD = "(?P<side>train|test)", "(?P<fold>[1-5])"
TABLE = Patterns(
    {
        "clip_224x224": f"clip_224x224//{CLIP_PATH}/{FRAME_PATH}",
        "clip_224x224_16f": f"clip_224x224_16f//{CLIP_PATH}/{FRAME_PATH}",
        "clip_224x224_avi": f"clip_224x224_avi//{VIDEO_PATH}",
        "jpg_256": f"jpg_256//{CLIP_PATH}/{FRAME_PATH}",
        "original": f"(?:original|raw)//{VIDEO_PATH}",
        "data": f"data/{CLIP_PATH}/{FRAME_PATH}",
        "raw_wav": f"(?:raw_wav|audio_16k)//{SOUND_PATH}",
        "official": rf"{_SIDE}[^/]*/set_{_FOLD}\.csv",
        "prefixed": rf"{_SIDE}_set_{_FOLD}\.csv",
        "release": rf"single_{_SIDE}_?set_{_FOLD}\.csv",
        "numbered": rf"DFEW_set_{_FOLD}_{_SIDE}(?:_faces)?\.txt",
        "films": r"films\.csv",
    },
    names=("Clip", "EmoLabel_DataSplit", *_SIDES, *SOURCES, "raw", "raw_wav"),
    holders=("Clip", "Annotation", "EmoLabel_DataSplit", "label", *_SIDES),
)


class Dfew(VideoClips):
    """11,697 videos with one of seven expressions, visible light, five official folds."""

    name = prefix = "dfew"
    classes = CLASSES[:7]
    native = NATIVE
    licence = (
        "application form of Southeast University (AIPL), dfew-dataset.github.io; academic use, no "
        "redistribution, no publication of images"
    )
    table = TABLE
    sources: ClassVar[Mapping[str, tuple[str, ...]]] = {name: (name,) for name in SOURCES}
    videos = VIDEO_SOURCES
    sounds = SOUNDS
    audio_hint = "Clip/original"
    wanted = "no Clip with DFEW's frames and no fold lists of EmoLabel_DataSplit below it"
    list_roles = STYLES
    vague = frozenset({"data"})
    holders: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "clips": ("Clip", "data", "raw"),
        "lists": ("EmoLabel_DataSplit", "label", "annotation"),
    }
    params: DfewParams
    params_class = DfewParams

    def match(self, frames: str, found: Matches) -> Match:
        """Confident: no other set has these folders or lists."""
        sets = sum(bool(found.of(style)) for style in STYLES)
        return Match(0.95, f"{frames} and {sets} set(s) of fold lists")

    def labels(self, found: Matches, seen: VideoSurvey) -> dict[str, Assigned]:
        """Label and fold by the lists; lists of DFER-CLIP's form count labels from 0."""
        style, paths = choose_fold_lists(found, STYLES, seen)
        numbering = "zero" if style == "numbered" else self.params.numbering
        lists = read_lists(paths, style, numbering, seen)
        usual = "EmoLabel_DataSplit/{side}(single-labeled)/set_{fold}.csv"
        return merge_fold_lists(lists, paths, usual, published("dfew")["folds"], seen)

    def check_frames(self, frames: ClipFrames, seen: VideoSurvey) -> None:
        """`frame_count` and `frame_numbering`, for information: every frame there is is used."""
        place, counts = frames.place, {clip: own.frames for clip, own in frames.clips.items()}
        if frames.source != "clip_224x224":
            return
        for clip, files in frames.clips.items():
            last = frame_number(files.files[-1])
            if last != files.frames:
                action = f"numbers go up to {last}, {files.frames} frames are there; all are used"
                seen.note("frame_numbering", f"{place}/{clip}", action, group=place)
        known, total = published("dfew"), sum(counts.values())
        if len(counts) == known["single_labelled_with_face"] and total != known["frames"]["total"]:
            action = f"{total} frames in all where {known['frames']['total']} are published"
            seen.note("frame_count", place, f"{action}; all are used")
