"""Dataset `dfew`: Dynamic Facial Expression in the Wild.

Jiang, Zong, Zheng, Tang, Xia, Lu, Liu, "DFEW: A large-scale database for recognizing dynamic facial
expressions in the wild", ACM Multimedia 2020. An item is a video with a single label (more than
six of ten annotators agree); its audio is in another file than its frames. There are no subjects.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from irfer_bench.api import CLASSES, Match
from irfer_datasets.clip_files import frame_number, note_folders
from irfer_datasets.clips import Frames, VideoClips, VideoSurvey
from irfer_datasets.dfew.layout import (
    NAMES,
    Tree,
    audio_of,
    find_trees,
    stray,
)
from irfer_datasets.dfew.lists import NATIVE, find_lists, read_lists
from irfer_datasets.dfew.params import DfewParams
from irfer_datasets.dfew.sheet import compare, read_labels
from irfer_datasets.expected import published
from irfer_datasets.fold_lists import Assigned, Side, merge_lists, note_absent
from irfer_datasets.tree import relative

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
    params: DfewParams

    def __init__(self, params: DfewParams | None = None) -> None:
        super().__init__(params or DfewParams())

    def identify(self, root: Path) -> Match:
        """Confident where Clip or EmoLabel_DataSplit (or the code release's label) lies in it."""
        trees = find_trees(root)
        if not trees:
            what = "no Clip with DFEW's frames and no EmoLabel_DataSplit four levels down"
            return Match(0.0, "; ".join((what, *stray(root))))
        tree = trees[0]
        lists, where = find_lists(tree.lists, tree.base), relative(tree.base, root)
        frames = ", ".join(tree.sources) or "no frames"
        if not lists and not tree.sources:
            return Match(0.3, f"{where}/EmoLabel_DataSplit holds no fold lists")
        return Match(0.95, f"{frames} and {len(lists)} set(s) of fold lists under {where}")

    def walk(self, root: Path) -> VideoSurvey:
        """All labelled clips of the wanted frames, and problems of the tree.

        Raises:
            MissingError: no tree, or not the frames asked for.
        """
        trees = find_trees(root)
        if not trees:
            raise self.unlike(root)
        tree, seen = trees[0], VideoSurvey(root)
        note_folders(trees, NAMES, seen)
        labels = self._labels(tree, seen)
        frames = self.select_frames(tree, self.params.frames, labels, seen)
        _check_frames(frames, seen)
        note_absent(labels, frames.clips, frames.place, seen)
        seen.items = self.collect(frames, labels, audio_of(tree, seen))
        return seen

    def _labels(self, tree: Tree, seen: VideoSurvey) -> dict[str, Assigned]:
        found = find_lists(tree.lists, tree.base)
        chosen = next(iter(found.values()), {})
        for others in list(found.values())[1:]:
            for path in others.values():
                action = f"not read, {next(iter(chosen.values())).name} and its like are"
                seen.note("unexpected_file", path, action, group="lists")
        lists = read_lists(chosen, self.params.numbering, seen)
        where = f"{relative(tree.base, seen.root)}/EmoLabel_DataSplit".removeprefix("./")
        usual: Mapping[Side, str] = {
            "test": f"{where}/test(single-labeled)/set_{{}}.csv",
            "train": f"{where}/train(single-labeled)/set_{{}}.csv",
        }
        labels = merge_lists(lists, chosen, usual, published("dfew")["folds"], seen)
        if tree.sheet is not None:
            sheet = read_labels(tree.sheet, seen)
            compare(relative(tree.sheet, seen.root), sheet, labels, seen)
            if not lists:
                labels = {c: Assigned(label, "") for c, label in sheet.items() if label is not None}
        return labels


def _check_frames(frames: Frames, seen: VideoSurvey) -> None:
    """`frame_count` and `frame_numbering`, for information: every frame there is is used."""
    place, counts = frames.place, {clip: files.frames for clip, files in frames.clips.items()}
    if frames.source == "clip_224x224_16f":
        for clip in (clip for clip, count in counts.items() if count != INTERPOLATED):
            action = f"{counts[clip]} frames instead of the official {INTERPOLATED}; all are used"
            seen.note("frame_count", f"{place}/{clip}", action, group=place)
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
