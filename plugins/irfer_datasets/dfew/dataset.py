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

from collections.abc import Mapping
from typing import ClassVar

from irfer_bench.api import (
    CLASSES,
    CLIP_PATH,
    FRAME_PATH,
    SOUND_PATH,
    VIDEO_PATH,
    Assigned,
    ClipFrames,
    Match,
    Matches,
    Patterns,
    VideoClips,
    VideoSurvey,
    choose_fold_lists,
    frame_number,
    merge_fold_lists,
)
from irfer_datasets.dfew.lists import NATIVE, read_lists
from irfer_datasets.expected import published
from irfer_datasets.params import DfewParams

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
    },
    names=("Clip", "EmoLabel_DataSplit", *_SIDES, *SOURCES, "raw", "raw_wav"),
    holders=("Clip", "Annotation", "EmoLabel_DataSplit", "label", *_SIDES),
)


INTERPOLATED = 16
"""Frames of every clip in clip_224x224_16f."""


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
        if frames.source == "clip_224x224_16f":
            for clip in (clip for clip, count in counts.items() if count != INTERPOLATED):
                action = f"{counts[clip]} frames instead of the official {INTERPOLATED}"
                seen.note("frame_count", f"{place}/{clip}", f"{action}; all are used", group=place)
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
