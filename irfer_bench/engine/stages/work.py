"""Inputs of a stage: finished steps, folder, context and components."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec

from irfer_bench.contracts.values import State
from irfer_bench.data import subsets as splits
from irfer_bench.data.clips import ClipView, StoredClips
from irfer_bench.engine.stages import FOLDS
from irfer_bench.errors import DamagedError
from irfer_bench.experiment.steps import Facts, Prepare, Prepared, Spec, Translate
from irfer_bench.settings.kinds import Subset
from irfer_bench.store.state import read_state

if TYPE_CHECKING:
    from irfer_bench.engine.context import StepContext
    from irfer_bench.experiment.dataset_copy import DatasetCopy
    from irfer_bench.experiment.methods import Method
    from irfer_bench.registry import Registry
    from irfer_bench.store.artefacts import Artefact

F = TypeVar("F", bound=Facts)


@dataclass(frozen=True)
class Input:
    """A finished step that another step reads.

    Args:
        fold: of the step that reads it. takes: the subset of its clips that is used.
        open: its clips, opened once per run.
    """

    title: str
    spec: Spec
    artefact: Artefact
    open: Callable[[], StoredClips]
    fold: int = 0
    takes: Subset = "all"

    def clips(self, subset: Subset | None = None) -> ClipView:
        """The clips that are used, or another subset of the fold.

        Raises:
            DamagedError: the data has fewer folds.
        """
        subset = self.takes if subset is None else subset
        view = self.open().view()
        if subset == "all" or self.fold == 0 or not self._is_whole:
            return view
        folds = json.loads((self.artefact.folder / FOLDS).read_text())
        return splits.split_fold(view, folds, self.fold, subset, self.title)

    @property
    def _is_whole(self) -> bool:
        """Whether the step holds the clips of all folds instead of a subset of one."""
        return not isinstance(self.spec, Translate) or self.spec.part == "all"

    @property
    def incomplete(self) -> bool:
        """Whether items are missing from prepared clips."""
        return self.facts(Prepared).incomplete

    @property
    def dataset(self) -> str:
        """Of prepared clips."""
        assert isinstance(self.spec, Prepare)
        return str(self.spec.dataset["name"])

    def state(self) -> State:
        """The fitted component."""
        return read_state(self.artefact.folder)

    def facts(self, kind: type[F]) -> F:
        """Facts that the step reported.

        Raises:
            DamagedError: the facts are not of the form of that kind of step.
        """
        try:
            return msgspec.convert(self.artefact.facts, kind)
        except msgspec.ValidationError as error:
            raise DamagedError(f"{self.title}: its facts are incomplete ({error})") from None


Inputs: TypeAlias = Mapping[str, Input]


@dataclass(frozen=True)
class Work:
    """Folders, context and component of a stage.

    Args:
        folder: what is written here becomes the artefact.
        kept: what is written here survives a kill until the artefact is finished.
        context: passed to the step's plugin.
    """

    title: str
    folder: Path
    kept: Path
    context: StepContext
    registry: Registry
    method: Method | None = None
    source: DatasetCopy | None = None

    @property
    def name(self) -> str:
        """Of the method, for messages."""
        return self.method.name if self.method else self.title

    def create(self) -> Any:
        """A fresh instance of the step's method; torch computes with the step's threads."""
        assert self.method is not None
        made = self.registry.create(self.method.component, self.method.params)
        self.context.set_threads()
        return made
