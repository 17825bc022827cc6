"""Fitted methods loaded from the store by the record of their cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec
import numpy as np

from irfer_bench.contracts.params import resolve, stages
from irfer_bench.contracts.values import Clip, Scores
from irfer_bench.errors import MissingError, UsageError
from irfer_bench.experiment.graph import Step, StepKind
from irfer_bench.experiment.methods import Method, check_weights
from irfer_bench.experiment.steps import Predict, Spec, Translate
from irfer_bench.orchestration.arrays import Frames, as_clips
from irfer_bench.orchestration.reporter import SilentReporter
from irfer_bench.orchestration.session import Session
from irfer_bench.settings.setting import Setting
from irfer_bench.store.records import Record, read_record
from irfer_bench.store.state import read_state

if TYPE_CHECKING:
    from irfer_bench.engine.runner import Runner
    from irfer_bench.registry import Registry

Role: TypeAlias = Literal["translator", "recognizer"]


@dataclass(frozen=True)
class Fitted:
    """Fitted translator and recognizer of one cell.

    Args:
        record: of the cell. setting: its protocol; its `size` is the side of the images.
        translator, recognizer: instances of the plugin's classes, their state restored;
            `recognizer` is None in a cell without one.
    """

    record: Record
    setting: Setting
    translator: Any
    recognizer: Any
    _steps: Mapping[str, Step]
    _runner: Runner

    def __repr__(self) -> str:
        setting, translator, recognizer = self.record.row
        cell = self.record.cell
        return f"<{translator} × {recognizer}, fitted on {setting}, fold {cell.fold}>"

    @property
    def classes(self) -> tuple[str, ...]:
        """The columns of `predict`."""
        return self.setting.classes

    def translate(self, clips: Frames) -> list[Clip]:
        """Translated clips, in order.

        Args:
            clips: visible uint8 RGB images (N, H, W, 3), videos (N, T, H, W, 3), or clips.

        Raises:
            UsageError: another type, shape or size, or the translator needs true partners.
        """
        step = self._steps["translator"]
        assert step.method is not None
        if step.method.traits["partners"]:
            raise UsageError(f"{step.title} needs the true partner of every image")
        spectrum = self.setting.source.spectrum if self.setting.source else "vis"
        given = as_clips(clips, spectrum, self.setting.size)
        return list(self.translator.translate(given, self._runner.context(step)))

    def predict(self, clips: Frames) -> Scores:
        """(N, classes) log-probabilities, in order.

        Args:
            clips: target-domain images, videos or clips, as for `translate`.

        Raises:
            UsageError: another type, shape or size, or the cell has no recognizer.
        """
        if self.recognizer is None:
            raise UsageError(f"{self.record.row[1]} on {self.setting.name} has no recognizer")
        given = as_clips(clips, self.setting.target.spectrum, self.setting.size)
        if not len(given):
            return np.empty((0, len(self.classes)), np.float32)
        context = self._runner.context(self._steps["recognizer"])
        return np.asarray(self.recognizer.predict(given, context))


def load(record: Record | str | Path) -> Fitted:
    """The fitted methods behind a record.

    Args:
        record: of a run on this machine, or its file.

    Raises:
        MissingError: the store no longer holds them, or that version is not installed.
        DamagedError: the file is not a valid record.
    """
    found = record if isinstance(record, Record) else read_record(Path(record))
    _check_fitted(found)
    session = Session.open(SilentReporter())
    facts: dict[str, Any] = msgspec.to_builtins(found)
    runner = session.runner(facts["machine"].get("device") or "cpu", facts["cell"]["precision"])
    setting = session.registry.setting(facts["cell"]["setting"])
    if not setting.classes:
        setting = msgspec.structs.replace(setting, classes=tuple(found.classes))
    loader = _Loader(session, runner, facts)
    steps = {"translator": loader.step("translator")}
    recognizer = None
    if facts["recognizer"] is not None:
        steps["recognizer"] = loader.step("recognizer")
        recognizer = loader.restored(steps["recognizer"], "fit_recognizer")
    translator = loader.restored(steps["translator"], "fit_translator")
    return Fitted(found, setting, translator, recognizer, steps, runner)


def load_method(
    session: Session, record: Record, role: Role, device: str, given: Mapping[str, Any]
) -> tuple[Method, Step, Any, Runner]:
    """The fitted translator or recognizer behind a record, some parameters of its use changed.

    Args:
        given: field to value; only parameters that are used after training.

    Returns:
        The method, the step in whose context it is used, the instance, and a runner.

    Raises:
        UsageError: a given parameter changes what is trained. MissingError: as `load`.
    """
    _check_fitted(record)
    facts: dict[str, Any] = msgspec.to_builtins(record)
    runner = session.runner(device, facts["cell"]["precision"])
    loader = _Loader(session, runner, facts, given)
    step = loader.step(role)
    assert step.method is not None
    fit: StepKind = "fit_translator" if role == "translator" else "fit_recognizer"
    return step.method, step, loader.restored(step, fit), runner


def method_of(
    registry: Registry, role: Role, used: Mapping[str, Any], given: Mapping[str, Any]
) -> Method:
    """The method that a record or an exported state names, with its own parameters.

    Args:
        used: what `Method.describe` gave. given: parameters of its use that are changed.

    Raises:
        UsageError: a given parameter changes what is trained. MissingError: the component is not
            here, or in another version.
    """
    owned = registry.owner(role, f"{used['distribution']}:{used['name']}")
    if owned.component.version != used["version"]:
        raise MissingError(
            f"{used['name']} is here in version {owned.component.version or '(none)'}, the "
            f"fitted state needs {used['version'] or '(none)'}",
            "install the plugin that made it, or run the cell again",
        )
    cls = registry.params_class(owned.component)
    for name in given:
        if stages(cls).get(name) == "fit":
            raise UsageError(
                f"{used['name']}.{name} changes what is trained, and the record is fitted",
                "run again with another value",
            )
    params = resolve(cls, component=used["name"], given={**used["params"], **given})
    return Method(
        owned.component, owned.distribution, used["variant"], used["preset"], params,
        used["inputs"], used["given"],
    )  # fmt: skip


def _check_fitted(record: Record) -> None:
    if record.outcome != "ok":
        raise MissingError(f"the record is of a cell that {record.outcome}: nothing was fitted")


@dataclass(frozen=True)
class _Loader:
    session: Session
    runner: Runner
    facts: Mapping[str, Any]
    given: Mapping[str, Any] = field(default_factory=dict)

    def step(self, role: Role) -> Step:
        """The step that uses the method of this role."""
        method = method_of(self.session.registry, role, self.facts[role], self.given)
        cell = self.facts["cell"]
        known = {**method.identity("apply"), "fold": cell["fold"], "precision": cell["precision"]}
        if role == "translator":
            applied: Spec = Translate(**known, part="all", spectrum=None, seed=0)
            return Step(f"translate by {method.name}", applied, method=method)
        spec = Predict(**known, embed=False, classes=self.facts["classes"], seed=cell["seed"])
        return Step(f"predict by {method.name}", spec, method=method)

    def restored(self, step: Step, fit: StepKind) -> Any:
        """An instance with the state that the record's step of kind `fit` left in the store."""
        assert step.method is not None
        check_weights(self.session.registry, step.method, self.runner.weights)
        made = self.session.registry.create(step.method.component, step.method.params)
        found = [each for each in self.facts["steps"] if each["kind"] == fit]
        if not found:
            if step.method.traits["trains"] and not step.method.traits["adds_nothing"]:
                raise MissingError(
                    f"the record names no fitted state of {step.method.name}", "run its cell again"
                )
            return made
        artefact = self.session.store.get(found[-1]["key"])
        if artefact is None:
            raise MissingError(
                f"{found[-1]['title']} ({found[-1]['key'][:8]}) is no longer in the store "
                f"{self.session.store.root}",
                "run its cell again: irfer-bench gc keeps what the records it is shown need",
            )
        made.restore(read_state(artefact.folder))
        return made
