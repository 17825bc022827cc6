"""The six steps, each a function from artefacts and a method to one artefact."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from irfer_bench import keys, splits
from irfer_bench.contexts import read_state, save_tensors, write_state
from irfer_bench.data.boxes import crops_digest
from irfer_bench.data.clips import ClipView, StoredClips, write_clips
from irfer_bench.data.manifest import scan
from irfer_bench.data.rules import Rules
from irfer_bench.data.shards import Recipe, move_shards, prepare_shards
from irfer_bench.errors import ContractError, DamagedError, MissingError
from irfer_bench.home import home
from irfer_bench.params import Params
from irfer_bench.scoring import score
from irfer_bench.settings import Domain
from irfer_bench.values import (
    Clip,
    Clips,
    Component,
    Context,
    Item,
    Spectrum,
    TrainingData,
    TranslationData,
)

if TYPE_CHECKING:
    from irfer_bench.graph import Step
    from irfer_bench.workshop import Builder, Workshop

FOLDS = "folds.json"
BOXES = "boxes.json"
"""Per item the squares cut out, in the owner's pixels, and the 16-bit range behind 0 to 255."""
SCORES = "scores.safetensors"
SUM_TOLERANCE = 0.01
"""How far the probabilities of an item may be from summing to 1: half precision stays below."""


def prepare_clips(shop: Workshop, step: Step, folder: Path) -> Mapping[str, Any]:
    """Read, crop, resize and decode one domain once; keep the folds beside it."""
    source, spec = step.source, step.spec
    assert source is not None
    dataset = shop.registry.create(source.component, source.params)
    if source.root is None:
        items, problems, incomplete = tuple(dataset.index(None)), [], False
    else:
        manifest = scan(dataset, source.root, name=source.name, home=home(), stamp=source.stamp)
        manifest.require()
        # Not `usable()`: a damaged picture stops the run, whether or not it was checked before.
        items, incomplete = manifest.items, manifest.incomplete
        problems = [msgspec.to_builtins(p) for p in manifest.problems]
    domain = msgspec.convert(spec["domain"], Domain)
    chosen = [item for item in items if in_domain(item, domain, spec["classes"])]
    if not chosen:
        raise MissingError(
            f"{source.name}: no item is "
            + " ".join((domain.spectrum, *domain.lightings, *domain.parts)),
            f"irfer-bench data items {source.name} lists what is there",
        )
    place = shop.store.unfinished(step.key)
    recipe = Recipe(
        source.component,
        source.params,
        source.root,
        Rules(
            frames=spec["frames"],
            unit=spec["unit"],
            size=spec["size"],
            detector=spec["detector"],
            crop=spec["crop"],
            no_face=spec.get("no_face", "whole"),
            range_16bit=spec["range_16bit"],
        ),
        shop.weights,
        *_detector(shop, spec),
        source.landmarks,
        source.boxes,
    )
    boxes = prepare_shards(recipe, chosen, items, place, shop.screen.progress)
    move_shards(place, folder)
    (folder / BOXES).write_text(json.dumps(boxes))
    known = [item for item in items if item.label in spec["classes"]]
    folds = [sorted(fold) for fold in dataset.folds(known)]
    (folder / FOLDS).write_text(json.dumps(folds))
    made = StoredClips(folder, step.key)
    if not len(made):
        raise DamagedError(
            f"{step.title}: {spec['detector']} found no face in any of {len(chosen)} items",
            "choose another detector, or no_face = whole",
        )
    return {
        "clips": len(made),
        "items": len(chosen),
        "problems": problems,
        "incomplete": incomplete,
        "weak_pairs": any(item.weak_pair for item in chosen),
        "landmarks": any(made.clip(k).landmarks is not None for k in (0, len(made) - 1)),
        "detector": spec["detector"],
        "no_face": sum(len(facts.get("no_face", ())) for facts in boxes.values()),
        "crops": crops_digest(boxes),
        "folds": keys.digest(folds),
    }


def _detector(shop: Workshop, spec: Mapping[str, Any]) -> tuple[Component | None, Params]:
    """Who finds faces; None for `none`, which takes the centre square."""
    if spec["detector"] == "none":
        return None, Params()
    component = shop.registry.get("detector", spec["detector"])
    return component, shop.registry.params_class(component)()


def in_domain(item: Item, domain: Domain, classes: Sequence[str | None]) -> bool:
    """Whether an item plays a role."""
    return (
        item.spectrum == domain.spectrum
        and item.label in classes
        and (not domain.lightings or item.lighting in domain.lightings)
        and (item.part in domain.parts if domain.parts else True)
        and (not domain.splits or item.split in domain.splits)
    )


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
            fewer=bool(shop.artefact(_origin(step.inputs["target"])).facts["incomplete"]),
        )
        if spec["unlabelled"]:
            unlabelled = whole.hide_labels()
    checked = _check_leak(shop, step, {"source": source, "target": target}, where)
    target, validation = splits.carve(target, spec["validation"], spec["draw"])
    splits.check_classes([source, target], spec["classes"], where)
    data = TrainingData(source, target, unlabelled, validation, tuple(spec["classes"]))
    method = _created(shop, step)
    method.fit(data, ctx)
    write_state(folder, method.state())
    return {
        "reports": ctx.reports,
        "source": len(source),
        "target": len(target),
        "subjects": "checked" if checked else "unchecked",
    }


def _check_leak(shop: Workshop, step: Step, views: Mapping[str, ClipView], where: str) -> bool:
    """Refuse training clips of the fold's test subjects; another dataset's people are others."""
    named = (name for name in ("target", "source") if name in step.inputs)
    origins = {name: _origin(step.inputs[name]) for name in named}
    reference = next(iter(origins.values()))
    test = part_of(shop, reference, step.spec["fold"], "test")
    own = [views[name] for name, origin in origins.items() if _same_people(origin, reference)]
    return splits.check_leak(own, test, where)


def _origin(step: Step) -> Step:
    return step if step.kind == "prepare" else _origin(step.inputs["clips"])


def _same_people(one: Step, other: Step) -> bool:
    return bool(one.spec["dataset"]["name"] == other.spec["dataset"]["name"])


def predict(shop: Workshop, step: Step, folder: Path) -> Mapping[str, Any]:
    """Log-probabilities of the test clips, and features where the recognizer has them."""
    ctx = shop.context(step)
    clips = part_of(
        shop, step.inputs["clips"], step.spec["fold"], step.spec.get("part", "test")
    )
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
