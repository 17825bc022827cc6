"""Keys of a record's steps, computed again from the parameters, weights and seeds it names.

Steps of built-in components in their installed version only: what else enters the key of another
one, such as code under development, stands in no record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product
from typing import Any, get_args

import msgspec

from irfer_bench.contracts.component import Spectrum
from irfer_bench.contracts.params import Stage, stages
from irfer_bench.contracts.record import MethodFacts, Record, StepFacts
from irfer_bench.errors import BenchError
from irfer_bench.experiment.steps import FitRecognizer, FitTranslator, Predict, Spec, Translate
from irfer_bench.registry import OWN, Registry
from irfer_bench.settings.kinds import protocol_of
from irfer_bench.settings.setting import Setting
from irfer_bench.store import keys

Inputs = Mapping[str, str]
SEARCHED = 20_000
"""Keys of a step that are tried; an honest record needs some dozens."""


class StepKeys:
    """What the keys of one record's steps may be.

    Args:
        setting: as registered, of the record's version; None where it is not.
    """

    def __init__(self, record: Record, registry: Registry, setting: Setting | None) -> None:
        self.record, self.registry, self.setting = record, registry, setting
        self.prepared = self.named("prepare")
        self.fits = self.named("fit_translator")
        self.folds = (0, record.cell.fold)
        seeded = None if setting is None else setting.translator_seeds
        seed = record.cell.seed
        self.seeds = sorted({0, seed}) if seeded is None else [seed if seeded else 0]
        spectrum = None if setting is None else protocol_of(setting).spectrum
        self.spectra = (spectrum,) if spectrum else (*get_args(Spectrum), None)

    def named(self, kind: str) -> list[str]:
        """The keys of the record's steps of a kind."""
        return [step.key for step in self.record.steps if step.kind == kind]

    def find_faults(self) -> Iterator[str]:
        """Steps whose keys do not follow from what the record says of them."""
        if not (_is_own(self.registry, "translator", self.record.translator) and self.setting):
            return
        recognizer = self.record.recognizer
        known = recognizer is None or _is_own(self.registry, "recognizer", recognizer)
        for step in self.record.steps:
            if step.kind in ("fit_recognizer", "predict") and not known:
                continue
            candidates = self._candidates(step)
            if candidates is not None and step.key not in islice(candidates, SEARCHED):
                yield (
                    f"step {step.title[:80]!r}: the key is not that of the parameters, weights, "
                    "fold and seed the record names"
                )

    def _candidates(self, step: StepFacts) -> Iterator[str] | None:
        if step.kind == "fit_translator":
            return self._fitted_translators()
        if step.kind == "translate":
            return self.translated(("train", "test", "all"), self.folds)
        if step.kind == "fit_recognizer":
            return self._fitted_recognizers()
        return self._predictions() if step.kind == "predict" else None

    def _fitted_translators(self) -> Iterator[str]:
        identity = _identity(self.registry, "translator", self.record.translator, "fit")
        for fold, seed in product(self.folds, self.seeds):
            spec = FitTranslator(
                **identity, fold=fold, hidden=True, seed=seed, precision=self.record.cell.precision
            )
            yield from _digests(spec, _pairs(self.prepared, self.prepared))

    def translating(self) -> dict[str, Any] | None:
        """The translator in the keys of what it translated; None where its stages are unknown."""
        method = self.record.translator
        if self.fits:
            try:
                return _identity(self.registry, "translator", method, "apply")
            except BenchError:
                return None
        own = {"component": method.name, "distribution": method.distribution}
        return own | {
            "version": method.version, "params": method.params, "inputs": method.inputs
        }  # fmt: skip

    def translated(self, parts: Iterable[Any], folds: Iterable[int]) -> Iterator[str]:
        """Keys of translated clips: of a step, or of the part of a fold that is taken of one."""
        identity = self.translating()
        if identity is None:
            return
        given = [
            {"clips": clips} | own | ({"partners": partners} if partners else {})
            for clips, partners in product(self.prepared, (None, *self.prepared))
            for own in ([{"fit": fit} for fit in self.fits] or [{}])
        ]
        for part, fold, seed, spectrum in product(parts, folds, self.seeds, self.spectra):
            spec = Translate(
                **identity,
                part=part,
                spectrum=spectrum,
                fold=fold,
                seed=seed,
                precision=self.record.cell.precision,
            )
            yield from _digests(spec, given)

    def _clips(self) -> list[str]:
        """Keys of clips that a recognizer may have been fitted on, or predicted."""
        made = self.named("translate")
        fold = (self.record.cell.fold,)
        taken = self.translated(("train", "test"), fold) if made and self.all_at_once else ()
        return [*self.prepared, *made, *taken]

    @property
    def all_at_once(self) -> bool:
        """Whether clips of all folds were translated in one step."""
        return not self.fits or bool(self.record.cell.fit_translator_on)

    def _fitted_recognizers(self) -> Iterator[str]:
        record, setting = self.record, self.setting
        assert record.recognizer is not None and setting is not None
        clips = self._clips()
        for shots in dict.fromkeys((setting.shots, None)):
            spec = FitRecognizer(
                **_identity(self.registry, "recognizer", record.recognizer, "fit"),
                fold=record.cell.fold,
                classes=record.classes,
                shots=shots,
                draw=record.cell.seed % setting.draws,
                unlabelled=setting.unlabelled,
                validation=setting.validation,
                seed=record.cell.seed,
                precision=record.cell.precision,
            )
            yield from _digests(spec, _pairs([None, *clips], [None, *clips]))

    def _predictions(self) -> Iterator[str]:
        record, clips = self.record, self._clips()
        assert record.recognizer is not None
        given = [{"fit": fit, "clips": own} for fit in self.named("fit_recognizer")
                 for own in clips]  # fmt: skip
        for embed, part in product((False, True), ("", "all")):
            spec = Predict(
                **_identity(self.registry, "recognizer", record.recognizer, "apply"),
                fold=record.cell.fold,
                embed=embed,
                classes=record.classes,
                seed=record.cell.seed,
                precision=record.cell.precision,
                part=part,
            )
            yield from _digests(spec, given)


def _pairs(sources: Iterable[str | None], targets: Iterable[str | None]) -> list[Inputs]:
    return [
        {name: key for name, key in (("source", one), ("target", other)) if key is not None}
        for one, other in product(sources, targets)
    ]


def _digests(spec: Spec, given: Iterable[Inputs]) -> Iterator[str]:
    values = msgspec.to_builtins(spec)
    for inputs in given:
        yield keys.digest({**values, "from": inputs})


def _is_own(registry: Registry, role: Any, facts: MethodFacts) -> bool:
    """Whether a method is a built-in one in the installed version, with its parameters."""
    try:
        component = registry.get(role, facts.name)
        fields = set(registry.params_class(component).__struct_fields__)
    except BenchError:
        return False
    return (facts.distribution, facts.version, set(facts.params)) == (
        OWN, component.version, fields,
    )  # fmt: skip


def _identity(registry: Registry, role: Any, facts: MethodFacts, stage: Stage) -> dict[str, Any]:
    """As `Method.identity` makes it."""
    known = stages(registry.params_class(registry.get(role, facts.name)))
    own = {name: value for name, value in facts.params.items() if known.get(name) == stage}
    identity: dict[str, Any] = {
        "component": facts.name,
        "distribution": facts.distribution,
        "version": facts.version,
        "params": own,
    }
    return identity | ({"inputs": facts.inputs} if stage == "fit" and facts.inputs else {})
