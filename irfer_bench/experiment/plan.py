"""What a run will do: its cells, what was refused, and the request of each cell alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from irfer_bench.experiment.graph import Cell, Step, needed_steps
from irfer_bench.experiment.request import Request
from irfer_bench.home import user_path
from irfer_bench.store.artefacts import Store


@dataclass(frozen=True)
class PlannedCell:
    """A cell and its last step; the step's key is the record's name.

    Args:
        request: of this cell alone: a plan of it, made by any process, has the same key.
    """

    cell: Cell
    score: Step
    request: Request = field(default_factory=Request)


@dataclass
class Plan:
    """Everything a run will do, known before it starts.

    Args:
        refusals: cells of a grid that cannot be done, because they have no meaning or lack
            something, with the reason.
        refused: the cells behind `refusals`, each with its reason.
        notes: what a user should know of the data: items that are not used, another setting.
        lacking: exit codes of those that lack something.
    """

    cells: list[PlannedCell]
    device: str
    precision: str
    refusals: list[str] = field(default_factory=list)
    refused: list[tuple[Cell, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lacking: set[int] = field(default_factory=set)

    def needed(self, store: Store) -> Iterator[Step]:
        """The steps that would be built, in order; what only cached steps need is left out."""
        seen: set[str] = set()
        for planned in self.cells:
            yield from needed_steps(planned.score, store, seen)


def request_of(cell: Cell, request: Request, device: str) -> Request:
    """The request of one cell, with everything resolved that another process might choose anew."""
    bare = cell.setting.name.partition("@")[0]
    asked = (name.partition("@")[0].rpartition(":") for name in request.settings)
    owner = next((f"{owner}:" for owner, _, name in asked if owner and name == bare), "")
    copies = (cell.source, *cell.foreign.values(), cell.fit_on)
    roots = {c.name: str(c.root.absolute()) for c in copies if c is not None and c.root is not None}
    files = {
        name: str(user_path(value).absolute())
        for name in ("landmarks", "boxes")
        if (value := getattr(request, name))
    }
    return msgspec.structs.replace(
        request,
        **files,
        settings=(f"{owner}{cell.setting.name}",),
        translators=(cell.translator.name,),
        recognizers=(cell.recognizer.name,) if cell.recognizer else (),
        preset=cell.translator.preset,
        folds=(cell.fold,),
        seeds=(cell.seed,),
        data_roots=roots,
        device=device,
        precision=cell.precision,
    )
