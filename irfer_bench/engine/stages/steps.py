"""The six steps, each a function from artefacts and a method to one artefact."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.values import (
    Clip,
    Clips,
    Context,
    Spectrum,
    TrainingData,
    TranslationData,
)
from irfer_bench.data import subsets as splits
from irfer_bench.data.clips import ClipView, write_clips
from irfer_bench.engine.stages.prepare import FOLDS, prepare_clips
from irfer_bench.engine.stages.score import score
from irfer_bench.engine.stages.views import part_of, stored
from irfer_bench.errors import ContractError, DamagedError, MissingError
from irfer_bench.store.state import read_state, save_tensors, write_state

if TYPE_CHECKING:
    from irfer_bench.engine.runner import Builder, Runner
    from irfer_bench.experiment.graph import Step

SCORES = "scores.safetensors"
SUM_TOLERANCE = 0.01
"""How far the probabilities of an item may be from summing to 1: half precision stays below."""


def fit_translator(runner: Runner, step: Step, folder: Path) -> Mapping[str, Any]:
    """Fit a translator on the training subjects of one fold."""
    fold, ctx = step.spec["fold"], runner.context(step)
    source = part_of(runner, step.inputs["source"], fold, "train")
    target = part_of(runner, step.inputs["target"], fold, "train")
    target = target.hide_labels()
    data = TranslationData(
        source,
        target,
        splits.match_pairs(source, target),
        _spectrum(step.inputs["source"]),
        _spectrum(step.inputs["target"]),
        bool(runner.artefact(step.inputs["target"]).facts["weak_pairs"]),
    )
    method = _created(runner, step)
    method.fit(data, ctx)
    write_state(folder, method.state())
    return {"reports": ctx.reports, "pairs": len(data.pairs)}


def translate(runner: Runner, step: Step, folder: Path) -> Mapping[str, Any]:
    """Translate the clips of one part; the same ids in the same order come back."""
    ctx = runner.context(step)
    clips = part_of(runner, step.inputs["clips"], step.spec["fold"], step.spec["part"])
    method = _created(runner, step)
    if "fit" in step.inputs:
        method.restore(read_state(runner.artefact(step.inputs["fit"]).folder))
    if "partners" in step.inputs:
        partners = stored(runner, step.inputs["partners"]).view()
        where = dict(splits.match_pairs(clips, partners))
        clips = clips.pick(where)
        made = method.translate(clips, ctx, partners=partners.pick(where.values()))
    else:
        made = method.translate(clips, ctx)
    name = step.method.name if step.method else "translator"
    count = write_clips(folder, _checked(name, clips, made, ctx, step.spec["spectrum"]))
    inherited = runner.artefact(step.inputs["clips"]).facts
    (folder / FOLDS).write_text((runner.artefact(step.inputs["clips"]).folder / FOLDS).read_text())
    return {"reports": ctx.reports, "clips": count, "weak_pairs": inherited["weak_pairs"]}


def _checked(
    name: str, asked: Clips, made: Iterator[Clip], ctx: Context, spectrum: Spectrum
) -> Iterator[Clip]:
    total = len(asked)
    for number, (given, clip) in enumerate(zip_longest(asked, made)):
        if given is None or clip is None:
            raise ContractError(f"{name} returned {number + (given is None)} clips for {total}")
        if not isinstance(clip, Clip):
            raise ContractError(f"{name} returned a {type(clip).__name__} where a Clip was due")
        if clip.id != given.id:
            raise ContractError(f"{name} returned clip {clip.id!r} where {given.id!r} was due")
        if clip.frames.shape != given.frames.shape:
            raise ContractError(
                f"{name}: clip {clip.id!r} came back as {clip.frames.shape}, "
                f"not {given.frames.shape}"
            )
        ctx.progress("translate", number + 1, total)
        yield replace(clip, spectrum=spectrum, positions=given.positions, length=given.length)


def fit_recognizer(runner: Runner, step: Step, folder: Path) -> Mapping[str, Any]:
    """Fit a recognizer on source and target of one fold, leaks and empty classes refused."""
    spec, ctx = step.spec, runner.context(step)
    where = f"fold {spec['fold']}"
    first = next(iter(step.inputs.values()), None)
    if first is None:
        raise DamagedError(f"{step.title}: there is nothing to train on")
    empty = stored(runner, first).view().pick(())
    source = target = unlabelled = empty
    if "source" in step.inputs:
        source = part_of(runner, step.inputs["source"], spec["fold"], "train")
    if "target" in step.inputs:
        whole = part_of(runner, step.inputs["target"], spec["fold"], "train")
        target = splits.draw_shots(
            whole,
            spec["classes"],
            spec["shots"],
            draw=spec["draw"],
            where=where,
            fewer=_incomplete(runner, step.inputs["target"]),
        )
        if spec["unlabelled"]:
            unlabelled = whole.hide_labels()
    checked = _check_leak(runner, step, {"source": source, "target": target}, where)
    target, validation = splits.split_validation(target, spec["validation"], spec["draw"])
    small = any(_incomplete(runner, given) for given in step.inputs.values())
    absent = splits.check_classes([source, target], spec["classes"], where, fewer=small)
    data = TrainingData(source, target, unlabelled, validation, tuple(spec["classes"]))
    method = _created(runner, step)
    method.fit(data, ctx)
    write_state(folder, method.state())
    return {
        "reports": ctx.reports,
        "source": len(source),
        "target": len(target),
        "absent": absent,
        "subjects": "checked" if checked else "unchecked",
    }


def _incomplete(runner: Runner, step: Step) -> bool:
    return bool(runner.artefact(_origin(step)).facts["incomplete"])


def _check_leak(runner: Runner, step: Step, views: Mapping[str, ClipView], where: str) -> bool:
    """Refuse training clips of the fold's test subjects; another dataset's people are others."""
    named = (name for name in ("target", "source") if name in step.inputs)
    origins = {name: _origin(step.inputs[name]) for name in named}
    reference = next(iter(origins.values()))
    test = part_of(runner, reference, step.spec["fold"], "test")
    if "target" in step.inputs and not len(test):
        raise MissingError(
            f"{where} has no test clip: none of its subjects is in this copy of the data",
            "choose another --fold (irfer-bench data manifest lists all), or bring them",
        )
    own = [views[name] for name, origin in origins.items() if _same_people(origin, reference)]
    return splits.check_leak(own, test, where)


def _origin(step: Step) -> Step:
    return step if step.kind == "prepare" else _origin(step.inputs["clips"])


def _same_people(one: Step, other: Step) -> bool:
    return bool(one.spec["dataset"]["name"] == other.spec["dataset"]["name"])


def predict(runner: Runner, step: Step, folder: Path) -> Mapping[str, Any]:
    """Log-probabilities of the test clips, and features where the recognizer has them."""
    ctx = runner.context(step)
    clips = part_of(runner, step.inputs["clips"], step.spec["fold"], step.spec.get("part", "test"))
    if len(clips) == 0:
        raise DamagedError(f"fold {step.spec['fold']} has no test clip")
    method = _created(runner, step)
    method.restore(read_state(runner.artefact(step.inputs["fit"]).folder))
    name = step.method.name if step.method else "recognizer"
    scores = _check_scores(name, method.predict(clips, ctx), len(clips), len(step.spec["classes"]))
    tensors = {"scores": scores.astype(np.float32)}
    embed = getattr(method, "embed", None)
    if step.spec["embed"] and callable(embed):
        tensors["features"] = _check_features(name, embed(clips, ctx), len(clips))
    save_tensors(folder / SCORES, tensors)
    (folder / "ids.json").write_text(json.dumps(clips.ids))
    return {"reports": ctx.reports, "clips": len(clips)}


def _check_scores(name: str, given: Any, clips: int, classes: int) -> NDArray[np.float64]:
    scores = np.asarray(given)
    if scores.shape != (clips, classes):
        raise ContractError(
            f"{name} returned scores of shape {scores.shape}, not {(clips, classes)}"
        )
    scores = scores.astype(np.float64)
    if not np.isfinite(scores).all():
        raise ContractError(f"{name} returned scores that are not finite")
    total = np.exp(np.logaddexp.reduce(scores, axis=1))
    if np.abs(total - 1).max() > SUM_TOLERANCE:
        raise ContractError(
            f"{name} returned rows whose probabilities sum to {total.min():.3g} to "
            f"{total.max():.3g}, not 1",
            "predict gives log-probabilities (log_softmax), not logits",
        )
    return scores


def _check_features(name: str, given: Any, clips: int) -> NDArray[np.float32]:
    features = np.asarray(given, np.float32)
    if features.ndim != 2 or len(features) != clips or not np.isfinite(features).all():
        raise ContractError(
            f"{name} returned features of shape {features.shape}, not finite rows for {clips} clips"
        )
    return features


def _created(runner: Runner, step: Step) -> Any:
    assert step.method is not None
    return runner.create(step.method)


def _spectrum(step: Step) -> str:
    return str(step.spec["domain"]["spectrum"])


BUILDERS: dict[str, Builder] = {
    "prepare": prepare_clips,
    "fit_translator": fit_translator,
    "translate": translate,
    "fit_recognizer": fit_recognizer,
    "predict": predict,
    "score": score,
}
