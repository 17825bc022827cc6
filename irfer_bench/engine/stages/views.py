"""Views on stored clips: the training, test or all clips of a fold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irfer_bench.data import subsets as splits
from irfer_bench.data.clips import ClipView, StoredClips
from irfer_bench.engine.stages.prepare import FOLDS
from irfer_bench.errors import DamagedError
from irfer_bench.store.files import read_json

if TYPE_CHECKING:
    from irfer_bench.engine.runner import Runner
    from irfer_bench.experiment.graph import Step


def part_of(runner: Runner, step: Step, fold: int, part: str) -> ClipView:
    """The training or test clips of a fold, from prepared or translated clips."""
    view = stored(runner, step).view()
    if step.kind == "translate" or part == "all" or fold == 0:
        return view
    folds = read_json(runner.artefact(step).folder / FOLDS)
    if fold > len(folds):
        raise DamagedError(
            f"{step.title}: fold {fold} was asked for and there are {len(folds)}",
            "too few subjects are there",
        )
    return splits.split(view, frozenset(folds[fold - 1]), part)


def stored(runner: Runner, step: Step) -> StoredClips:
    """An artefact's clips, opened once."""
    artefact = runner.artefact(step)
    scored = scored_rule(step)
    return runner.remember(step.key, lambda: StoredClips(artefact.folder, step.key, scored))


def scored_rule(step: Step) -> str:
    """The rule of the frames that are scored, where more are stored; else empty."""
    while step.kind != "prepare":
        step = step.inputs["clips"]
    return str(step.spec["frames"]) if step.spec.get("stored") else ""
