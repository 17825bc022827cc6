"""Datasets `mafw` and `mafw_compound`: Multi-modal Affective database in the Wild.

Liu, Dai, Feng, Wang, Yin, Zeng, Shan, "MAFW: A large-scale, multi-modal, compound affective
database for dynamic facial expression recognition in the wild", ACM Multimedia 2022. An item is a
video with audio, a whole scene. The single-label and the compound set partition the same clips
differently, so each is a dataset of its own and neither reads the other's lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from irfer_bench.api import CLASSES, Match
from irfer_datasets.clip_files import note_folders
from irfer_datasets.clips import VideoClips, VideoSurvey
from irfer_datasets.expected import published
from irfer_datasets.fold_lists import Assigned, Side, merge_lists, note_absent
from irfer_datasets.mafw.labels import COMPOUND, NATIVE
from irfer_datasets.mafw.layout import (
    NAMES,
    Tree,
    audio_of,
    find_trees,
    stray,
)
from irfer_datasets.mafw.lists import Found, Labelling, compare_captions, find_lists, read_lists
from irfer_datasets.mafw.params import MafwParams
from irfer_datasets.problems import Notes
from irfer_datasets.tree import relative


class Mafw(VideoClips):
    """9,172 videos with one of eleven emotions, visible light, five official folds."""

    name = "mafw"
    prefix = "mafw"
    classes: tuple[str, ...] = CLASSES
    native: tuple[str, ...] = NATIVE
    licence = (
        "EULA of China University of Geosciences (Wuhan), signed by a permanent academic, "
        "mafw-database.github.io; non-commercial, no redistribution, no upload, no modification"
    )
    labelling: ClassVar[Labelling] = "single"
    params: MafwParams

    def __init__(self, params: MafwParams | None = None) -> None:
        super().__init__(params or MafwParams())

    def identify(self, root: Path) -> Match:
        """Confident where videos lie with this set's lists, or without any lists."""
        trees = find_trees(root)
        if not trees:
            what = "no data/clips or data/frames of MAFW and no Train & Test Set four levels down"
            return Match(0.0, "; ".join((what, *stray(root))))
        tree = trees[0]
        found, where = find_lists(tree, self.labelling), relative(tree.base, root)
        frames = ", ".join(tree.sources) or "no frames"
        if found.lists:
            reason = f"{frames} and lists {', '.join(found.lists)} of {self.labelling} labels"
            return Match(0.95, f"{reason} under {where}")
        other: Labelling = "compound" if self.labelling == "single" else "single"
        if self.labelling == "compound" or find_lists(tree, other).lists:
            return Match(
                0.3, f"{where} is MAFW and holds no lists of {self.labelling} labels"
            )
        return Match(0.9, f"{frames} and no lists under {where}")

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
        note_absent(labels, frames.clips, frames.place, seen)
        seen.items = self.collect(frames, labels, audio_of(tree, root))
        return seen

    def _labels(self, tree: Tree, seen: VideoSurvey) -> dict[str, Assigned]:
        found = find_lists(tree, self.labelling)
        _note_unexpected(found, seen)
        style, paths = next(iter(found.lists.items()), ("no_caption", {}))
        lists = read_lists(paths, style, self.labelling, seen)
        if style == "no_caption" and "with_caption" in found.lists:
            captioned = found.lists["with_caption"]
            # The official captions are GB18030: not reported where they are only compared.
            quiet = read_lists(captioned, "with_caption", self.labelling, Notes(seen.root))
            compare_captions(lists, quiet, seen)
        where = relative(tree.lists[0] if tree.lists else tree.base / "Train & Test Set", seen.root)
        usual: Mapping[Side, str] = {
            "test": f"{where}/{self.labelling}/no_caption/set_{{}}/test.txt",
            "train": f"{where}/{self.labelling}/no_caption/set_{{}}/train.txt",
        }
        return merge_lists(lists, paths, usual, published("mafw")[self.labelling], seen)


class MafwCompound(Mafw):
    """8,996 of MAFW's clips with one of 43 single or compound emotions, in folds of their own."""

    name = "mafw_compound"
    classes = COMPOUND
    native = ()
    """The distributor publishes no order of the combinations."""
    labelling = "compound"


def _note_unexpected(found: Found, seen: VideoSurvey) -> None:
    """`unexpected_file` for lists of integers without a known order, and second copies."""
    for path in found.unknown:
        action = "not read: lists are train.txt and test.txt, and labels in words"
        seen.note("unexpected_file", path, action, group="lists")
    if "numbered" in found.lists and next(iter(found.lists)) != "numbered":
        for path in found.lists["numbered"].values():
            action = "not read, the official lists are"
            seen.note("unexpected_file", path, action, group="lists")
