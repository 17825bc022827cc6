"""Dataset `dfew`: Dynamic Facial Expression in the Wild.

Jiang, Zong, Zheng, Tang, Xia, Lu, Liu, "DFEW: A large-scale database for recognizing dynamic facial
expressions in the wild", ACM Multimedia 2020. An item is a video with a single label (more than
six of ten annotators agree); its audio is in another file than its frames. There are no subjects.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from irfer_bench.api import (
    CLASSES,
    Assigned,
    ClipFrames,
    ListSide,
    Match,
    Matches,
    VideoClips,
    VideoSurvey,
    find_fold_lists,
    frame_number,
    merge_fold_lists,
)
from irfer_datasets.dfew.layout import LIST_FOLDERS, SOUNDS, SOURCES, STYLES, TABLE, VIDEO_SOURCES
from irfer_datasets.dfew.lists import NATIVE, read_lists
from irfer_datasets.dfew.sheet import compare, read_labels
from irfer_datasets.expected import published
from irfer_datasets.params import DfewParams

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
    params: DfewParams
    params_class = DfewParams

    def identify(self, root: Path) -> Match:
        """Confident where frames of the official forms or fold lists lie under the root."""
        found = self.find(root)
        forms, lists = self.forms(found), find_fold_lists(found, STYLES)
        if forms == ["data"] and not lists:
            forms = []
        if not forms and not lists:
            what = "no Clip with DFEW's frames and no fold lists of EmoLabel_DataSplit below it"
            return Match(0.0, "; ".join((what, *self.hints(root))))
        if not lists and self.alone(found, found.of(*SOURCES), ("Clip", "data", "raw")):
            return Match(0.0, "it holds the clips alone: give the folder above it")
        if not forms and self.alone(found, found.of(*STYLES), LIST_FOLDERS):
            return Match(0.0, "it holds the fold lists alone: give the folder above it")
        frames = ", ".join(forms) or "no frames"
        return Match(0.95, f"{frames} and {len(lists)} set(s) of fold lists")

    def labels(self, found: Matches, seen: VideoSurvey) -> dict[str, Assigned]:
        """Label and fold by the lists; without any, labels of the annotation sheet."""
        lists = find_fold_lists(found, STYLES, seen)
        style, chosen = next(iter(lists.items()), ("official", {}))
        for others in list(lists.values())[1:]:
            for path in others.values():
                action = f"not read, {next(iter(chosen.values())).name} and its like are"
                seen.note("unexpected_file", path, action, group="lists")
        numbering = "zero" if style == "numbered" else self.params.numbering
        read = read_lists(chosen, style, numbering, seen)
        where = "EmoLabel_DataSplit"
        usual: Mapping[ListSide, str] = {
            "test": f"{where}/test(single-labeled)/set_{{}}.csv",
            "train": f"{where}/train(single-labeled)/set_{{}}.csv",
        }
        labels = merge_fold_lists(read, chosen, usual, published("dfew")["folds"], seen)
        for sheet, _ in found.files("sheet"):
            clips = read_labels(seen.root / sheet, seen)
            compare(sheet, clips, labels, seen)
            if not read:
                labels = {c: Assigned(label, "") for c, label in clips.items() if label is not None}
        return labels

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
