"""What the steps of a plan will find in their data, from lists of items alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from irfer_bench.contracts.values import Item, Problem
from irfer_bench.data import subsets as splits
from irfer_bench.data.domains import select_items
from irfer_bench.data.frame_rules import distinct, pick
from irfer_bench.data.manifest import DAMAGED, INCOMPLETE
from irfer_bench.errors import DamagedError
from irfer_bench.experiment.dataset_copy import DatasetCopy
from irfer_bench.experiment.graph import Step
from irfer_bench.experiment.steps import Prepare, Translate
from irfer_bench.settings.kinds import Subset
from irfer_bench.settings.setting import Domain

if TYPE_CHECKING:
    from irfer_bench.registry import Registry


@dataclass(frozen=True, slots=True)
class Row:
    """One clip to be made: its id, its pair's name, how many frames it stores, and its item."""

    id: str
    pair: str | None
    frames: int
    item: Item


@dataclass(frozen=True)
class ItemView:
    """Some clips to be made, in an order, with or without their labels."""

    rows: tuple[Row, ...]
    hidden: bool = False

    @property
    def ids(self) -> list[str]:
        return [row.id for row in self.rows]

    @property
    def labels(self) -> list[str | None]:
        return [None if self.hidden else row.item.label for row in self.rows]

    @property
    def subjects(self) -> list[str | None]:
        return [row.item.subject for row in self.rows]

    @property
    def pairs(self) -> list[str | None]:
        return [row.pair for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def pick(self, positions: Iterable[int]) -> ItemView:
        """The clips at these positions of this view."""
        return replace(self, rows=tuple(self.rows[i] for i in positions))

    def hide_labels(self) -> ItemView:
        """The same clips without labels."""
        return replace(self, hidden=True)


@dataclass
class Listing:
    """Items, problems and folds of a copy of a dataset."""

    registry: Registry
    source: DatasetCopy
    _folds: dict[tuple[str, ...], list[frozenset[str]]] = field(default_factory=dict)

    @cached_property
    def dataset(self) -> Any:
        """The dataset itself."""
        return self.registry.create(self.source.component, self.source.params)

    @cached_property
    def items(self) -> Sequence[Item]:
        """Every item, as preparation finds them."""
        if self.source.manifest is not None:
            return self.source.manifest.items
        return tuple(self.dataset.index(self.source.root))

    @cached_property
    def problems(self) -> Sequence[Problem]:
        """What is wrong with the copy."""
        if self.source.manifest is not None:
            return self.source.manifest.problems
        return tuple(self.dataset.problems(self.source.root))

    @cached_property
    def incomplete(self) -> bool:
        """Whether items are missing."""
        return any(problem.kind in INCOMPLETE for problem in self.problems)

    @cached_property
    def damaged(self) -> dict[str, Problem]:
        """Problems of files that cannot be decoded, by path; known where `data check` was run."""
        return {each.path: each for each in self.problems if each.kind in DAMAGED}

    def folds(self, classes: Sequence[str]) -> list[frozenset[str]]:
        """Test subjects of each fold among the items with these labels."""
        asked = tuple(classes)
        if asked not in self._folds:
            known = [item for item in self.items if item.label in frozenset(asked)]
            self._folds[asked] = list(self.dataset.folds(known))
        return self._folds[asked]


def prepared_view(spec: Prepare, listing: Listing) -> ItemView:
    """The clips that a step of preparation makes.

    Raises:
        MissingError: no item is of the domain. DamagedError: a file that it needs is damaged.
    """
    name, domain = listing.source.name, msgspec.convert(spec.domain, Domain)
    rows: list[Row] = []
    for item in select_items(name, listing.items, domain, spec.classes):
        picked = pick(spec.stored or spec.frames, item.frames)
        if listing.damaged:
            _refuse_damaged(name, item, [position for position, _ in picked], listing.damaged)
        if spec.unit == "item":
            rows.append(Row(item.id, item.pair, len(picked), item))
            continue
        for _, number in distinct(picked):
            pair = None if item.pair is None else f"{item.pair}.{number}"
            rows.append(Row(f"{item.id}.{number}", pair, 1, item))
    return ItemView(tuple(rows))


def _refuse_damaged(
    name: str, item: Item, positions: Sequence[int], damaged: dict[str, Problem]
) -> None:
    whole = len(item.files) == item.frames
    files = [item.files[p] for p in positions] if whole else (item.files or (item.id,))
    for file in (*files, *filter(None, [item.audio])):
        if file in damaged:
            problem = damaged[file]
            raise DamagedError(f"{name}: {problem.kind}: {file}: {problem.action}")


@dataclass(frozen=True)
class ItemInput:
    """An input of a step, as `experiment.training.Given` asks for it.

    Args:
        view: its clips. listing: of the copy that they come from. fold: of the step that reads it.
        takes: the subset that is used.
    """

    step: Step
    view: ItemView
    listing: Listing
    fold: int
    takes: Subset

    def clips(self, subset: Subset | None = None) -> ItemView:
        """The clips that the step uses, or another subset of its fold.

        Raises:
            DamagedError: the data has fewer folds.
        """
        subset = self.takes if subset is None else subset
        spec, prepared = self.step.spec, self.step.prepared.spec
        if isinstance(spec, Translate) and spec.part != "all":
            return self.view  # of one subset of one fold already
        assert isinstance(prepared, Prepare)
        folds = [] if subset == "all" or not self.fold else self.listing.folds(prepared.classes)
        return splits.split_fold(self.view, folds, self.fold, subset, self.dataset)

    @property
    def incomplete(self) -> bool:
        """Whether items are missing from the copy."""
        return self.listing.incomplete

    @property
    def dataset(self) -> str:
        """The copy's name."""
        return self.listing.source.name
