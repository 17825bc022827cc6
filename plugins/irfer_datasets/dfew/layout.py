"""Layout of DFEW on disk as a table: six forms of frames, audio, lists and the annotation sheet.

The distributor's README: `Clip/clip_224x224/00001/00001_00001.jpg`, `Clip/original/1.mp4`,
`EmoLabel_DataSplit/test(single-labeled)/set_1.csv`. Its archives unpack into folders between
(`clip_224x224/clip_224x224_part_1/00001`, `original/part_1/1.mp4`). MAE-DFER makes `jpg_256`,
MMA-DFER `raw` and `raw_wav`, HiCMAE `audio_16k`; S2D renames the lists, the authors' code release
has `data` and `label`; DFER-CLIP and MMA-DFER bring lists of their own (`DFEW_set_1_train.txt`).
"""

from __future__ import annotations

from irfer_bench.api import CLIP_PATH, FRAME_PATH, SOUND_PATH, VIDEO_PATH, Patterns

SOURCES = ("clip_224x224", "clip_224x224_16f", "clip_224x224_avi", "jpg_256", "original", "data")
"""Forms of the frames, in the order of preference; `original` is also called `raw`."""
VIDEO_SOURCES = frozenset({"clip_224x224_avi", "original"})
SOUNDS = ("original", "raw_wav")
STYLES = ("official", "prefixed", "release", "numbered")
"""Spellings of the fold lists, in the order of preference."""
LIST_FOLDERS = ("EmoLabel_DataSplit", "label", "annotation")
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
        "sheet": r"annotation//.*\.xlsx",
    },
    names=("Clip", "EmoLabel_DataSplit", *_SIDES, *SOURCES, "raw", "raw_wav"),
    holders=("Clip", "Annotation", "EmoLabel_DataSplit", "label", *_SIDES),
)
