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

from irfer_bench import splits
from irfer_bench.contexts import read_state, save_tensors, write_state
from irfer_bench.data.clips import ClipView, StoredClips, write_clips
from irfer_bench.errors import ContractError, DamagedError, MissingError
from irfer_bench.preparation import FOLDS, prepare_clips
from irfer_bench.scoring import score
from irfer_bench.values import (
    Clip,
    Clips,
    Context,
    Spectrum,
    TrainingData,
    TranslationData,
)

if TYPE_CHECKING:
    from irfer_bench.graph import Step
    from irfer_bench.workshop import Builder, Workshop

SCORES = "scores.safetensors"
SUM_TOLERANCE = 0.01
"""How far the probabilities of an item may be from summing to 1: half precision stays below."""


def fit_translator(shop: Workshop, step: Step, folder: Path) -> Mapping[str, Any]:
    """Fit a translator on the training subjects of one fold."""
    fold, ctx = step.spec["fold"], shop.context(step)
    source = part_of(shop, step.inputs["source"], fold, "train")
    target = part_of(shop, step.inputs["target"], fold, "train")
    target = target.hide_labels()
    data = TranslationData(
        source,
        target,
        splits.match_pairs(source, target),
        _spectrum(step.inputs["source"]),
        _spectrum(step.inputs["target"]),
        bool(shop.artefact(step.inputs["target"]).facts["weak_pairs"]),
    )
    method = _created(shop, step)
    method.fit(data, ctx)
    write_state(folder, method.state())
    return {"reports": ctx.reports, "pairs": len(data.pairs)}


def translate(shop: Workshop, step: Step, folder: Path) -> Mapping[str, Any]:
    """Translate the clips of one part; the same ids in the same order come back."""
    ctx = shop.context(step)
    clips = part_of(shop, step.inputs["clips"], step.spec["fold"], step.spec["part"])
    method = _created(shop, step)
    if "fit" in step.inputs:
        method.restore(read_state(shop.artefact(step.inputs["fit"]).folder))
    if "partners" in step.inputs:
        partners = stored(shop, step.inputs["partners"]).view()
        where = dict(splits.match_pairs(clips, partners))
        clips = clips.pick(where)
        made = method.translate(clips, ctx, partners=partners.pick(where.values()))
    else:
        made = method.translate(clips, ctx)
    name = step.method.name if step.method else "translator"
    count = write_clips(folder, _checked(name, clips, made, ctx, step.spec["spectrum"]))
    inherited = shop.artefact(step.inputs["clips"]).facts
    (folder / FOLDS).write_text((shop.artefact(step.inputs["clips"]).folder / FOLDS).read_text())
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
        yield replace(clip, spectrum=spectrum)


def fit_recognizer(shop: Workshop, step: Step, folder: Path) -> Mapping[str, Any]:
    """Fit a recognizer on source and target of one fold, leaks and empty classes refused."""
    spec, ctx = step.spec, shop.context(step)
    where = f"fold {spec['fold']}"
    first = next(iter(step.inputs.values()), None)
    if first is None:
        raise DamagedError(f"{step.title}: there is nothing to train on")
    empty = stored(shop, first).view().pick(())
    source = target = unlabelled = empty
    if "source" in step.inputs:
        source = part_of(shop, step.inputs["source"], spec["fold"], "train")
    if "target" in step.inputs:
        whole = part_of(shop, step.inputs["target"], spec["fold"], "train")
        target = splits.draw_shots(
            whole,
            spec["classes"],
            spec["shots"],
            draw=spec["draw"],
            where=where,
            fewer=_incomplete(shop, step.inputs["target"]),
        )
        if spec["unlabelled"]:
            unlabelled = whole.hide_labels()
    checked = _check_leak(shop, step, {"source": source, "target": target}, where)
    target, validation = splits.carve(target, spec["validation"], spec["draw"])
    small = any(_incomplete(shop, given) for given in step.inputs.values())
    absent = splits.check_classes([source, target], spec["classes"], where, fewer=small)
    data = TrainingData(source, target, unlabelled, validation, tuple(spec["classes"]))
    method = _created(shop, step)
    method.fit(data, ctx)
    write_state(folder, method.state())
    return {
        "reports": ctx.reports,
        "source": len(source),
        "target": len(target),
        "absent": absent,
        "subjects": "checked" if checked else "unchecked",
    }


def _incomplete(shop: Workshop, step: Step) -> bool:
    return bool(shop.artefact(_origin(step)).facts["incomplete"])


def _check_leak(shop: Workshop, step: Step, views: Mapping[str, ClipView], where: str) -> bool:
    """Refuse training clips of the fold's test subjects; another dataset's people are others."""
    named = (name for name in ("target", "source") if name in step.inputs)
    origins = {name: _origin(step.inputs[name]) for name in named}
    reference = next(iter(origins.values()))
    test = part_of(shop, reference, step.spec["fold"], "test")
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


def predict(shop: Workshop, step: Step, folder: Path) -> Mapping[str, Any]:
    """Log-probabilities of the test clips, and features where the recognizer has them."""
    ctx = shop.context(step)
    clips = part_of(shop, step.inputs["clips"], step.spec["fold"], step.spec.get("part", "test"))
    if len(clips) == 0:
        raise DamagedError(f"fold {step.spec['fold']} has no test clip")
    method = _created(shop, step)
    method.restore(read_state(shop.artefact(step.inputs["fit"]).folder))
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


def part_of(shop: Workshop, step: Step, fold: int, part: str) -> ClipView:
    """The training or test clips of a fold, from prepared or translated clips."""
    view = stored(shop, step).view()
    if step.kind == "translate" or part == "all" or fold == 0:
        return view
    folds = json.loads((shop.artefact(step).folder / FOLDS).read_text())
    if fold > len(folds):
        raise DamagedError(
            f"{step.title}: fold {fold} was asked for and there are {len(folds)}",
            "too few subjects are there",
        )
    return splits.split(view, frozenset(folds[fold - 1]), part)


def stored(shop: Workshop, step: Step) -> StoredClips:
    """An artefact's clips, opened once."""
    artefact = shop.artefact(step)
    return shop.remember(step.key, lambda: StoredClips(artefact.folder, step.key))


def _created(shop: Workshop, step: Step) -> Any:
    assert step.method is not None
    return shop.create(step.method)


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
