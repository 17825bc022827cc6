"""A request and what is in the store become a plan: cells, steps, hit or build, and how long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from irfer_bench.contracts.component import Kind
from irfer_bench.contracts.values import Item
from irfer_bench.data.coverage import choose_default, describe_outside, with_classes
from irfer_bench.data.manifest import Manifest
from irfer_bench.errors import RefusedError, UsageError
from irfer_bench.experiment.dataset_copy import DatasetCopy, find_copy
from irfer_bench.experiment.graph import Cell
from irfer_bench.experiment.graph_maker import GraphMaker
from irfer_bench.experiment.methods import Method, resolve_method
from irfer_bench.experiment.plan import Plan, PlannedCell, request_of
from irfer_bench.experiment.request import Request, params_for
from irfer_bench.experiment.validation import validate
from irfer_bench.experiment.versions import Versions
from irfer_bench.home import check_device, pick_device, pick_precision, user_path
from irfer_bench.registry import Registry
from irfer_bench.settings.kinds import protocol_of
from irfer_bench.settings.setting import Setting

LARGEST_SEED = 2**32 - 1


def _folds(request: Request, setting: Setting, preset: str) -> Sequence[int]:
    """The folds asked for; by default the first in `quick`, all otherwise."""
    if request.folds and request.folds != "all":
        return request.folds
    return (1,) if preset == "quick" and not request.folds else range(1, setting.folds + 1)


def _check_seeds(seeds: Sequence[int]) -> None:
    for seed in seeds:
        if not 0 <= seed <= LARGEST_SEED:
            raise UsageError(f"seed {seed}: seeds are whole numbers from 0 to {LARGEST_SEED}")


@dataclass
class Planner:
    """Makes plans of requests against one registry and one home folder.

    Args:
        scan: read folders of datasets that have no stored manifest; without it their steps have
            no final keys.
        remote: the steps run on another machine, whose devices are not known here.
        manifests: of datasets whose folders were read just now.
    """

    registry: Registry
    home: Path
    weights: Path
    scan: bool = False
    remote: bool = False
    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    _sources: dict[str, DatasetCopy] = field(default_factory=dict)
    _notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._versions = Versions(self.registry)

    def plan(self, requests: Sequence[Request]) -> Plan:
        """The plan of all requests together.

        Raises:
            UsageError: a wrong name or value, or every combination was refused.
            MissingError: data, weights or a plugin is not here.
        """
        for name in ("device", "precision"):
            asked = sorted({getattr(request, name) for request in requests})
            if len(asked) > 1:
                raise UsageError(f"one run has one {name}, not {', '.join(asked)}")
        for request in requests:
            _check_seeds(request.seeds)
        if not self.remote:
            check_device(requests[0].device)
        device = pick_device(requests[0].device)
        precision = pick_precision(requests[0].precision, device)
        plan = Plan([], device, precision)
        metrics = self._versions.versions("metric")
        for name in (name for request in requests for name in request.metrics):
            owned = self.registry.owner("metric", name)
            metrics[name] = self._versions.version(owned)
        maker = GraphMaker(metrics, self._versions.versions("detector"))
        seen: set[str] = set()
        for request in requests:
            for cell in self._cells(request, precision):
                try:
                    validate(cell)
                    score = maker.score_step(cell)
                except RefusedError as error:
                    plan.refusals.append(str(error))
                    plan.refused.append((cell, str(error)))
                    continue
                if score.key not in seen:
                    seen.add(score.key)
                    plan.cells.append(PlannedCell(cell, score, request_of(cell, request, device)))
        if not plan.cells:
            raise RefusedError(plan.refusals[0] if plan.refusals else "nothing was asked for")
        plan.refusals = list(dict.fromkeys(plan.refusals))
        plan.notes = list(dict.fromkeys(self._notes))
        return plan

    def _cells(self, request: Request, precision: str) -> Iterator[Cell]:
        for setting in self._settings(request):
            setting = self._fitted(request, setting)
            preset = request.preset or self._default_preset(setting)
            further = tuple(name for name in request.metrics if name not in setting.metrics)
            if further:
                setting = msgspec.structs.replace(setting, metrics=(*setting.metrics, *further))
            if setting.metrics:
                for name in setting.metrics:
                    self.registry.get("metric", name)
            domains = [d for d in (setting.source, setting.target, setting.extra) if d is not None]
            for detector in {setting.detector, *(domain.detector for domain in domains)}:
                if detector not in ("", "none"):
                    self.registry.get("detector", detector)
            source = self._source(request, setting.dataset)
            foreign = {
                domain.dataset: self._source(request, domain.dataset)
                for domain in domains
                if domain.dataset not in ("", setting.dataset)
            }
            fit_on, fit_on_setting = self._fit_on(request, setting)
            folds = _folds(request, setting, preset)
            translators = list(self._methods(request, "translator", setting, preset))
            recognizers = list(self._recognizers(request, setting, preset))
            for translator in translators:
                for recognizer in recognizers:
                    for fold in folds:
                        for seed in request.seeds or (0,):
                            yield Cell(
                                setting,
                                translator,
                                recognizer,
                                fold,
                                seed,
                                source,
                                foreign,
                                fit_on,
                                fit_on_setting,
                                precision,
                                further,
                            )

    def _settings(self, request: Request) -> list[Setting]:
        if request.settings:
            settings = [self._cropped(request, name) for name in request.settings]
            for setting in settings:
                if request.dataset and setting.dataset != request.dataset:
                    raise UsageError(
                        f"setting {setting.name!r} is of dataset {setting.dataset!r}, "
                        f"not {request.dataset!r}",
                        self._say_likewise(request.dataset, setting),
                    )
            return settings
        dataset = request.dataset or "synth"
        self.registry.get("dataset", dataset)
        settings = self.registry.settings_of(dataset)
        if not settings:
            raise UsageError(f"dataset {dataset!r} has no setting", "irfer-bench list settings")
        # Pairs of another dataset are asked for where this one has none: its simulated setting.
        elsewhere = [
            setting
            for setting in settings
            if request.fit_translator_on and protocol_of(setting).fitting == "elsewhere"
        ]
        return [self._cropped(request, self._default(request, elsewhere or settings).name)]

    def _say_likewise(self, dataset: str, setting: Setting) -> str:
        """Settings of a dataset that ask the same of it, as options."""
        own = self.registry.settings_of(dataset)
        alike = [f"-s {each.name}" for each in own if each.kind == setting.kind]
        return f"say {' or '.join(alike)}" if alike else "leave --dataset out"

    def _default(self, request: Request, settings: Sequence[Setting]) -> Setting:
        """The first setting of which this copy has the items."""
        items = self._items(request, settings[0].dataset)
        chosen, note = choose_default(settings, items or ())
        self._notes += filter(None, [note])
        return chosen

    def _fitted(self, request: Request, setting: Setting) -> Setting:
        """The setting with the classes of the data where it names none; notes what it leaves."""
        items = self._items(request, setting.dataset)
        if items is None:
            return setting
        others = self.registry.settings_of(setting.dataset)
        if note := describe_outside(setting, items, others):
            self._notes.append(note)
        return with_classes(setting, items)

    def _items(self, request: Request, dataset: str) -> Sequence[Item] | None:
        """The items of a copy; None where it was not scanned, or has no files."""
        if not self.registry.needs_root(self.registry.get("dataset", dataset)):
            return None
        manifest = self._source(request, dataset).manifest
        return None if manifest is None else manifest.items

    def _cropped(self, request: Request, name: str) -> Setting:
        """The setting, its faces found as the request says."""
        return self.registry.cropped(
            name,
            detector=request.detector,
            no_face=request.no_face,
            boxes=bool(request.boxes),
        )

    def _default_preset(self, setting: Setting) -> str:
        component = self.registry.get("dataset", setting.dataset)
        embedded = not self.registry.needs_root(component)
        return "quick" if embedded else "paper"

    def _methods(
        self, request: Request, role: str, setting: Setting, preset: str
    ) -> Iterator[Method]:
        names = request.translators if role == "translator" else request.recognizers
        for name in names or (("none",) if role == "translator" else ("pca",)):
            kind: Kind = "translator" if role == "translator" else "recognizer"
            yield resolve_method(
                self.registry,
                kind,
                name,
                preset=preset,
                given=params_for(request.params, role, name),
                weights=self.weights,
                code=self._versions.code(self.registry.owner(kind, name.partition("@")[0])),
            )

    def _recognizers(
        self, request: Request, setting: Setting, preset: str
    ) -> Iterator[Method | None]:
        if protocol_of(setting).judged and not request.recognizers:
            yield None
        else:
            yield from self._methods(request, "recognizer", setting, preset)

    def _fit_on(
        self, request: Request, setting: Setting
    ) -> tuple[DatasetCopy | None, Setting | None]:
        name = request.fit_translator_on
        if not name or name == setting.dataset:
            return None, None
        source = self._source(request, name)
        spectrum = protocol_of(setting).spectrum
        paired = [
            other
            for other in self.registry.settings_of(name)
            if other.source is not None
            and other.target.spectrum in ((spectrum,) if spectrum else ("nir", "lwir"))
        ]
        if not paired:
            wanted = spectrum or "infrared"
            raise RefusedError(f"--fit-translator-on {name}: it has no pairs of vis and {wanted}")
        return source, paired[0]

    def _source(self, request: Request, name: str) -> DatasetCopy:
        root, given = request.data_roots.get(name), request.params.get(name, {})
        brought = (request.landmarks, request.boxes)
        asked = repr((name, root, brought, sorted(given.items())))
        if asked not in self._sources:
            found = find_copy(
                self.registry,
                name,
                home=self.home,
                scan=self.scan,
                roots={} if root is None else {name: user_path(root)},
                landmarks=user_path(request.landmarks) if request.landmarks else None,
                boxes=user_path(request.boxes) if request.boxes else None,
                given=given,
                known=self.manifests.get(name),
            )
            code = self._versions.code(self.registry.owner("dataset", name))
            self._sources[asked] = replace(found, code=code) if code else found
        return self._sources[asked]
