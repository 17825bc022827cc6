"""Official five-fold lists of clips: their rows, and where they disagree."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from irfer_bench.contracts.values import Item
from irfer_bench.data.trees.annotations import Annotation
from irfer_bench.data.trees.counts import compare_list
from irfer_bench.data.trees.patterns import Matches
from irfer_bench.data.trees.survey import Notes, VideoSurvey, relative
from irfer_bench.data.trees.walk import few

ListSide = Literal["test", "train"]
FOLDS = (1, 2, 3, 4, 5)
_WITHOUT: Mapping[ListSide, str] = {
    "test": "nothing is tested in this fold",
    "train": "trained is on what the other folds test",
}


@dataclass(frozen=True)
class ListedClip:
    """One clip in one list; the label is canonical, or None where there is no single one."""

    clip: str
    label: str | None
    line: int


@dataclass(frozen=True)
class FoldList:
    """One file: the test or training clips of one fold. `name` is relative to the root."""

    fold: int
    side: ListSide
    name: str
    rows: tuple[ListedClip, ...]

    def labelled(self) -> list[tuple[str, str]]:
        """(clip, label) of every clip once, for counts and digests."""
        return list({row.clip: row.label for row in self.rows if row.label is not None}.items())


@dataclass(frozen=True)
class Assigned:
    """A clip's label, and the fold that tests it (`set_1`) or an empty string."""

    label: str
    split: str


FoldPaths = dict[str, dict[tuple[ListSide, int], Path]]


def find_fold_lists(
    found: Matches, styles: Sequence[str], seen: VideoSurvey | None = None
) -> FoldPaths:
    """Fold lists by spelling, the preferred first, of all folders that hold some.

    A list that comes twice is read from the first folder, and in one folder under its shorter
    name: `_faces` lists say the same as those of whole clips.
    """
    lists: FoldPaths = {}
    for style in styles:
        own: dict[tuple[ListSide, int], tuple[Path, str]] = {}
        for hit in found.of(style):
            for path, facts in sorted(hit.files(), key=lambda entry: len(entry[0])):
                side: ListSide = "test" if facts["side"].casefold() == "test" else "train"
                _, base = own.setdefault(
                    (side, int(facts["fold"])), (found.tree.root / path, hit.base)
                )
                if base != hit.base and seen is not None:
                    seen.copies.setdefault(hit.base, base)
        if own:
            lists[style] = {key: path for key, (path, _) in own.items()}
    return lists


def numbered_list_rows(table: Annotation) -> Iterator[tuple[int, tuple[str, str]]]:
    """(line, (clip, label)) of lists `path frames label`, as DFER-CLIP and MMA-DFER bring them.

    The path is of its author's machine: only its last folder or file, the clip, is read.
    """
    for line, row in table.lines():
        path, *rest = row.rsplit(maxsplit=2)
        clip = path.replace("\\", "/").rstrip("/").rpartition("/")[2]
        yield line, (clip, rest[-1] if len(rest) == 2 else "")


def merge_fold_lists(
    lists: Sequence[FoldList],
    paths: Mapping[tuple[ListSide, int], Path],
    usual: Mapping[ListSide, str],
    known: Mapping[str, Any],
    seen: Notes,
) -> dict[str, Assigned]:
    """Label and fold of every clip; missing, contradicting and unpublished rows are noted.

    Args:
        paths: where the lists were found. usual: see `note_missing`. known: counts and digests.
    """
    note_missing(paths, usual, seen)
    labels = assign(lists, seen)
    for entry in lists:
        counts = known[str(entry.fold)][entry.side]
        seen.problems += compare_list(entry.name, entry.labelled(), counts)
    return labels


def assign(lists: Sequence[FoldList], seen: Notes) -> dict[str, Assigned]:
    """Label and test fold of every clip that has one label, by clip.

    Problems: `duplicate_row`, `duplicate_id` (two rows that disagree, or two folds that test one
    clip), `fold_mismatch` (a training list is not what the other folds test).
    """
    labels: dict[str, tuple[str, str]] = {}
    tested: dict[str, str] = {}
    for entry in sorted(lists, key=lambda entry: entry.side != "test"):
        here: set[str] = set()
        for row in entry.rows:
            if row.label is None:
                continue
            where = f"{entry.name} line {row.line}"
            before, first = labels.setdefault(row.clip, (row.label, where))
            if before != row.label:
                what = f"line {row.line}: {row.clip} is {row.label}, {before} in {first}"
                seen.note("duplicate_id", entry.name, f"{what}; correct one of them")
            elif row.clip in here:
                action = f"line {row.line}: {row.clip} comes twice; used once"
                seen.note("duplicate_row", entry.name, action)
            here.add(row.clip)
            split = f"set_{entry.fold}"
            if entry.side == "test" and tested.setdefault(row.clip, split) != split:
                what = f"line {row.line}: {row.clip} is tested in {tested[row.clip]} too"
                seen.note("duplicate_id", entry.name, f"{what}; remove one row")
    _compare_training(lists, tested, seen)
    return {clip: Assigned(label, tested.get(clip, "")) for clip, (label, _) in labels.items()}


def note_missing(
    paths: Mapping[tuple[ListSide, int], Path], usual: Mapping[ListSide, str], seen: Notes
) -> None:
    """`missing_list` for every list of the ten that is not there.

    Args:
        paths: the lists found. usual: names such as `test/set_{}.csv`, for a side of
            which there is none; else the name is derived from the others.
    """
    for side, action in _WITHOUT.items():
        own = {fold: path for (which, fold), path in paths.items() if which == side}
        for fold in FOLDS:
            if fold not in own:
                name = usual[side].format(fold)
                if own:
                    some, like = next(iter(own.items()))
                    name = _replace_last(relative(like, seen.root), str(some), str(fold))
                text = f"no such list; {action}, results are marked incomplete"
                seen.note("missing_list", name, text)


def note_absent(
    labels: Mapping[str, Assigned], clips: Collection[str], place: str, seen: Notes
) -> None:
    """`missing_item` for every clip of the lists that has no frames."""
    for clip in sorted(set(labels) - set(clips)):
        action = "it is in the lists and has no frames; left out, results are marked incomplete"
        seen.note("missing_item", f"{place}/{clip}", action, group=place)


def note_unlabelled(
    clips: Collection[str], labels: Mapping[str, Assigned], place: str, seen: Notes
) -> None:
    """`unlabelled_file`, once, for information, where clips with frames are in no list."""
    rest = sorted(set(clips) - set(labels))
    if rest:
        what = f"{len(rest)} clip(s) without a label in any list ({few(rest)})"
        action = f"{what}: {'left out' if labels else 'kept unlabelled'}"
        seen.note("unlabelled_file", place, action)


def group_folds(items: Sequence[Item]) -> list[frozenset[str]]:
    """Ids of the items that each of the five folds tests, by `split`."""
    return [frozenset(i.id for i in items if i.split == f"set_{fold}") for fold in FOLDS]


def _compare_training(lists: Sequence[FoldList], tested: Mapping[str, str], seen: Notes) -> None:
    complete = len({entry.fold for entry in lists if entry.side == "test"}) == len(FOLDS)
    for entry in lists:
        split = f"set_{entry.fold}"
        if entry.side != "train" or split not in tested.values():
            continue
        trained = {row.clip for row in entry.rows if row.label is not None}
        counts = {f"also tested in {split}": sum(tested.get(clip) == split for clip in trained)}
        if complete:
            rest = {clip for clip, fold in tested.items() if fold != split}
            counts["tested in no fold"] = len(trained - set(tested))
            counts["absent though other folds test them"] = len(rest - trained)
        odd = ", ".join(f"{count} clip(s) {what}" for what, count in counts.items() if count)
        if odd:
            action = f"{odd}; trained is on everything that {split} does not test"
            seen.note("fold_mismatch", entry.name, action)


def _replace_last(text: str, old: str, new: str) -> str:
    head, _, tail = text.rpartition(old)
    return f"{head}{new}{tail}"
