"""Steps and their keys: a cell becomes a graph of pure functions, made without touching data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from irfer_bench.data.frame_rules import pick
from irfer_bench.errors import MissingError, RefusedError, UsageError
from irfer_bench.experiment.dataset_copy import DatasetCopy
from irfer_bench.experiment.methods import Method
from irfer_bench.settings.setting import Domain, Setting
from irfer_bench.store import keys

StepKind = Literal["prepare", "fit_translator", "translate", "fit_recognizer", "predict", "score"]
DRAWS = 1000
"""Bootstrap draws behind every interval."""


@dataclass(frozen=True, eq=False)
class Step:
    """One artefact to be: what it is made of (`spec`), from which others, by which method."""

    kind: StepKind
    title: str
    spec: Mapping[str, Any]
    inputs: Mapping[str, Step] = field(default_factory=dict)
    method: Method | None = None
    source: DatasetCopy | None = None
    key: str = field(init=False)

    def __post_init__(self) -> None:
        whole = {"step": self.kind, **self.spec, "from": {k: v.key for k, v in self.inputs.items()}}
        object.__setattr__(self, "key", keys.digest(whole))

    def walk(self) -> Iterator[Step]:
        """This step and all it needs, needed ones first, each once."""
        seen: set[str] = set()
        yield from self._walk(seen)

    def _walk(self, seen: set[str]) -> Iterator[Step]:
        for step in self.inputs.values():
            if step.key not in seen:
                yield from step._walk(seen)
        if self.key not in seen:
            seen.add(self.key)
            yield self


@dataclass(frozen=True)
class Cell:
    """What one record is about."""

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

    @property
    def row(self) -> tuple[str, str, str]:
        """Setting, translator and recognizer as a board names them."""
        recognizer = self.recognizer.row_name if self.recognizer else "-"
        return self.setting.name, self.translator.row_name, recognizer

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
    if setting.stored:
        _check_stored(setting)
    detector = domain.detector or setting.detector
    spec = {
        "dataset": source.identity(),
        "domain": {k: v for k, v in msgspec.to_builtins(domain).items() if k != "detector"},
        "classes": list(setting.classes),
        "frames": setting.frames,
        "unit": setting.unit,
        "size": setting.size,
        "detector": detector,
        "crop": setting.crop,
        "range_16bit": setting.range_16bit,
    }
    if setting.stored:
        spec["stored"] = setting.stored
    if detector != "none":
        spec["no_face"] = setting.no_face
        spec["detector_version"] = detectors[detector]
    parts = " ".join((domain.spectrum, *domain.lightings, *domain.parts, *domain.splits))
    return Step("prepare", f"prepare {source.name} {parts}", spec, source=source)


def _check_stored(setting: Setting) -> None:
    if setting.unit != "item":
        raise UsageError(
            f"setting {setting.name!r} scores single frames and stores others ({setting.stored})",
            "stored frames are of whole items: unit = 'item'",
        )
    pick(setting.stored, 1)


@dataclass
class GraphMaker:
    """Makes steps of cells; a step that two cells share is made once."""

    metrics: Mapping[str, str]
    detectors: Mapping[str, str] = field(default_factory=dict)
    made: dict[Any, Step] = field(default_factory=dict)

    def score_step(self, cell: Cell) -> Step:
        """The last step of a cell, with all it needs.

        Raises:
            RefusedError: the combination has no meaning.
        """
        refuse(cell)
        kind = cell.setting.kind
        target = self.prepare(cell, cell.setting.target)
        source = self.prepare(cell, cell.setting.source) if cell.setting.source else None
        translated = self._test_partners(cell, source, target)
        inputs: dict[str, Step] = {"target": target}
        if translated is not None and kind != "simulated":  # which has no true partner
            inputs["translated"] = translated
        if cell.recognizer is not None:
            fitted = self._fit_recognizer(cell, source, target)
            test = translated if kind == "simulated" and translated is not None else target
            inputs["predict"] = self._predict(cell, fitted, test, translated is not None)
            if translated is not None and kind != "simulated":
                inputs["pair_predict"] = self._predict(
                    cell, fitted, translated, True, "partners "
                )
        spec = {
            "setting": [cell.setting.name, cell.setting.version],
            "fold": cell.fold,
            "classes": list(cell.setting.classes),
            "draws": DRAWS,
            "metrics": {name: self.metrics[name] for name in cell.setting.metrics},
        }
        if cell.setting.tested == "all":
            spec["part"] = "all"
        return self._step("score", "score", spec, inputs)

    def prepare(self, cell: Cell, domain: Domain) -> Step:
        """Clips of one domain: read, cropped, resized and decoded once."""
        setting = cell.setting
        source = cell.foreign[domain.dataset] if _foreign(domain, setting) else cell.source
        return self._prepare_on(cell, setting, domain, source)

    def _prepare_on(
        self, cell: Cell, setting: Setting, domain: Domain, source: DatasetCopy
    ) -> Step:
        """Clips by the rules of `setting`, in the size of the cell's own."""
        sized = msgspec.structs.replace(setting, size=cell.setting.size)
        step = prepare_step(sized, domain, source, self.detectors)
        return self.made.setdefault(step.key, step)

    def _fit_translator(self, cell: Cell, source: Step, target: Step) -> Step | None:
        method = cell.translator
        if not method.flag("trains", True):
            return None
        fold = cell.fold
        if cell.fit_on is not None:
            other = cell.fit_on_setting
            if other is None or other.source is None:
                raise RefusedError(
                    f"--fit-translator-on {cell.fit_on.name}: it has no paired setting"
                )
            source = self._prepare_on(cell, other, other.source, cell.fit_on)
            target = self._prepare_on(cell, other, other.target, cell.fit_on)
            fold = 0
        spec = {
            **method.identity("fit"),
            "fold": fold,
            "hidden": True,
            "seed": cell.seed if cell.setting.translator_seeds else 0,
            "precision": cell.precision,
        }
        return self._step(
            "fit_translator",
            f"fit {method.name}",
            spec,
            {"source": source, "target": target},
            method,
        )

    def _translate(self, cell: Cell, source: Step, target: Step, clips: Step, part: str) -> Step:
        method = cell.translator
        spec = {
            **method.identity("apply"),
            "part": part,
            "spectrum": cell.setting.target.spectrum,
            "fold": cell.fold if part != "all" else 0,
            "seed": cell.seed if cell.setting.translator_seeds else 0,
            "precision": cell.precision,
        }
        inputs = {"clips": clips}
        fitted = self._fit_translator(cell, source, target)
        if fitted is not None:
            inputs["fit"] = fitted
        else:
            spec["params"] = msgspec.to_builtins(method.params)
            spec["inputs"] = dict(method.inputs)
        if method.flag("partners"):
            inputs["partners"] = target
        return self._step("translate", f"translate {part} by {method.name}", spec, inputs, method)

    def _test_partners(self, cell: Cell, source: Step | None, target: Step) -> Step | None:
        kind = cell.setting.kind
        if source is None or kind == "supervised":
            return None
        if kind == "augmented" and cell.translator.flag("adds_nothing"):
            return None
        if cell.setting.source is not None and _foreign(cell.setting.source, cell.setting):
            return None
        return self._translate(cell, source, target, source, "test")

    def _fit_recognizer(self, cell: Cell, source: Step | None, target: Step) -> Step:
        setting, method = cell.setting, cell.recognizer
        assert method is not None
        inputs: dict[str, Step] = {}
        kind = setting.kind
        if kind == "augmented" and setting.extra is not None:
            if not cell.translator.flag("adds_nothing"):
                assert source is not None
                extra = self.prepare(cell, setting.extra)
                inputs["source"] = self._translate(cell, source, target, extra, "all")
        elif kind in ("weak", "cross") and source is not None:
            foreign = setting.source is not None and _foreign(setting.source, setting)
            part = "all" if foreign else "train"
            inputs["source"] = self._translate(cell, source, target, source, part)
        elif kind == "simulated" and source is not None:
            inputs["source"] = source
            inputs["target"] = self._translate(cell, source, target, source, "train")
        if kind in ("augmented", "weak", "supervised", "quality"):
            inputs["target"] = target
        spec = {
            **method.identity("fit"),
            "fold": cell.fold,
            "classes": list(setting.classes),
            "shots": setting.shots if kind in ("weak", "simulated") else None,
            "draw": cell.seed % setting.draws,
            "unlabelled": setting.unlabelled,
            "validation": setting.validation,
            "seed": cell.seed,
            "precision": cell.precision,
        }
        return self._step("fit_recognizer", f"fit {method.name}", spec, inputs, method)

    def _predict(
        self, cell: Cell, fitted: Step, clips: Step, embed: bool, what: str = ""
    ) -> Step:
        method = cell.recognizer
        assert method is not None
        spec = {
            **method.identity("apply"),
            "fold": cell.fold,
            "embed": embed,
            "classes": list(cell.setting.classes),
            "seed": cell.seed,
            "precision": cell.precision,
        }
        if cell.setting.tested == "all":
            spec["part"] = "all"
        inputs = {"fit": fitted, "clips": clips}
        return self._step("predict", f"predict {what}by {method.name}", spec, inputs, method)

    def _step(
        self,
        kind: StepKind,
        title: str,
        spec: Mapping[str, Any],
        inputs: Mapping[str, Step],
        method: Method | None = None,
        source: DatasetCopy | None = None,
    ) -> Step:
        step = Step(kind, title, spec, inputs, method, source)
        return self.made.setdefault(step.key, step)


def refuse(cell: Cell) -> None:
    """Refuse, in one line, a combination that has no meaning.

    Raises:
        RefusedError: with the reason.
    """
    setting, translator = cell.setting, cell.translator
    if not 1 <= cell.fold <= setting.folds:
        raise RefusedError(f"{setting.name} has folds 1 to {setting.folds}, not {cell.fold}")
    if setting.kind == "supervised" and not translator.flag("adds_nothing"):
        raise RefusedError(
            f"{setting.name} trains and tests on one domain: translator {translator.name!r} "
            "would not be used",
            "say --translator none, or choose another setting of irfer-bench show "
            f"{setting.dataset}",
        )
    if not setting.paired and translator.flag("partners"):
        raise RefusedError(
            f"translator {translator.name!r} gives the true partner and {setting.name} has none"
        )
    if not setting.paired and translator.flag("pairs") and cell.fit_on is None:
        raise RefusedError(
            f"translator {translator.name!r} is fitted on pairs and {setting.name} has none",
            "say --fit-translator-on DATASET, or choose a translator that needs no pairs",
        )
    if setting.kind == "quality" and translator.flag("adds_nothing"):
        raise RefusedError(f"{setting.name} measures images and {translator.name!r} makes none")
    if translator.flag("partners") and setting.kind in ("augmented", "cross", "simulated"):
        raise RefusedError(
            f"translator {translator.name!r} gives the true partner, and what {setting.name} "
            "translates has none",
            "use it in a weak or quality setting",
        )
    if cell.recognizer is None and setting.kind != "quality":
        raise RefusedError(f"{setting.name} scores a recognizer and none was asked for")
    unpaired = setting.kind == "simulated" or (
        setting.kind == "cross" and setting.source is not None and _foreign(setting.source, setting)
    )
    if unpaired and cell.fit_on is None and translator.flag("trains", True):
        raise MissingError(
            f"{setting.name} has no pairs to fit {translator.name!r} on",
            "say --fit-translator-on DATASET and its --data-root",
        )


def _foreign(domain: Domain, setting: Setting) -> bool:
    return domain.dataset not in ("", setting.dataset)
