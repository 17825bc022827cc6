"""Construction of the graph of steps of a cell, without reading data."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

import msgspec

from irfer_bench.errors import RefusedError
from irfer_bench.experiment.dataset_copy import DatasetCopy
from irfer_bench.experiment.graph import Cell, Step, prepare_step
from irfer_bench.experiment.methods import Method
from irfer_bench.experiment.steps import FitRecognizer, FitTranslator, Predict, Score, Translate
from irfer_bench.settings.kinds import Protocol, Subset, Use, is_foreign
from irfer_bench.settings.setting import Domain, Setting

DRAWS = 1000
"""Bootstrap draws behind every interval."""


@dataclass
class GraphMaker:
    """Makes steps of cells; a step that two cells share is made once.

    Args:
        metrics, detectors: version by name.
    """

    metrics: Mapping[str, str]
    detectors: Mapping[str, str] = field(default_factory=dict)
    _made: dict[Hashable, Step] = field(default_factory=dict)
    _protocols: dict[tuple[Setting, Method], Protocol] = field(default_factory=dict)

    def score_step(self, cell: Cell) -> Step:
        """The last step of a cell that was validated, with all it needs."""
        protocol = self._protocol(cell)
        target = self.prepare(cell, cell.setting.target)
        test = self._clips(cell, protocol.test)
        inputs: dict[str, Step] = {"target": target}
        takes: dict[str, Subset] = {"target": "test"}
        behind = {"test": test}
        compared = None if protocol.compared is None else self._clips(cell, protocol.compared)
        if compared is not None:
            inputs["translated"], takes["translated"] = compared, "test"
            behind["sources"], takes["sources"] = compared.inputs["clips"], "test"
        if cell.recognizer is not None:
            fitted = self._fit_recognizer(cell, protocol)
            embed = compared is not None or protocol.test.translated
            inputs["predict"] = self._predict(cell, fitted, test, protocol.test.subset, embed)
            if compared is not None:
                inputs["pair_predict"] = self._predict(
                    cell, fitted, compared, "test", True, "partners "
                )
        spec = Score(
            setting=(cell.setting.name, cell.setting.version),
            fold=cell.fold,
            classes=list(cell.setting.classes),
            draws=DRAWS,
            metrics={name: self.metrics[name] for name in cell.setting.metrics},
            part="all" if cell.setting.tested == "all" else "",
        )
        takes["test"] = protocol.test.subset
        return Step("score", spec, inputs, takes, behind)

    def prepare(self, cell: Cell, domain: Domain) -> Step:
        """Clips of one domain: read, cropped, resized and decoded once."""
        setting = cell.setting
        source = cell.foreign[domain.dataset] if is_foreign(setting, domain) else cell.source
        return self._prepare_on(cell, setting, domain, source)

    def _prepare_on(
        self, cell: Cell, setting: Setting, domain: Domain, source: DatasetCopy
    ) -> Step:
        """Clips by the rules of `setting`, in the size of the cell's own."""

        def make() -> Step:
            sized = msgspec.structs.replace(setting, size=cell.setting.size)
            return prepare_step(sized, domain, source, self.detectors)

        return self._once(("prepare", setting, cell.setting.size, domain, source), make)

    def _protocol(self, cell: Cell) -> Protocol:
        asked = (cell.setting, cell.translator)
        if asked not in self._protocols:
            self._protocols[asked] = cell.protocol
        return self._protocols[asked]

    def _clips(self, cell: Cell, use: Use) -> Step:
        """The step whose clips are used, of which the consumer takes the subset."""
        domain: Domain | None = getattr(cell.setting, use.role)
        if domain is None:
            raise RefusedError(f"{cell.setting.name} names no {use.role} and its kind needs one")
        clips = self.prepare(cell, domain)
        return self._translate(cell, clips, use.subset) if use.translated else clips

    def _fit_translator(self, cell: Cell) -> Step | None:
        method, setting, on = cell.translator, cell.setting, cell.source
        if not method.traits["trains"]:
            return None
        if cell.fit_on is not None and cell.fit_on_setting is not None:
            setting, on = cell.fit_on_setting, cell.fit_on
        if setting.source is None:
            raise RefusedError(f"{setting.name} has no source to fit {method.name!r} on")
        if cell.fit_on is None:
            source, target = (self.prepare(cell, d) for d in (setting.source, setting.target))
        else:
            source = self._prepare_on(cell, setting, setting.source, on)
            target = self._prepare_on(cell, setting, setting.target, on)
        fold, seed = 0 if cell.fit_on else cell.fold, self._translator_seed(cell)

        def make() -> Step:
            spec = FitTranslator(
                **method.identity("fit"),
                fold=fold,
                hidden=True,
                seed=seed,
                precision=cell.precision,
            )
            return Step(
                f"fit {method.name}",
                spec,
                {"source": source, "target": target},
                {"source": "train", "target": "train"} if fold else {},
                method=method,
            )

        return self._once(("fit", method, source, target, fold, seed, cell.precision), make)

    def _translate(self, cell: Cell, clips: Step, subset: Subset) -> Step:
        """Translated clips: of one fold's subset where the translator was fitted on the fold, else
        of all folds at once."""
        method, fitted = cell.translator, self._fit_translator(cell)
        once = fitted is None or cell.fit_on is not None
        title = f"translate {'train and test' if once and subset != 'all' else subset}"
        subset = "all" if once else subset
        fold, seed = 0 if subset == "all" else cell.fold, self._translator_seed(cell)
        spectrum = self._protocol(cell).spectrum
        if spectrum is None:
            other = cell.fit_on_setting or cell.setting
            spectrum = other.target.spectrum
        partners = None
        if method.traits["partners"]:
            partners = self.prepare(cell, cell.setting.target)

        def make() -> Step:
            identity = method.identity("apply")
            if fitted is None:  # without a fit, the weights are in no key yet
                identity |= {
                    "params": msgspec.to_builtins(method.params),
                    "inputs": dict(method.inputs),
                }
            spec = Translate(
                **identity,
                part=subset,
                spectrum=spectrum,
                fold=fold,
                seed=seed,
                precision=cell.precision,
            )
            inputs = {"clips": clips}
            inputs |= {"fit": fitted} if fitted is not None else {}
            inputs |= {"partners": partners} if partners is not None else {}
            return Step(f"{title} by {method.name}", spec, inputs, {"clips": subset}, method=method)

        asked = ("translate", method, fitted, clips, partners, subset, fold, seed, spectrum,
                 cell.precision)  # fmt: skip
        return self._once(asked, make)

    def _translator_seed(self, cell: Cell) -> int:
        return cell.seed if cell.setting.translator_seeds else 0

    def _fit_recognizer(self, cell: Cell, protocol: Protocol) -> Step:
        setting, method = cell.setting, cell.recognizer
        assert method is not None
        inputs: dict[str, Step] = {}
        takes: dict[str, Subset] = {}
        behind: dict[str, Step] = {}
        for name, use in (("source", protocol.source), ("target", protocol.target)):
            if use is not None:
                domain: Domain = getattr(setting, use.role)
                inputs[name], takes[name] = self._clips(cell, use), use.subset
                behind[f"prepared_{name}"] = self.prepare(cell, domain)
        draw = cell.seed % setting.draws

        def make() -> Step:
            spec = FitRecognizer(
                **method.identity("fit"),
                fold=cell.fold,
                classes=list(setting.classes),
                shots=setting.shots if protocol.shots else None,
                draw=draw,
                unlabelled=setting.unlabelled,
                validation=setting.validation,
                seed=cell.seed,
                precision=cell.precision,
            )
            return Step(f"fit {method.name}", spec, inputs, takes, behind, method)

        asked = ("fit", setting, method, *inputs.values(), cell.fold, cell.seed, cell.precision)
        return self._once(asked, make)

    def _predict(
        self, cell: Cell, fitted: Step, clips: Step, subset: Subset, embed: bool, what: str = ""
    ) -> Step:
        method = cell.recognizer
        assert method is not None
        spec = Predict(
            **method.identity("apply"),
            fold=cell.fold,
            embed=embed,
            classes=list(cell.setting.classes),
            seed=cell.seed,
            precision=cell.precision,
            part="all" if cell.setting.tested == "all" else "",
        )
        takes: dict[str, Subset] = {"clips": subset}
        return Step(
            f"predict {what}by {method.name}",
            spec,
            {"fit": fitted, "clips": clips},
            takes,
            method=method,
        )

    def _once(self, asked: Hashable, make: Callable[[], Step]) -> Step:
        found = self._made.get(asked)
        if found is None:
            found = self._made[asked] = make()
        return found
