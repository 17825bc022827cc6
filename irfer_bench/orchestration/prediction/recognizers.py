"""Recognizers that are ready for a user's own images: fitted by a run, exported, or zero-shot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from irfer_bench.contracts.component import Component
from irfer_bench.contracts.interfaces import TrainedReader
from irfer_bench.contracts.values import TrainingData
from irfer_bench.data.clip_list import GivenClips
from irfer_bench.errors import MissingError, UsageError
from irfer_bench.experiment.graph import Step
from irfer_bench.experiment.methods import Method, check_weights, resolve_method
from irfer_bench.experiment.steps import Predict
from irfer_bench.home import check_device, pick_device, pick_precision
from irfer_bench.orchestration.loading import load_method, method_of
from irfer_bench.orchestration.prediction.exports import Export, is_export, read_export
from irfer_bench.orchestration.prediction.ready import ReadyRecognizer
from irfer_bench.orchestration.prediction.rules import (
    ImageOptions,
    ImageRules,
    check_classes,
    default_rules,
    rules_of_setting,
    with_options,
)
from irfer_bench.orchestration.wanted import Wanted, read_wanted_record

if TYPE_CHECKING:
    from irfer_bench.engine.runner import Runner
    from irfer_bench.orchestration.session import Session

ROLE: Final = "recognizer"
TRAINED = "trained"
"""Parameter of recognizers that read a published classifier in the place of a fit."""


def open_recognizer(session: Session, wanted: Wanted, options: ImageOptions) -> ReadyRecognizer:
    """The recognizer that the user asked for.

    Raises:
        UsageError: options contradict each other. MissingError: it has to be fitted and is not, is
            of another version, or its weights, or what a record left in the store, are not here.
        DamagedError: the file is not a fitted state of it.
    """
    check_device(wanted.device)
    device = pick_device(wanted.device)
    if wanted.record is not None:
        _refuse_classes(options, "--from")
        return _of_record(session, wanted, wanted.record, options, device)
    if wanted.weights and is_export(Path(wanted.weights), ROLE):
        _refuse_classes(options, "--weights")
        return _of_export(session, wanted, options, device)
    if wanted.method and not _needs_fit(session, wanted.method):
        return _without_fit(session, wanted, options, device)
    if wanted.weights and wanted.method and Path(wanted.weights).is_file():
        return _of_checkpoint(session, wanted, options, device)
    if wanted.weights:
        read_export(Path(wanted.weights), ROLE)  # says what is wrong
    if not wanted.method:
        raise UsageError(
            "no recognizer is named",
            "say --recognizer NAME, --from RECORD, or --weights FOLDER of irfer-bench export",
        )
    raise MissingError(
        f"{wanted.method} has to be fitted first",
        "say --from RECORD, a record of a run with it, or --weights FOLDER, which "
        "irfer-bench export wrote",
    )


def _of_record(
    session: Session, wanted: Wanted, record: Path, options: ImageOptions, device: str
) -> ReadyRecognizer:
    found, used = read_wanted_record(wanted, record, ROLE)
    setting = session.registry.setting(found.cell.setting)
    setting = msgspec.structs.replace(setting, classes=tuple(found.classes))
    images = with_options(rules_of_setting(setting), options, session.registry)
    given = wanted.given(ROLE, used)
    return ReadyRecognizer(*load_method(session, found, ROLE, device, given), images, fitted=True)


def _of_export(
    session: Session, wanted: Wanted, options: ImageOptions, device: str
) -> ReadyRecognizer:
    export: Export = read_export(Path(wanted.weights), ROLE)
    used = export.name
    if wanted.method and wanted.method != used:
        raise UsageError(f"{wanted.weights} is of {used}, not {wanted.method}")
    if wanted.preset:
        raise UsageError("--preset and --weights are both given", "the file says what it used")
    method = method_of(session.registry, ROLE, export.method, wanted.given(ROLE, used))
    runner = session.runner(device, pick_precision("auto", device))
    check_weights(session.registry, method, session.weights)
    instance = session.registry.create(method.component, method.params)
    instance.restore(export.state)
    images = with_options(export.images, options, session.registry)
    step = _step(method, images, runner)
    return ReadyRecognizer(method, step, instance, runner, images, fitted=True)


def _of_checkpoint(
    session: Session, wanted: Wanted, options: ImageOptions, device: str
) -> ReadyRecognizer:
    """A published classifier, whose outputs are in the order of `--classes` or of the dataset."""
    name = wanted.method
    known = session.registry.params_class(_component(session, name))
    if TRAINED not in known.__struct_fields__:
        field = known.weights_field
        fitted = f"fit it by irfer-bench run -p {name}.{field}=FILE, and " if field else ""
        raise UsageError(
            f"{name} reads no published classifier",
            f"{fitted}give --weights a folder that irfer-bench export wrote, or say --from RECORD",
        )
    images = default_rules()
    order: Sequence[str] = options.classes
    if options.setting:
        setting = session.registry.setting(options.setting)
        images = rules_of_setting(setting)
        dataset = session.registry.create(session.registry.get("dataset", setting.dataset))
        order = order or [each for each in getattr(dataset, "native", ()) if each in images.classes]
    if not order:
        raise UsageError(
            f"nothing says which class each output of {wanted.weights} is",
            "say --classes NAME,NAME… in the file's order, or --setting of the dataset behind it",
        )
    images = msgspec.structs.replace(images, classes=check_classes(order))
    images = with_options(images, options, session.registry)
    given = wanted.given(ROLE, name) | {TRAINED: str(Path(wanted.weights).resolve())}
    method = resolve_method(
        session.registry, ROLE, name, preset=wanted.preset or "paper", given=given,
        weights=session.weights,
    )  # fmt: skip
    runner = session.runner(device, pick_precision("auto", device))
    step = _step(method, images, runner)
    instance = session.registry.create(method.component, method.params)
    if not isinstance(instance, TrainedReader):
        raise UsageError(f"{name} reads no published classifier", "say --from RECORD")
    instance.read_trained(images.classes, runner.context(step))
    return ReadyRecognizer(method, step, instance, runner, images)


def _without_fit(
    session: Session, wanted: Wanted, options: ImageOptions, device: str
) -> ReadyRecognizer:
    name = wanted.method
    given = wanted.given(ROLE, name)
    images = default_rules()
    if options.setting:
        images = rules_of_setting(session.registry.setting(options.setting))
    if options.classes:
        images = msgspec.structs.replace(images, classes=check_classes(options.classes))
    images = with_options(images, options, session.registry)
    method = resolve_method(
        session.registry, ROLE, name, preset=wanted.preset or "paper",
        given=given | _pretrained(session, wanted, given), weights=session.weights,
    )  # fmt: skip
    runner = session.runner(device, pick_precision("auto", device))
    step = _step(method, images, runner)
    instance = session.registry.create(method.component, method.params)
    none = GivenClips([])
    instance.fit(TrainingData(none, none, none, none, images.classes), runner.context(step))
    return ReadyRecognizer(method, step, instance, runner, images)


def _pretrained(
    session: Session, wanted: Wanted, given: Mapping[str, Any]
) -> dict[str, str]:
    """The parameter that `--weights` sets of a recognizer that needs no fit."""
    if not wanted.weights:
        return {}
    field = session.registry.params_class(_component(session, wanted.method)).weights_field
    if not field:
        raise UsageError(f"{wanted.method} reads no pretrained weights", "leave --weights out")
    if field in given:
        raise UsageError(f"--weights and -p {wanted.method}.{field} are both given", "say one")
    path = Path(wanted.weights)
    return {field: str(path.resolve()) if path.is_file() else wanted.weights}


def _needs_fit(session: Session, name: str) -> bool:
    return bool(_component(session, name).traits.get("trains", True))


def _component(session: Session, name: str) -> Component:
    return session.registry.owner(ROLE, name.partition("@")[0]).component


def _step(method: Method, images: ImageRules, runner: Runner) -> Step:
    spec = Predict(
        **method.identity("apply"), fold=0, embed=False, classes=list(images.classes), seed=0,
        precision=runner.precision,
    )  # fmt: skip
    return Step(f"predict by {method.name}", spec, method=method)


def _refuse_classes(options: ImageOptions, option: str) -> None:
    for name, given in (("--classes", options.classes), ("--setting", options.setting)):
        if given:
            raise UsageError(f"{name} and {option} are both given", "the classes are those fitted")
