"""A record's key, computed again from what the record says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

import msgspec

from irfer_bench.contracts.record import Record
from irfer_bench.engine.submissions.step_keys import SEARCHED, Inputs, StepKeys
from irfer_bench.experiment.graph_maker import DRAWS
from irfer_bench.experiment.steps import Score
from irfer_bench.registry import OWN, Registry
from irfer_bench.settings.setting import Setting
from irfer_bench.store import keys

MOST = 24
"""Steps of a record; a cell has a dozen at most."""
PARTNERS = "predict partners "


def find_key_faults(record: Record, registry: Registry, setting: Setting | None) -> Iterator[str]:
    """Contradictions between the key, the steps and what the record says of them.

    The key is the digest of setting, fold, classes, metrics and the keys of the steps that were
    scored. A translator without a fit turns all clips at once: the key of a fold's part follows
    from its parameters.

    Args:
        setting: as registered, of the record's version; None where it is not.
    """
    if not record.steps:
        yield "names no step"
    elif len(record.steps) > MOST:
        yield f"names {len(record.steps)} steps; a cell has at most {MOST}"
    elif record.steps[-1].kind != "score" or record.steps[-1].key != record.key:
        yield "the last step is not the score that the key is of"
    else:
        steps = StepKeys(record, registry, setting)
        found = record.key in islice(_candidates(record, steps), SEARCHED)
        if not found and _can_tell(record, steps):
            yield "the key is not that of the setting, fold, classes, metrics and steps it names"
        yield from steps.find_faults()


def _can_tell(record: Record, steps: StepKeys) -> bool:
    """Whether everything that enters the key stands in the record: no code under development."""
    if not steps.named("translate") or not steps.all_at_once:
        return True
    return steps.translating() is not None and record.translator.distribution == OWN


def _candidates(record: Record, steps: StepKeys) -> Iterator[str]:
    cell = record.cell
    spec = Score(
        setting=(cell.setting, cell.setting_version),
        fold=cell.fold,
        classes=record.classes,
        draws=DRAWS,
        metrics={name: value.version for name, value in record.metrics.items()},
    )
    values = msgspec.to_builtins(spec)
    for inputs in _inputs(record, steps):
        yield keys.digest({**values, "from": inputs})
        yield keys.digest({**values, "part": "all", "from": inputs})


def _inputs(record: Record, steps: StepKeys) -> Iterator[Inputs]:
    """What the score may have been computed from: target, translated clips and predictions."""
    given = {
        "pair_predict" if step.title.startswith(PARTNERS) else "predict": step.key
        for step in record.steps
        if step.kind == "predict"
    }
    made = steps.named("translate")
    taken = steps.translated(("test",), (record.cell.fold,)) if made and steps.all_at_once else ()
    for translated in chain([None], made, taken):
        for target in steps.prepared:
            yield {"target": target, **given, **({"translated": translated} if translated else {})}
