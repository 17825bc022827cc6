"""Stage that fits a recognizer on one fold; leaks and empty classes are refused."""

from __future__ import annotations

from irfer_bench.contracts.values import TrainingData
from irfer_bench.data import subsets as splits
from irfer_bench.data.clips import ClipView
from irfer_bench.engine.stages.work import Input, Inputs, Work
from irfer_bench.errors import DamagedError, MissingError
from irfer_bench.experiment.steps import FitRecognizer, FittedRecognizer, Prepare, Prepared
from irfer_bench.store.state import write_state


def fit_recognizer(spec: FitRecognizer, inputs: Inputs, work: Work) -> FittedRecognizer:
    """Fit on `source` and `target`; `prepared_source` and `prepared_target` are what they were made
    of, whose test subjects must not be in training."""
    views, where = _views(spec, inputs, work), f"fold {spec.fold}"
    checked = _check_leak(inputs, views, where)
    views = _split_validation(spec, views, where)
    small = any(_is_incomplete(given) for given in _prepared(inputs).values())
    labelled = [views["source"], views["target"]]
    absent = splits.check_classes(labelled, spec.classes, where, fewer=small)
    data = TrainingData(
        views["source"],
        views["target"],
        views["unlabelled"],
        views["validation"],
        tuple(spec.classes),
    )
    method = work.create()
    method.fit(data, work.context)
    write_state(work.folder, method.state())
    return FittedRecognizer(
        source=len(data.source),
        target=len(data.target),
        unlabelled=len(data.unlabelled),
        validation=len(data.validation),
        absent=absent,
        subjects="checked" if checked else "unchecked",
    )


def _views(spec: FitRecognizer, inputs: Inputs, work: Work) -> dict[str, ClipView]:
    """Training clips by role: all of the source, the draw of the target, the rest unlabelled."""
    first = inputs.get("source") or inputs.get("target")
    if first is None:
        raise DamagedError(f"{work.title}: there is nothing to train on")
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
            fewer=_is_incomplete(inputs["prepared_target"]),
        )
        if spec.unlabelled:
            views["unlabelled"] = whole.hide_labels()
    return views


def _check_leak(inputs: Inputs, views: dict[str, ClipView], where: str) -> bool:
    """Refuse training clips of the fold's test subjects; other datasets have other subjects."""
    prepared = _prepared(inputs)
    reference = prepared.get("target") or prepared["source"]
    test = reference.clips("test")
    if "target" in inputs and not len(test):
        raise MissingError(
            f"{where} has no test clip: none of its subjects is in this copy of the data",
            "choose another --fold (irfer-bench data manifest lists all), or bring them",
        )
    own = [
        views[name]
        for name, given in prepared.items()
        if _dataset(given) == _dataset(reference)
    ]
    if "target" in prepared:
        own.append(views["unlabelled"])
    return splits.check_leak(own, test, where)


def _split_validation(
    spec: FitRecognizer, views: dict[str, ClipView], where: str
) -> dict[str, ClipView]:
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


def _prepared(inputs: Inputs) -> dict[str, Input]:
    """The prepared clips behind each role, before any translation."""
    return {
        name: inputs[f"prepared_{name}"] for name in ("target", "source") if name in inputs
    }


def _is_incomplete(given: Input) -> bool:
    return given.facts(Prepared).incomplete


def _dataset(given: Input) -> str:
    assert isinstance(given.spec, Prepare)
    return str(given.spec.dataset["name"])
