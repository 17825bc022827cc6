"""Steps and their keys, and the cell that a graph of steps is made for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

import msgspec

from irfer_bench.data.frame_rules import pick
from irfer_bench.errors import UsageError
from irfer_bench.experiment.dataset_copy import DatasetCopy
from irfer_bench.experiment.methods import Method
from irfer_bench.experiment.steps import Prepare, Spec, Translate
from irfer_bench.settings.kinds import Protocol, Subset, protocol_of
from irfer_bench.settings.setting import Domain, Setting
from irfer_bench.store import keys

if TYPE_CHECKING:
    from irfer_bench.store.artefacts import Store

StepKind = Literal["prepare", "fit_translator", "translate", "fit_recognizer", "predict", "score"]


@dataclass(frozen=True, eq=False)
class Step:
    """One artefact to build: its specification, its inputs and its method.

    Args:
        takes: the subset of each input's clips that is used; `all` by default.
        behind: steps behind the inputs that are read too; the key holds them through the inputs.
    """

    title: str
    spec: Spec
    inputs: Mapping[str, Step] = field(default_factory=dict)
    takes: Mapping[str, Subset] = field(default_factory=dict)
    behind: Mapping[str, Step] = field(default_factory=dict)
    method: Method | None = None
    source: DatasetCopy | None = None
    key: str = field(init=False)
    _subsets: dict[tuple[Subset, int], str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self._digest(self.spec))

    def _digest(self, spec: Spec) -> str:
        fold = getattr(spec, "fold", 0)
        given = {
            name: step.subset_key(self.takes.get(name, "all"), fold)
            for name, step in self.inputs.items()
        }
        return keys.digest({**msgspec.to_builtins(spec), "from": given})

    @property
    def kind(self) -> StepKind:
        return cast(StepKind, self.spec.__struct_config__.tag)

    @property
    def reads(self) -> Mapping[str, Step]:
        """Every step whose artefact this one reads, by name."""
        return {**self.inputs, **self.behind} if self.behind else self.inputs

    @property
    def prepared(self) -> Step:
        """The step that prepared the clips which this one holds or translated."""
        return self if isinstance(self.spec, Prepare) else self.inputs["clips"].prepared

    @property
    def parts(self) -> dict[str, str]:
        """Owners of the shared parts that this step may build, by name."""
        if self.method is None or not self.kind.startswith("fit"):
            return {}
        return {name: self.method.owner_of(name) for name in self.method.component.parts}

    def subset_key(self, subset: Subset, fold: int) -> str:
        """Key of a subset of the step's clips.

        Clips that are translated once and split afterwards go by the key that translating the
        subset alone would have, so that later keys do not depend on how the clips are stored.
        """
        spec = self.spec
        if not isinstance(spec, Translate) or spec.part != "all" or subset == "all":
            return self.key
        known = self._subsets.get((subset, fold))
        if known is None:
            known = self._digest(msgspec.structs.replace(spec, part=subset, fold=fold))
            self._subsets[subset, fold] = known
        return known

    def walk(self) -> Iterator[Step]:
        """This step and all its inputs, inputs first, each once."""
        seen: set[str] = set()
        yield from self._walk(seen)

    def _walk(self, seen: set[str]) -> Iterator[Step]:
        for step in self.inputs.values():
            if step.key not in seen:
                yield from step._walk(seen)
        if self.key not in seen:
            seen.add(self.key)
            yield self


def needed_steps(step: Step, store: Store, seen: set[str] | None = None) -> Iterator[Step]:
    """The steps that building one takes, inputs first; stored ones, and what only they read, not.

    Args:
        seen: keys that are left out; those that are yielded are added.
    """
    seen = set() if seen is None else seen
    if step.key in seen:
        return
    seen.add(step.key)
    if store.has(step.key):
        return
    for other in step.reads.values():
        if other.key not in seen:
            yield from needed_steps(other, store, seen)
    yield step


@dataclass(frozen=True)
class Cell:
    """One experiment: setting, translator, recognizer, fold and seed.

    Args:
        metrics: requested in addition to the setting's; `setting.metrics` holds both.
    """

    setting: Setting
    translator: Method
    recognizer: Method | None
    fold: int
    seed: int
    source: DatasetCopy
    foreign: Mapping[str, DatasetCopy]
    fit_on: DatasetCopy | None
    fit_on_setting: Setting | None
    precision: str
    metrics: tuple[str, ...] = ()

    @property
    def row(self) -> tuple[str, str, str]:
        """Setting, translator and recognizer as a board names them."""
        recognizer = self.recognizer.row_name if self.recognizer else "-"
        return self.setting.name, self.translator.row_name, recognizer

    @property
    def protocol(self) -> Protocol:
        """The setting's protocol with this translator."""
        return protocol_of(self.setting, adds_nothing=self.translator.traits["adds_nothing"])

    @property
    def reads_unlabelled(self) -> bool:
        """Whether target images without labels are trained on: by a translator that is fitted on
        them although the recognizer is granted few labels, or by the recognizer."""
        translator = self.translator.traits["trains"] and self.fit_on is None
        granted = self.setting.unlabelled and self.recognizer is not None
        return granted or (translator and self.protocol.reads_unlabelled)

    def __str__(self) -> str:
        setting, translator, recognizer = self.row
        return f"{setting} {translator} × {recognizer} fold {self.fold} seed {self.seed}"


def prepare_step(
    setting: Setting, domain: Domain, source: DatasetCopy, detectors: Mapping[str, str]
) -> Step:
    """The step that turns one domain of a dataset into the setting's clips.

    Args:
        detectors: version by name.

    Raises:
        UsageError: the setting stores other frames than it scores and scores single frames.
    """
    if setting.stored or setting.coding != "raw":
        _check_stored(setting)
    detector = domain.detector or setting.detector
    spec = Prepare(
        dataset=source.identity(),
        domain={k: v for k, v in msgspec.to_builtins(domain).items() if k != "detector"},
        classes=list(setting.classes),
        frames=setting.frames,
        stored=setting.stored,
        coding=setting.coding,
        unit=setting.unit,
        size=setting.size,
        detector=detector,
        crop=setting.crop,
        range_16bit=setting.range_16bit,
        no_face=None if detector == "none" else setting.no_face,
        detector_version="" if detector == "none" else detectors[detector],
        align="" if domain.detector == "none" else setting.align,
        every=1 if detector == "none" else setting.every,
    )
    parts = " ".join((domain.spectrum, *domain.lightings, *domain.parts, *domain.splits))
    return Step(f"prepare {source.name} {parts}", spec, source=source)


def _check_stored(setting: Setting) -> None:
    if setting.unit != "item":
        raise UsageError(
            f"setting {setting.name!r} scores single frames and stores others "
            f"({setting.stored or setting.coding})",
            "stored frames are of whole items: unit = 'item'",
        )
    pick(setting.stored or setting.frames, 1)
