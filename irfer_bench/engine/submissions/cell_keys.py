"""A record's key, computed again from what the record says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, product
from typing import Any, cast, get_args

import msgspec

from irfer_bench.contracts.component import Spectrum
from irfer_bench.contracts.params import stage_values
from irfer_bench.contracts.record import MethodFacts, Record
from irfer_bench.errors import BenchError
from irfer_bench.experiment.graph_maker import DRAWS
from irfer_bench.experiment.steps import Score, Translate
from irfer_bench.registry import OWN, Registry
from irfer_bench.store import keys

MOST = 40
"""Steps of a record; a cell has a dozen at most."""
PARTNERS = "predict partners "
SEARCHED = 5_000
"""Keys that are tried; an honest record needs some dozens."""


def find_key_fault(record: Record, registry: Registry) -> tuple[str, bool]:
    """Why the key is not that of the record's own steps, or empty; and whether it could be told.

    The key is the digest of setting, fold, classes, metrics and the keys of the steps that were
    scored. A translator without a fit turns all clips at once: the key of a fold's part follows
    from its parameters.
    """
    if not record.steps:
        return "names no step", True
    if len(record.steps) > MOST:
        return f"names {len(record.steps)} steps; a cell has at most {MOST}", True
    if record.steps[-1].kind != "score" or record.steps[-1].key != record.key:
        return "the last step is not the score that the key is of", True
    spec = msgspec.to_builtins(_score(record))
    for tried, inputs in enumerate(_inputs(record, registry)):
        if tried > SEARCHED:
            break
        for part in ({}, {"part": "all"}):
            if keys.digest({**spec, **part, "from": inputs}) == record.key:
                return "", True
    if not _is_known(record, registry):
        return "", False
    return "the key is not that of the setting, fold, classes, metrics and steps it names", True


def _score(record: Record) -> Score:
    cell = record.cell
    return Score(
        setting=(cell.setting, cell.setting_version),
        fold=cell.fold,
        classes=record.classes,
        draws=DRAWS,
        metrics={name: value.version for name, value in record.metrics.items()},
    )


def _inputs(record: Record, registry: Registry) -> Iterator[Mapping[str, str]]:
    """What the score may have been computed from: target, translated clips and predictions."""
    given = {
        "pair_predict" if step.title.startswith(PARTNERS) else "predict": step.key
        for step in record.steps
        if step.kind == "predict"
    }
    translated = chain([None], _keys(record, "translate"), _parts(record, registry))
    for made in translated:
        for target in _keys(record, "prepare"):
            yield {"target": target, **given, **({"translated": made} if made else {})}


def _keys(record: Record, kind: str) -> list[str]:
    return [step.key for step in record.steps if step.kind == kind]


def _parts(record: Record, registry: Registry) -> Iterator[str]:
    """Keys of the test part of clips that were translated once for all folds."""
    prepared, fits = _keys(record, "prepare"), _keys(record, "fit_translator")
    if not _keys(record, "translate") or (fits and not record.cell.fit_translator_on):
        return
    own, cell = _identity(record.translator, registry, fitted=bool(fits)), record.cell
    if own is None:
        return
    for spectrum, seed in product((*get_args(Spectrum), None), sorted({0, cell.seed})):
        spec = msgspec.to_builtins(
            Translate(
                **own,
                part="test",
                spectrum=cast("Spectrum | None", spectrum),
                fold=cell.fold,
                seed=seed,
                precision=cell.precision,
            )
        )
        for clips, partners in product(prepared, (None, *prepared)):
            given = {"clips": clips} | ({"partners": partners} if partners else {})
            for fit in fits or [""]:
                yield keys.digest({**spec, "from": given | ({"fit": fit} if fit else {})})


def _identity(method: MethodFacts, registry: Registry, *, fitted: bool) -> dict[str, Any] | None:
    identity: dict[str, Any] = {
        "component": method.name, "distribution": method.distribution, "version": method.version
    }  # fmt: skip
    if not fitted:
        return identity | {"params": method.params, "inputs": method.inputs}
    try:
        own = registry.owner("translator", method.name)
        params = msgspec.convert(method.params, registry.params_class(own.component))
        return identity | {"params": stage_values(params, "apply")}
    except (BenchError, ValueError):  # not installed, or in another version
        return None


def _is_known(record: Record, registry: Registry) -> bool:
    """Whether everything that enters the key stands in the record: no code under development."""
    fitted = bool(_keys(record, "fit_translator"))
    if not _keys(record, "translate") or (fitted and not record.cell.fit_translator_on):
        return True
    known = _identity(record.translator, registry, fitted=fitted) is not None
    return known and record.translator.distribution == OWN
