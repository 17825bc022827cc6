"""Datasets in their distributors' layouts, identified by their files; copies and forms apart."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from irfer_bench.contracts.values import Item, Match
from irfer_bench.data.trees.folds import cut_folds, read_folds, split_fold
from irfer_bench.data.trees.patterns import Found, Matches
from irfer_bench.data.trees.stills import Stills
from irfer_bench.data.trees.survey import Survey
from irfer_bench.errors import MissingError


class OfficialDataset(Stills):
    """One walk by the dataset's table; folds are the published lists of its package.

    An instance reads a root once; a new instance sees later changes.
    """

    wanted: ClassVar[str]
    """What is missing where a root is not this dataset, for messages."""

    roles: ClassVar[Sequence[str]] = ()
    """Of files by which it is recognised."""
    survey_class: ClassVar[type[Survey]] = Survey

    def is_there(self, root: Path, found: Matches) -> bool:
        """Whether files of this dataset lie under a root."""
        return bool(found.of(*self.roles))

    inner: ClassVar[Mapping[str, str]] = {}
    """Hints by a pattern for a part of the set: `NAME/` is the root, `/NAME` a folder in it."""

    def match(self, root: Path, found: Matches) -> Match:
        """Confident where files of it make items."""
        where, count = found.of(*self.roles)[0].base or ".", len(self.survey(root).items)
        if not count:
            return Match(0.3, f"files of {self.name} under {where}, and no item; {self.wanted}")
        return Match(0.95, f"{count:,} items under {where}")

    @abstractmethod
    def collect(self, found: Matches, seen: Survey) -> None:
        """Add all items and problems to a survey."""

    def stray(self, root: Path, found: Matches) -> list[str]:
        """Hints why a folder is not this dataset: it may be a part of it."""
        names = [f"{root.resolve().name}/", *(f"/{name}" for name in top_folders(found))]
        return [
            hint
            for pattern, hint in self.inner.items()
            if any(re.fullmatch(pattern, name, re.IGNORECASE) for name in names)
        ]

    def identify(self, root: Path) -> Match:
        """Confident where files lie as its owner distributes them."""
        found = self.find(root)
        if self.is_there(root, found):
            return self.match(root, found)
        reasons = (self.wanted, *self.stray(root, found), *self.hints(root))
        return Match(0.0, "; ".join(reasons))

    def walk(self, root: Path) -> Survey:
        """All usable items, and problems.

        Raises:
            MissingError: no tree of this dataset lies there, or not the one asked for.
            DamagedError: a list of labels cannot be read.
        """
        found = self.find(root)
        if not self.is_there(root, found):
            raise self.unlike(root)
        seen = self.survey_class(root)
        seen.problems.extend(found.problems())
        self.collect(found, seen)
        return seen

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """The five published test lists, cut to the subjects present."""
        return cut_folds(read_folds(type(self).__module__.rpartition(".")[0]), items)


class SplitDataset(OfficialDataset):
    """A dataset with an official test split, which is its only fold."""

    tested: ClassVar[str]
    """Name of the split."""

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """The official test split."""
        return [split_fold(items, self.tested)]


def visible_still(
    name: str, label: str, path: str, *, subject: str | None = None, split: str = "", part: str = ""
) -> Item:
    """The item of one visible image; `name` is its id."""
    return Item(name, label, subject, "vis", files=(path,), split=split, part=part)


@dataclass(frozen=True)
class DatasetCopy:
    """One copy of a dataset in one form; `base` is the folder above, empty for the root."""

    base: str
    form: str

    def of(self, found: Matches, *roles: str) -> list[Found]:
        """The finds of some roles in this copy."""
        return [hit for hit in found.of(*roles) if hit.base == self.base]

    def place(self, *names: str) -> str:
        """A path in this copy, from the root."""
        return "/".join(filter(None, (self.base, *names)))


def find_copies(found: Matches, forms: Mapping[str, Sequence[str]]) -> list[DatasetCopy]:
    """Copies under a root by form, the preferred first; any role of a form tells it."""
    pairs = ((hit.base, form) for form, roles in forms.items() for hit in found.of(*roles))
    return [DatasetCopy(*pair) for pair in dict.fromkeys(pairs)]


def choose_copy(copies: Sequence[DatasetCopy], wanted: str, param: str, root: Path) -> DatasetCopy:
    """The first copy in the wanted form, of any form where that is `auto`.

    Raises:
        MissingError: no copy has that form; `param` names the parameter that asks for it.
    """
    for copy in copies:
        if wanted in ("auto", copy.form):
            return copy
    raise MissingError(
        f"{param} = {wanted}: {root} holds only {copies[0].form}",
        f"unpack {wanted} there, or leave it at auto",
    )


def note_other_copies(copies: Sequence[DatasetCopy], chosen: DatasetCopy, seen: Survey) -> None:
    """`second_tree` for every copy but the chosen one."""
    for copy in copies:
        if copy != chosen:
            action = f"{copy.form} here is not read, {chosen.form} of {chosen.base or 'the root'} "
            action += "is; give its own folder to use it"
            seen.note("second_tree", copy.base or ".", action)


def top_folders(found: Matches) -> set[str]:
    """Names of the folders directly under a root, in lower case."""
    return {folder.casefold() for folder in found.tree.files if folder and "/" not in folder}
