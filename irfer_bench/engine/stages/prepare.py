"""Stage that turns the items of one domain into stored clips and stores the folds."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

from irfer_bench.contracts.component import Component
from irfer_bench.contracts.interfaces import Dataset
from irfer_bench.contracts.params import Params
from irfer_bench.contracts.values import Item, Problem
from irfer_bench.data.boxes import crops_digest
from irfer_bench.data.clips import StoredClips
from irfer_bench.data.coverage import labels_outside
from irfer_bench.data.domains import select_items
from irfer_bench.data.manifest import INCOMPLETE, refuse_blocking
from irfer_bench.data.preparation.rules import Rules
from irfer_bench.data.preparation.shards import Recipe, move_shards, prepare_shards
from irfer_bench.data.scanning import scan
from irfer_bench.engine.stages import FOLDS
from irfer_bench.engine.stages.work import Inputs, Work
from irfer_bench.errors import DamagedError
from irfer_bench.experiment.dataset_copy import DatasetCopy
from irfer_bench.experiment.steps import Prepare, Prepared
from irfer_bench.home import home
from irfer_bench.settings.setting import Domain
from irfer_bench.store import keys

BOXES = "boxes.json"
"""Per item the squares cut out, in pixels of the original, and the 16-bit range behind 0 to 255."""


def prepare_clips(spec: Prepare, inputs: Inputs, work: Work) -> Prepared:
    """Read, crop, resize and decode one domain once, and store the folds."""
    source, folder = work.source, work.folder
    assert source is not None
    dataset = work.registry.create(source.component, source.params)
    items, problems = _listed(dataset, source)
    domain = msgspec.convert(spec.domain, Domain)
    chosen = select_items(source.name, items, domain, spec.classes)
    recipe = _recipe(work, source, spec)
    boxes = prepare_shards(recipe, chosen, items, work.kept, work.context.progress)
    move_shards(work.kept, folder)
    (folder / BOXES).write_text(json.dumps(boxes))
    known = [item for item in items if item.label in spec.classes]
    folds = [sorted(fold) for fold in dataset.folds(known)]
    (folder / FOLDS).write_text(json.dumps(folds))
    made = StoredClips(folder, work.title)
    if not len(made):
        raise DamagedError(
            f"{work.title}: {spec.detector} found no face in any of {len(chosen)} items",
            "choose another --detector, or --no-face whole",
        )
    return Prepared(
        clips=len(made),
        items=len(chosen),
        problems=[msgspec.to_builtins(problem) for problem in problems],
        incomplete=any(problem.kind in INCOMPLETE for problem in problems),
        weak_pairs=any(item.weak_pair for item in chosen),
        landmarks=any(made.clip(k).landmarks is not None for k in (0, len(made) - 1)),
        detector=spec.detector,
        no_face=sum(len(facts.get("no_face", ())) for facts in boxes.values()),
        without_audio=sum(row["sample_rate"] is None for row in made.rows),
        files=sum(facts.get("files", 0) for facts in boxes.values()),
        coded=sum(facts.get("coded", 0) for facts in boxes.values()),
        crops=crops_digest(boxes),
        folds=keys.digest(folds),
        align=spec.align,
        every=spec.every,
        outside={} if source.root is None else labels_outside(items, domain, spec.classes),
    )


def _listed(dataset: Dataset, source: DatasetCopy) -> tuple[tuple[Item, ...], Sequence[Problem]]:
    """All items and problems; an error where it is unclear which items count."""
    if source.root is None:
        items, problems = tuple(dataset.index(None)), tuple(dataset.problems(None))
    else:
        manifest = scan(dataset, source.root, name=source.name, home=home(), stamp=source.stamp)
        # Not `usable()`: a damaged image stops the run, whether or not it was checked before.
        items, problems = manifest.items, manifest.problems
    refuse_blocking(source.name, problems)
    return items, problems


def _recipe(work: Work, source: DatasetCopy, spec: Prepare) -> Recipe:
    rules = Rules(
        frames=spec.frames,
        stored=spec.stored,
        coding=spec.coding,
        unit=spec.unit,
        size=spec.size,
        detector=spec.detector,
        crop=spec.crop,
        no_face=spec.no_face or "whole",
        range_16bit=spec.range_16bit,
        align=spec.align,
        every=spec.every,
    )
    detector = _detector(work, spec)
    return Recipe(
        source.component,
        source.params,
        source.root,
        rules,
        work.context.weights,
        *detector,
        source.landmarks,
        source.boxes,
    )


def _detector(work: Work, spec: Prepare) -> tuple[Component | None, Params]:
    """The detector and its parameters; None for `none`, which takes the centre square."""
    if spec.detector == "none":
        return None, Params()
    component = work.registry.get("detector", spec.detector)
    return component, work.registry.params_class(component)()
