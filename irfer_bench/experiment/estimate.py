"""Estimated time of a step, from the last similar step on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from irfer_bench.errors import DamagedError
from irfer_bench.store.files import read_json, write_json

if TYPE_CHECKING:
    from irfer_bench.experiment.graph import Step
    from irfer_bench.store.artefacts import Store

TIMES = "times.json"
EXPECTED = {"prepare": 6.0, "score": 4.0, "predict": 3.0}
"""Seconds on two cores before anything was timed; only for the embedded benchmark."""

FOREVER = 1e9
"""Seconds that no step takes; a number beyond them, or none, was not measured."""


def estimate(times: Mapping[str, float], step: Step) -> float | None:
    """Seconds, from `known_times` of a similar step, else from the component's own estimate."""
    known = times.get(_name(step))
    if known is not None:
        return known
    if step.method is None:
        return EXPECTED.get(step.kind)
    if step.method.preset != "quick":
        return None
    stage = "fit" if step.kind.startswith("fit") else "apply"
    return step.method.params.quick_seconds.get(stage, EXPECTED.get(step.kind, 1.0))


class Countdown:
    """Estimated time left of a plan, corrected by the measured times of its finished steps.

    Args:
        steps: all steps to build.
    """

    def __init__(self, steps: Iterable[Step], store: Store) -> None:
        self._open = {step.key: step for step in steps}
        self._store = store

    def finish(self, steps: Iterable[Step]) -> None:
        """Remove steps that were built or failed."""
        for step in steps:
            self._open.pop(step.key, None)

    def seconds(self) -> float:
        """Estimated seconds; a step without a measured time counts as the mean of the others."""
        times = known_times(self._store)
        known = [t for step in self._open.values() if (t := estimate(times, step)) is not None]
        return sum(known) * len(self._open) / len(known) if known else 0.0


def remember(store: Store, step: Step, seconds: float) -> None:
    """Store the measured time of a step."""
    times = dict(known_times(store)) | {_name(step): round(seconds, 2)}
    with store.writing():
        write_json(store.root / TIMES, times)


def known_times(store: Store) -> dict[str, float]:
    """Seconds by kind of step, method and data; a damaged file counts as empty."""
    try:
        found = read_json(store.root / TIMES)
    except DamagedError:
        return {}
    pairs = found.items() if isinstance(found, dict) else ()
    return {
        name: float(value)
        for name, value in pairs
        if isinstance(value, int | float) and 0 <= value < FOREVER
    }


def _name(step: Step) -> str:
    method = f"{step.method.component.name}/{step.method.preset}" if step.method else ""
    dataset = step.source.name if step.source else ""
    part = str(getattr(step.spec, "part", ""))
    return f"{step.kind} {method}{dataset} {part}".strip()
