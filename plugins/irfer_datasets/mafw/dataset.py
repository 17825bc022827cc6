"""Datasets `mafw` and `mafw_compound`: Multi-modal Affective database in the Wild (datasets.md §7).

Liu, Dai, Feng, Wang, Yu, Zhou, "MAFW: A large-scale, multi-modal, compound affective database for
dynamic facial expression recognition in the wild", ACM Multimedia 2022. An item is a film clip with
its sound, a whole scene. The single-label and the compound set are other partitions of the same
clips, so each is a dataset of its own and neither reads the other's lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from irfer_bench.api import CLASSES, MissingError, Recognition
from irfer_datasets.clip_files import Take, note_folders
from irfer_datasets.clips import FilmClips
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
from irfer_datasets.mafw.labels import COMPOUND, NATIVE
from irfer_datasets.mafw.layout import (
    NAMES,
    Tree,
    clips_of,
    find_trees,
    sounds_of,
    stray,
    takes_of,
)
from irfer_datasets.mafw.lists import Found, Labelling, compare_captions, find_lists, read_lists
from irfer_datasets.mafw.params import MafwParams
from irfer_datasets.stills import Survey
from irfer_datasets.tree import relative

LICENCE = (
    "EULA of China University of Geosciences (Wuhan), signed by a permanent academic, "
    "mafw-database.github.io; non-commercial, no redistribution, no upload, no modification"
)


class Mafw(FilmClips):
    """9,172 film clips with one of eleven emotions, visible light, five official folds."""

    name = "mafw"
    prefix = "mafw"
    classes: tuple[str, ...] = CLASSES
    native: tuple[str, ...] = NATIVE
    licence = LICENCE
    labelling: ClassVar[Labelling] = "single"

    def __init__(self, params: MafwParams | None = None) -> None:
        super().__init__()
        self.params: MafwParams = params or MafwParams()

    def recognise(self, root: Path) -> Recognition:
        """Sure where films and this set's lists lie, or where films lie and no lists at all."""
        trees = find_trees(root)
        if not trees:
            what = "no data/clips or data/frames of MAFW and no Train & Test Set four levels down"
            return Recognition(0.0, "; ".join((what, *stray(root))))
        tree = trees[0]
        found, where = find_lists(tree, self.labelling), relative(tree.base, root)
        frames = ", ".join(tree.sources) or "no frames"
        if found.lists:
            reason = f"{frames} and lists {', '.join(found.lists)} of {self.labelling} labels"
            return Recognition(0.95, f"{reason} under {where}")
        other: Labelling = "compound" if self.labelling == "single" else "single"
        if self.labelling == "compound" or find_lists(tree, other).lists:
            return Recognition(
                0.3, f"{where} is MAFW and holds no lists of {self.labelling} labels"
            )
        return Recognition(0.9, f"{frames} and no lists under {where}")

    def walk(self, root: Path) -> Survey:
        """All labelled clips of the wanted frames, and all that is wrong with the tree.

        Raises:
            MissingError: no tree, or not the frames asked for.
        """
        trees = find_trees(root)
        if not trees:
            raise MissingError(f"{root} is not {self.name}: {self.recognise(root).reason}")
        tree, notes = trees[0], Notes()
        note_folders(trees, NAMES, root, notes)
        labels = self._labels(tree, root, notes)
        source = self.choose(tree.sources, self.params.frames, root)
        place = relative(tree.sources[source] if source else tree.base, root)
        takes: Mapping[str, Take] = {}
        if source:
            takes = takes_of(tree, source, sorted(labels) if labels else None, root, notes)
            note_unlabelled(clips_of(tree, source, root), labels, place, notes)
        note_absent(labels, takes, place, notes)
        return Survey(root, self.collect(takes, labels, source, sounds_of(tree, root)), notes.all())

    def _labels(self, tree: Tree, root: Path, notes: Notes) -> dict[str, Assigned]:
        found = find_lists(tree, self.labelling)
        _note_strangers(found, root, notes)
        style, paths = next(iter(found.lists.items()), ("no_caption", {}))
        lists = read_lists(paths, style, self.labelling, root, notes)
        if style == "no_caption" and "with_caption" in found.lists:
            captioned = found.lists["with_caption"]
            # The owner's captions are GB18030: no news where they are only compared with.
            quiet = read_lists(captioned, "with_caption", self.labelling, root, Notes())
            compare_captions(lists, quiet, notes)
        where = relative(tree.lists[0] if tree.lists else tree.base / "Train & Test Set", root)
        usual: Mapping[Side, str] = {
            "test": f"{where}/{self.labelling}/no_caption/set_{{}}/test.txt",
            "train": f"{where}/{self.labelling}/no_caption/set_{{}}/train.txt",
        }
        names = {key: relative(path, root) for key, path in paths.items()}
        notes.problems.extend(missing_lists(names, usual))
        labels = assign(lists, notes)
        known = published("mafw")[self.labelling]
        for entry in lists:
            counts = known[str(entry.fold)][entry.side]
            notes.problems.extend(compare_list(entry.name, entry.labelled(), counts))
        return labels


class MafwCompound(Mafw):
    """8,996 of MAFW's clips with one of 43 single or compound emotions, in folds of their own."""

    name = "mafw_compound"
    classes = COMPOUND
    native = ()
    """The owner publishes no order of the combinations."""
    labelling = "compound"


def _note_strangers(found: Found, root: Path, notes: Notes) -> None:
    """`unexpected_file` for lists of integers whose order nobody tells, and second copies."""
    for path in found.unknown:
        action = "not read: lists are train.txt and test.txt, and labels in words"
        notes.add("unexpected_file", relative(path, root), action, place="lists")
    if "numbered" in found.lists and next(iter(found.lists)) != "numbered":
        for path in found.lists["numbered"].values():
            action = "not read, the owner's lists are"
            notes.add("unexpected_file", relative(path, root), action, place="lists")
