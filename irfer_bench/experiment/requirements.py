"""What the steps of a plan need, looked at before anything is computed.

Data are looked at by their lists of items, weights and packages by their files; no image is decoded
(one is, where a dataset may have landmarks of its own) and torch is not imported.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.contracts.params import resolve
from irfer_bench.data.boxes import read_boxes
from irfer_bench.data.subsets import match_pairs
from irfer_bench.errors import BenchError, DamagedError, MissingError
from irfer_bench.experiment.audio_needs import check_audio
from irfer_bench.experiment.component_needs import check_component
from irfer_bench.experiment.graph import Step, needed_steps
from irfer_bench.experiment.item_views import ItemInput, ItemView, Listing, prepared_view
from irfer_bench.experiment.landmark_needs import check_landmarks
from irfer_bench.experiment.methods import Method, resolve_traits
from irfer_bench.experiment.steps import (
    FitRecognizer,
    FitTranslator,
    Predict,
    Prepare,
    Score,
    Translate,
)
from irfer_bench.experiment.training import choose_training

if TYPE_CHECKING:
    from irfer_bench.experiment.dataset_copy import DatasetCopy
    from irfer_bench.experiment.plan import Plan
    from irfer_bench.registry import Registry
    from irfer_bench.store.artefacts import Store


@dataclass
class Requirements:
    """Looks at steps, each once."""

    registry: Registry
    weights: Path
    _failed: dict[str, BenchError | None] = field(default_factory=dict)
    _views: dict[str, ItemView] = field(default_factory=dict)
    _listings: dict[int, Listing] = field(default_factory=dict)

    def check(self, step: Step) -> None:
        """Raise what building this step would raise for want of data, packages or weights.

        Raises:
            MissingError: something is not there. DamagedError: a file or a split is damaged.
        """
        if step.key not in self._failed:
            try:
                self._check(step)
                self._failed[step.key] = None
            except BenchError as error:
                self._failed[step.key] = error
        failed = self._failed[step.key]
        if failed is not None:
            raise failed

    def stored_bytes(self, step: Step) -> int:
        """About how much a step of images will store; 0 of other steps and of trusted data.

        Images as JPEG files take a sixth of their pixels.
        """
        if not isinstance(step.spec, Prepare | Translate) or self._is_trusted(step):
            return 0
        prepared = step.prepared.spec
        assert isinstance(prepared, Prepare)
        pixels = 3 * prepared.size**2 * sum(row.frames for row in self._view(step).rows)
        coded = step is step.prepared and prepared.coding == "jpeg95"
        return pixels // 6 if coded else pixels

    def _check(self, step: Step) -> None:
        spec, method = step.spec, step.method
        if method is not None:
            check_component(self.registry, method.component, method.params, self.weights)
        if isinstance(spec, Prepare) and spec.detector != "none":
            self._check_detector(step, spec)
        if self._is_trusted(step):
            return
        if isinstance(spec, Prepare):
            self._view(step)
        elif isinstance(spec, FitTranslator):
            self._check_fit(step)
        elif isinstance(spec, FitRecognizer):
            self._check_training(step, spec)
        elif isinstance(spec, Predict) and not len(self._input(step, "clips").clips()):
            raise DamagedError(f"fold {spec.fold} has no test clip")
        elif isinstance(spec, Score):
            self._check_test(step, spec)

    def _check_detector(self, step: Step, spec: Prepare) -> None:
        component = self.registry.get("detector", spec.detector)
        params = self.registry.params_class(component)()
        check_component(self.registry, component, params, self.weights)
        params.inputs(self.weights)
        source, reads = step.source, component.traits.get("reads")
        assert source is not None
        if reads == "boxes":
            if source.boxes is None:
                raise MissingError(
                    f"detector {spec.detector!r} has no boxes",
                    "pass --boxes FILE, such as a kept boxes.json",
                )
            read_boxes(source.boxes)
        if reads == "landmarks" and not self._is_trusted(step):
            rows = self._view(step).rows
            check_landmarks(f"detector {spec.detector!r}", rows, self._listing(source))

    def _check_fit(self, step: Step) -> None:
        method = step.method
        assert method is not None
        given = {name: self._input(step, name) for name in ("source", "target")}
        views = {name: each.clips() for name, each in given.items()}
        for name, view in views.items():
            if not len(view):
                raise MissingError(f"{step.title}: there is no {name} clip to fit it on")
        if method.traits["pairs"] and not match_pairs(views["source"], views["target"]):
            raise MissingError(
                f"translator {method.name!r} is fitted on pairs, and no training clip of the "
                "target has its partner in the source",
                "choose a translator that needs no pairs, or --fit-translator-on DATASET",
            )
        if not method.traits["landmarks"]:
            return
        finders = [
            component.name
            for component in self.registry.components("detector")
            if component.traits.get("landmarks")
        ]
        ways = [f"find them with --detector {' or '.join(finders)}"] if finders else []
        ways += [f"say {name}, which needs none" for name in _without_landmarks(method)[:1]]
        for name, each in given.items():
            prepared = step.inputs[name].spec
            if isinstance(prepared, Prepare) and prepared.detector not in finders:
                rows = views[name].rows
                check_landmarks(f"translator {method.name!r}", rows, each.listing, ways)

    def _check_training(self, step: Step, spec: FitRecognizer) -> None:
        inputs = {name: self._input(step, name) for name in step.reads}
        chosen = choose_training(spec, inputs, step.title)
        check_audio(step.method, chosen.views.values(), inputs.values())
        seen = {label for name in ("source", "target") for label in chosen.views[name].labels}
        if len(seen) < 2 <= len(spec.classes):
            raise MissingError(
                f"fold {spec.fold}: all training clips are {', '.join(map(str, seen))}",
                "a recognizer needs two classes or more",
            )

    def _check_test(self, step: Step, spec: Score) -> None:
        if "predict" not in step.inputs:
            made, true = (self._input(step, name).clips() for name in ("translated", "target"))
            if not match_pairs(made, true):
                raise MissingError(
                    f"fold {spec.fold} has no test clip with its partner in the other spectrum",
                    "images are compared with their true partners",
                )
            return
        seen = set(self._input(step, "test").clips().labels)
        if len(seen) < 2 <= len(spec.classes):
            raise MissingError(
                f"fold {spec.fold}: all test clips are {', '.join(map(str, seen))}",
                "no score means anything with fewer than two classes",
            )

    def _input(self, step: Step, name: str) -> ItemInput:
        given = step.reads[name]
        fold = int(getattr(step.spec, "fold", 0))
        source = given.prepared.source
        assert source is not None
        return ItemInput(
            given, self._view(given), self._listing(source), fold, step.takes.get(name, "all")
        )

    def _view(self, step: Step) -> ItemView:
        if step.key not in self._views:
            self._views[step.key] = self._make_view(step)
        return self._views[step.key]

    def _make_view(self, step: Step) -> ItemView:
        if isinstance(step.spec, Prepare):
            assert step.source is not None
            return prepared_view(step.spec, self._listing(step.source))
        view = self._input(step, "clips").clips()
        if "partners" in step.inputs:
            true = self._view(step.inputs["partners"])
            view = view.pick(i for i, _ in match_pairs(view, true))
        return view

    def _listing(self, source: DatasetCopy) -> Listing:
        if id(source) not in self._listings:
            self._listings[id(source)] = Listing(self.registry, source)
        return self._listings[id(source)]

    def _is_trusted(self, step: Step) -> bool:
        """Whether all data behind a step are generated by default parameters.

        They are equal everywhere, so that a setting's own tests show what can be run.
        """
        return all(
            source.root is None and source.params == type(source.params)()
            for source in _sources(step)
        )


def refuse_lacking(plan: Plan, requirements: Requirements, store: Store) -> None:
    """Make refusals of the cells that lack something; stored steps are not looked at.

    Raises:
        BenchError: no cell is left, or the disk is too small for the clips.
    """
    kept, failed, room = [], [], 0
    looked: set[str] = set()
    for planned in plan.cells:
        try:
            for step in needed_steps(planned.score, store):
                requirements.check(step)
                if step.key not in looked:
                    looked.add(step.key)
                    room += requirements.stored_bytes(step)
        except BenchError as error:
            reason = f"{planned.cell.setting.name}: {error}"
            failed.append(error)
            plan.refused.append((planned.cell, reason))
            plan.refusals.append(reason)
            plan.lacking.add(error.exit_code)
        else:
            kept.append(planned)
    if failed and not kept:
        raise failed[0]
    plan.cells = kept
    plan.refusals = list(dict.fromkeys(plan.refusals))
    _require_room(room, store)


def _require_room(room: int, store: Store) -> None:
    if not room:
        return
    place = next(each for each in (store.root, *store.root.absolute().parents) if each.exists())
    free = shutil.disk_usage(place).free
    if room > free:
        raise DamagedError(
            f"about {room / 2**30:.1f} GiB of images are to be stored in {store.root} and "
            f"{free / 2**30:.1f} GiB are free",
            "free some, or point IRFER_BENCH_HOME at another disk",
        )


def _without_landmarks(method: Method) -> list[str]:
    """Variants of a method that need no landmarks, the fullest last announced first."""
    name, cls = method.component.name, type(method.params)
    made = {
        variant: resolve(cls, component=name, variant=variant, preset=method.preset)
        for variant in cls.variants
    }
    traits = {each: resolve_traits(method.component, params) for each, params in made.items()}
    return [f"{name}@{each}" for each in reversed(traits) if not traits[each]["landmarks"]]


def _sources(step: Step) -> Iterator[DatasetCopy]:
    return (each.source for each in step.walk() if each.source is not None)
