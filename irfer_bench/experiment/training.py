"""Which clips a recognizer is trained on, and what makes a fold unfit for it.

A plan asks it of items, before anything is prepared; the stage that fits asks it of stored clips.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from irfer_bench.data import subsets as splits
from irfer_bench.data.subsets import V
from irfer_bench.errors import DamagedError, MissingError
from irfer_bench.experiment.steps import FitRecognizer
from irfer_bench.settings.kinds import Subset

V_co = TypeVar("V_co", bound=splits.View, covariant=True)


class Given(Protocol[V_co]):
    """An input of a step: clips of a domain, or what they were translated to."""

    def clips(self, subset: Subset | None = None) -> V_co:
        """The clips that the step uses, or another subset of its fold."""
        ...

    @property
    def incomplete(self) -> bool:
        """Whether items are missing from prepared clips."""
        ...

    @property
    def dataset(self) -> str:
        """Of prepared clips."""
        ...


@dataclass(frozen=True)
class Training(Generic[V]):
    """Clips by role.

    Args:
        views: `source`, `target`, `unlabelled` and `validation`.
        absent: classes without a training clip. checked: no subject is in training and test.
    """

    views: Mapping[str, V]
    absent: list[str]
    checked: bool


def choose_training(
    spec: FitRecognizer, inputs: Mapping[str, Given[V]], title: str
) -> Training[V]:
    """All of the source, the draw of the target, the rest unlabelled; validation held out.

    Args:
        inputs: `source` and `target`, and as `prepared_source` and `prepared_target` what they
            were made of, whose test subjects must not be in training.

    Raises:
        MissingError: the fold has no test clip.
        DamagedError: a subject is on both sides, a class has too few clips, or nothing is left
            to train or to validate on.
    """
    views, where = _views(spec, inputs, title), f"fold {spec.fold}"
    checked = _check_leak(inputs, views, where)
    views = _split_validation(spec, views, where)
    small = any(given.incomplete for given in _prepared(inputs).values())
    labelled = [views["source"], views["target"]]
    absent = splits.check_classes(labelled, spec.classes, where, fewer=small)
    return Training(views, absent, checked)


def _views(spec: FitRecognizer, inputs: Mapping[str, Given[V]], title: str) -> dict[str, V]:
    first = inputs.get("source") or inputs.get("target")
    if first is None:
        raise DamagedError(f"{title}: there is nothing to train on")
    empty = first.clips("all").pick(())
    views = {"source": empty, "target": empty, "unlabelled": empty, "validation": empty}
    if "source" in inputs:
        views["source"] = inputs["source"].clips()
    if "target" in inputs:
        whole = inputs["target"].clips()
        views["target"] = splits.draw_shots(
            whole,
            spec.classes,
            spec.shots,
            draw=spec.draw,
            where=f"fold {spec.fold}",
            fewer=inputs["prepared_target"].incomplete,
        )
        if spec.unlabelled:
            views["unlabelled"] = whole.hide_labels()
    return views


def _check_leak(inputs: Mapping[str, Given[V]], views: Mapping[str, V], where: str) -> bool:
    """Refuse training clips of the fold's test subjects; other datasets have other subjects."""
    prepared = _prepared(inputs)
    reference = prepared.get("target") or prepared["source"]
    test = reference.clips("test")
    if "target" in inputs and not len(test):
        raise MissingError(
            f"{where} has no test clip: none of its subjects is in this copy of the data",
            "choose another --fold (irfer-bench data check says which can be run), or bring them",
        )
    own = [views[name] for name, given in prepared.items() if given.dataset == reference.dataset]
    if "target" in prepared:
        own.append(views["unlabelled"])
    return splits.check_leak(own, test, where)


def _split_validation(spec: FitRecognizer, views: dict[str, V], where: str) -> dict[str, V]:
    """Hold out subjects: their labelled target clips validate (or their source clips, where no
    target label is granted), and none of their other clips are in training."""
    if not spec.validation:
        return views
    role = "target" if len(views["target"]) else "source"
    rest, validation = splits.split_validation(views[role], spec.validation, spec.draw)
    held = set(splits.owners(validation))
    others = {
        name: view.pick(i for i, owner in enumerate(splits.owners(view)) if owner not in held)
        for name, view in views.items()
        if name not in (role, "validation")
    }
    views = {**others, role: rest, "validation": validation}
    if not len(rest) or not len(validation):
        raise DamagedError(
            f"{where}: {spec.validation:g} of the training subjects to validate leaves "
            f"{len(rest)} clips to train on and {len(validation)} to validate on"
        )
    trained = [views[name] for name in ("source", "target", "unlabelled")]
    splits.check_leak(trained, validation, f"{where}, validation")
    return views


def _prepared(inputs: Mapping[str, Given[V]]) -> dict[str, Given[V]]:
    """The prepared clips behind each role, before any translation."""
    return {
        name: inputs[f"prepared_{name}"] for name in ("target", "source") if name in inputs
    }
