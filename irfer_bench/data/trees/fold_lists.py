"""Official five-fold lists of clips: their rows, and where they disagree."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from irfer_bench.contracts.values import Item
from irfer_bench.data.trees.annotations import Annotation, open_annotation
from irfer_bench.data.trees.clip_files import clip_number
from irfer_bench.data.trees.counts import compare_list
from irfer_bench.data.trees.patterns import Matches
from irfer_bench.data.trees.survey import Notes, VideoSurvey, relative
from irfer_bench.data.trees.walk import few
from irfer_bench.errors import DamagedError

ListSide = Literal["test", "train"]
FOLDS = (1, 2, 3, 4, 5)
_WITHOUT: Mapping[ListSide, str] = {
    "test": "nothing is tested in this fold",
    "train": "trained is on what the other folds test",
}


@dataclass(frozen=True)
class ListedClip:
    """One clip in one list; its label as written, or canonical."""

    clip: str
    label: str
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
        return list({row.clip: row.label for row in self.rows}.items())


@dataclass(frozen=True)
class Assigned:
    """A clip's label, and the fold that tests it (`set_1`) or an empty string."""

    label: str
    split: str


FoldPaths = dict[tuple[ListSide, int], Path]
ListRows = Callable[[Annotation], Iterable[tuple[int, Sequence[str]]]]
"""Line, clip and label of each row of a list."""


def choose_fold_lists(
    found: Matches, styles: Sequence[str], seen: VideoSurvey, silent: Collection[str] = ()
) -> tuple[str, FoldPaths]:
    """The first of the spellings that is there, and its lists, from all folders that hold some.

    A list that comes twice is read from the first folder, and in one folder under its shorter
    name: `_faces` lists say the same as those of whole clips. Lists of the other spellings are
    noted, but for those of `silent`.
    """
    chosen = next((style for style in styles if found.of(style)), styles[0])
    paths: FoldPaths = {}
    for hit in found.of(chosen):
        for path, facts in sorted(hit.files(), key=lambda entry: len(entry[0])):
            side: ListSide = "test" if facts["side"].casefold() == "test" else "train"
            paths.setdefault((side, int(facts["fold"])), found.tree.root / path)
    for path, _ in found.files(*(style for style in styles if style not in (chosen, *silent))):
        action = f"not read, {next(iter(paths.values())).name} and its like are"
        seen.note("unexpected_file", path, action, group="lists")
    return chosen, paths


def read_fold_lists(paths: FoldPaths, rows: ListRows, seen: Notes) -> list[FoldList]:
    """Lists with their labels as written; `bad_row` for a list or a row that cannot be read."""
    lists = []
    for (side, fold), path in sorted(paths.items(), key=lambda entry: entry[0]):
        try:
            own = tuple(_listed(open_annotation(path, seen.root), rows, seen))
            lists.append(FoldList(fold, side, relative(path, seen.root), own))
        except DamagedError as error:
            seen.note("bad_row", path, f"{error.message}; nothing of it is used")
    return lists


def _listed(table: Annotation, rows: ListRows, seen: Notes) -> Iterator[ListedClip]:
    seen.problems.extend(table.problems())
    for line, (name, label) in rows(table):
        clip = clip_number(name)
        if clip is None or not label:
            action = f"line {line}: {f'{name} {label}'[:40]!r} is no clip and label; left out"
            seen.note("bad_row", table.name, action)
        else:
            yield ListedClip(clip, label, line)


def name_labels(
    lists: Sequence[FoldList],
    label: Callable[[str], str | None],
    advice: Callable[[str], str],
    seen: Notes,
) -> list[FoldList]:
    """Lists with canonical labels; `unknown_label` with an `advice` for those that are none."""
    named = []
    for entry in lists:
        rows = []
        for row in entry.rows:
            if (own := label(row.label)) is not None:
                rows.append(replace(row, label=own))
                continue
            action = f"line {row.line}: {row.clip} has label {row.label!r}; {advice(row.label)}"
            seen.note("unknown_label", entry.name, f"{action}; left out")
        named.append(replace(entry, rows=tuple(rows)))
    return named


def numbered_list_rows(table: Annotation) -> Iterator[tuple[int, tuple[str, str]]]:
    """(line, (clip, label)) of lists `path frames label`, as DFER-CLIP and MMA-DFER bring them.

    The path is of its author's machine: only its last folder or file, the clip, is read.
    """
    for line, row in table.lines():
        path, *rest = row.rsplit(maxsplit=2)
        clip = path.replace("\\", "/").rstrip("/").rpartition("/")[2]
        yield line, (clip, rest[-1] if len(rest) == 2 else "")


def merge_fold_lists(
    lists: Sequence[FoldList], paths: FoldPaths, usual: str, known: Mapping[str, Any], seen: Notes
) -> dict[str, Assigned]:
    """Label and fold of every clip; missing, contradicting and unpublished rows are noted.

    Args:
        paths: where the lists were found. usual: a list's name with `{side}` and `{fold}`, where
            there is none of a side. known: counts and digests.
    """
    _note_missing(paths, usual, seen)
    labels = _assign(lists, seen)
    for entry in lists:
        counts = known[str(entry.fold)][entry.side]
        seen.problems += compare_list(entry.name, entry.labelled(), counts)
    return labels


def _assign(lists: Sequence[FoldList], seen: Notes) -> dict[str, Assigned]:
    """Label and test fold of every clip.

    Problems: `duplicate_row`, `duplicate_id` (two rows that disagree, or two folds that test one
    clip), `fold_mismatch` (a training list is not what the other folds test).
    """
    labels: dict[str, tuple[str, str]] = {}
    tested: dict[str, str] = {}
    for entry in sorted(lists, key=lambda entry: entry.side != "test"):
        here: set[str] = set()
        for row in entry.rows:
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


def _note_missing(paths: FoldPaths, usual: str, seen: Notes) -> None:
    """`missing_list` for every list of the ten that is not there, named as the others are."""
    for side, action in _WITHOUT.items():
        own = {fold: path for (which, fold), path in paths.items() if which == side}
        for fold in FOLDS:
            if fold not in own:
                name = usual.format(side=side, fold=fold)
                if own:
                    some, like = next(iter(own.items()))
                    head, _, tail = relative(like, seen.root).rpartition(str(some))
                    name = f"{head}{fold}{tail}"
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
        trained = {row.clip for row in entry.rows}
        counts = {f"also tested in {split}": sum(tested.get(clip) == split for clip in trained)}
        if complete:
            rest = {clip for clip, fold in tested.items() if fold != split}
            counts["tested in no fold"] = len(trained - set(tested))
            counts["absent though other folds test them"] = len(rest - trained)
        odd = ", ".join(f"{count} clip(s) {what}" for what, count in counts.items() if count)
        if odd:
            action = f"{odd}; trained is on everything that {split} does not test"
            seen.note("fold_mismatch", entry.name, action)

