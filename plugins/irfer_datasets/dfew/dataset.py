"""Dataset `dfew`: Dynamic Facial Expression in the Wild (datasets.md §6).

Jiang, Zong, Zheng, Tang, Xia, Lu, Liu, "DFEW: A large-scale database for recognizing dynamic facial
expressions in the wild", ACM Multimedia 2020. An item is a film clip with a single label (more than
six of ten annotators agree); its sound is in another file than its frames. There are no subjects.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from irfer_bench.api import CLASSES, MissingError, Recognition
from irfer_datasets.clip_files import Take, frame_number, note_folders
from irfer_datasets.clips import FilmClips
from irfer_datasets.dfew.layout import (
    NAMES,
    Tree,
    clips_of,
    find_trees,
    sounds_of,
    stray,
    takes_of,
)
from irfer_datasets.dfew.lists import NATIVE, find_lists, read_lists
from irfer_datasets.dfew.params import DfewParams
from irfer_datasets.dfew.sheet import compare, read_labels
from irfer_datasets.expected import compare_list, published
from irfer_datasets.fold_lists import (
    Assigned,
    Notes,
    Side,
    assign,
    missing_lists,
    note_absent,
    note_unlabelled,
)
from irfer_datasets.stills import Survey
from irfer_datasets.tree import relative

LICENCE = (
    "application form of Southeast University (AIPL), dfew-dataset.github.io; academic use, no "
    "redistribution, no publication of pictures"
)
INTERPOLATED = 16
"""Frames of every clip in clip_224x224_16f."""


class Dfew(FilmClips):
    """11,697 film clips with one of seven expressions, visible light, five official folds."""

    name = prefix = "dfew"
    classes = CLASSES[:7]
    native = NATIVE
    licence = LICENCE

    def __init__(self, params: DfewParams | None = None) -> None:
        super().__init__()
        self.params: DfewParams = params or DfewParams()

    def recognise(self, root: Path) -> Recognition:
        """Sure where Clip or EmoLabel_DataSplit (or the code release's label) lies in it."""
        trees = find_trees(root)
        if not trees:
            what = "no Clip with DFEW's frames and no EmoLabel_DataSplit four levels down"
            return Recognition(0.0, "; ".join((what, *stray(root))))
        tree = trees[0]
        lists, where = find_lists(tree.lists, tree.base), relative(tree.base, root)
        frames = ", ".join(tree.sources) or "no frames"
        if not lists and not tree.sources:
            return Recognition(0.3, f"{where}/EmoLabel_DataSplit holds no fold lists")
        return Recognition(0.95, f"{frames} and {len(lists)} set(s) of fold lists under {where}")

    def walk(self, root: Path) -> Survey:
        """All labelled clips of the wanted frames, and all that is wrong with the tree.

        Raises:
            MissingError: no tree, or not the frames asked for.
        """
        trees = find_trees(root)
        if not trees:
            raise MissingError(f"{root} is not dfew: {self.recognise(root).reason}")
        tree, notes = trees[0], Notes()
        note_folders(trees, NAMES, root, notes)
        labels = self._labels(tree, root, notes)
        source = self.choose(tree.sources, self.params.frames, root)
        place = relative(tree.sources[source] if source else tree.base, root)
        takes: Mapping[str, Take] = {}
        if source:
            takes = takes_of(tree, source, sorted(labels) if labels else None, root, notes)
            note_unlabelled(clips_of(tree, source, root), labels, place, notes)
            _check_frames(source, takes, place, notes)
        note_absent(labels, takes, place, notes)
        items = self.collect(takes, labels, source, sounds_of(tree, root, notes))
        return Survey(root, items, notes.all())

    def _labels(self, tree: Tree, root: Path, notes: Notes) -> dict[str, Assigned]:
        found = find_lists(tree.lists, tree.base)
        chosen = next(iter(found.values()), {})
        for others in list(found.values())[1:]:
            for path in others.values():
                action = f"not read, {next(iter(chosen.values())).name} and its like are"
                notes.add("unexpected_file", relative(path, root), action, place="lists")
        lists = read_lists(chosen, root, self.params.numbering, notes)
        names = {key: relative(path, root) for key, path in chosen.items()}
        where = f"{relative(tree.base, root)}/EmoLabel_DataSplit".removeprefix("./")
        usual: Mapping[Side, str] = {
            "test": f"{where}/test(single-labeled)/set_{{}}.csv",
            "train": f"{where}/train(single-labeled)/set_{{}}.csv",
        }
        notes.problems.extend(missing_lists(names, usual))
        labels = assign(lists, notes)
        known = published("dfew")["folds"]
        for entry in lists:
            counts = known[str(entry.fold)][entry.side]
            notes.problems.extend(compare_list(entry.name, entry.labelled(), counts))
        if tree.sheet is not None:
            sheet = read_labels(tree.sheet, root, notes)
            compare(relative(tree.sheet, root), sheet, labels, notes)
            if not lists:
                labels = {c: Assigned(label, "") for c, label in sheet.items() if label is not None}
        return labels


def _check_frames(source: str, takes: Mapping[str, Take], place: str, notes: Notes) -> None:
    """`frame_count` and `frame_numbering`, for information: every frame there is is used."""
    counts = {clip: take.frames for clip, take in takes.items()}
    if source == "clip_224x224_16f":
        for clip in (clip for clip, count in counts.items() if count != INTERPOLATED):
            action = f"{counts[clip]} frames where the owner made {INTERPOLATED}; all are used"
            notes.add("frame_count", f"{place}/{clip}", action, place=place)
    if source != "clip_224x224":
        return
    for clip, take in takes.items():
        last = frame_number(take.files[-1])
        if last != take.frames:
            action = f"numbers go up to {last}, {take.frames} frames are there; all are used"
            notes.add("frame_numbering", f"{place}/{clip}", action, place=place)
    known, total = published("dfew"), sum(counts.values())
    if len(takes) == known["single_labelled_with_face"] and total != known["frames"]["total"]:
        action = f"{total} frames in all where {known['frames']['total']} are published"
        notes.add("frame_count", place, f"{action}; all are used")
