"""The runner: returns artefacts of steps, builds missing ones and informs a reporter."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from irfer_bench.engine.code_watch import CodeWatch
from irfer_bench.engine.context import StepContext
from irfer_bench.errors import BenchError, CellError, ContractError, UnreadableError
from irfer_bench.experiment import estimate
from irfer_bench.experiment.graph import Step, StepKind
from irfer_bench.experiment.methods import check_weights
from irfer_bench.experiment.steps import Facts, Prepare
from irfer_bench.home import torch_threads
from irfer_bench.registry import Registry
from irfer_bench.store.artefacts import Artefact, Store

if TYPE_CHECKING:
    from irfer_bench.data.clips import StoredClips
    from irfer_bench.engine.stages.work import Input, Work

    Stage = Callable[[Any, Mapping[str, Input], Work], Facts]


def stages() -> Mapping[StepKind, Stage]:
    """Each stage: (spec, finished input steps, `Work`) -> facts.

    Imported when a step is built: a cached run reads no clips.
    """
    from irfer_bench.engine.stages.fit_recognizer import fit_recognizer
    from irfer_bench.engine.stages.fit_translator import fit_translator
    from irfer_bench.engine.stages.predict import predict
    from irfer_bench.engine.stages.prepare import prepare_clips
    from irfer_bench.engine.stages.score import score
    from irfer_bench.engine.stages.translate import translate

    return {
        "prepare": prepare_clips,
        "fit_translator": fit_translator,
        "translate": translate,
        "fit_recognizer": fit_recognizer,
        "predict": predict,
        "score": score,
    }


class Reporter(Protocol):
    """Receives the events of a run."""

    def step(self, step: Step) -> None: ...
    def progress(self, name: str, done: int, total: int, note: str = "") -> None: ...
    def finished(self, step: Step, seconds: float, built: bool) -> None: ...
    def line(self, text: str) -> None: ...


WROTE = "the plugin wrote into the clips it was given"
COPY = "it must copy an array before it changes it: clips are shared and read-only"


@dataclass
class Runner:
    """Builds steps; holds everything a step needs that is not in its key.

    Args:
        rebuild: names of components whose steps, and all that follows from them, are built again.
        threads: torch threads of every step.
        changed: titles of finished steps that other code of the same version built.
    """

    store: Store
    registry: Registry
    weights: Path
    device: str
    precision: str
    reporter: Reporter
    rebuild: frozenset[str] = frozenset()
    threads: int = field(default_factory=torch_threads)
    changed: set[str] = field(default_factory=set)
    _open: dict[str, StoredClips] = field(default_factory=dict)
    _code: CodeWatch = field(init=False)

    def __post_init__(self) -> None:
        self._code = CodeWatch(self.store, self.registry)

    def artefact(self, step: Step) -> Artefact:
        """The step's artefact; missing inputs are built first, and only if it is not stored.

        Raises:
            BenchError: the step cannot be done; anything a plugin raises becomes a `CellError`.
        """
        self.set_aside(step)
        found = self._finish(step)
        self.changed.update(self._code.changed(step))
        return found

    def set_aside(self, step: Step) -> None:
        """Set aside the steps of `rebuild` among this step and its inputs; each step once."""
        if self.rebuild:
            self._code.set_aside(step, self.rebuild)

    def _finish(self, step: Step) -> Artefact:
        found = self.store.get(step.key)
        if found is None:
            try:
                found = self._build(step, self._finish_inputs(step))
            except UnreadableError:
                self._verify_inputs(step)
                found = self._build(step, self._finish_inputs(step))
        return found

    def _finish_inputs(self, step: Step) -> dict[str, Artefact]:
        return {name: self._finish(needed) for name, needed in step.reads.items()}

    def _verify_inputs(self, step: Step) -> None:
        """Read all inputs of a step in full; a damaged one is built again."""
        for other in step.walk():
            if other is not step and self.store.has(other.key):
                self.store.verify(other.key)
                self._open.pop(other.key, None)

    def _build(self, step: Step, given: Mapping[str, Artefact]) -> Artefact:
        self.reporter.step(step)
        describe = {
            **msgspec.to_builtins(step.spec),
            "title": step.title,
            "from": {name: other.key for name, other in step.inputs.items()},
        }
        try:
            self._load_method(step)
            started = time.monotonic()
            artefact, built = self.store.get_or_build(
                step.key,
                lambda folder: self._carry_out(step, given, folder),
                describe=describe,
                source=self._code.digest(step),
            )
        except CellError as error:
            if not error.message.startswith(step.title):
                error.message = f"{step.title}: {error.message}"
            raise
        except (BenchError, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            if isinstance(error, ValueError) and str(error).endswith("is read-only"):  # numpy's
                raise ContractError(f"{step.title}: {WROTE} ({error})", COPY) from error
            raise CellError(
                f"{step.title}: {type(error).__name__}: {error}".strip(),
                "the plugin raised it; IRFER_BENCH_TRACEBACK=1 shows where",
            ) from error
        seconds = time.monotonic() - started
        if built:
            estimate.remember(self.store, step, seconds)
        self.reporter.finished(step, seconds, built)
        return artefact

    def _load_method(self, step: Step) -> None:
        """Import a method whose weights are there; a step's seconds are without imports."""
        if step.method is not None:
            check_weights(self.registry, step.method, self.weights)
            self.registry.load(step.method.component, step.method.component.factory)

    def _carry_out(
        self, step: Step, given: Mapping[str, Artefact], folder: Path
    ) -> Mapping[str, Any]:
        from irfer_bench.engine.stages.work import Work

        context = self.context(step)
        kept = self.store.unfinished(step.key)
        work = Work(step.title, folder, kept, context, self.registry, step.method, step.source)
        inputs = {name: self._input(step, name, given[name]) for name in step.reads}
        context.set_threads()
        facts = stages()[step.kind](step.spec, inputs, work)
        torch = sys.modules.get("torch")
        threads = None if torch is None else torch.get_num_threads()
        facts = msgspec.structs.replace(facts, reports=context.reports, threads=threads)
        return msgspec.to_builtins(facts)  # type: ignore[no-any-return]

    def _input(self, step: Step, name: str, artefact: Artefact) -> Input:
        """A finished step as the input `name` of another step."""
        from irfer_bench.engine.stages.work import Input

        given = step.reads[name]
        return Input(
            given.title,
            given.spec,
            artefact,
            partial(self._clips, given, artefact.folder),
            int(getattr(step.spec, "fold", 0)),
            step.takes.get(name, "all"),
        )

    def _clips(self, step: Step, folder: Path) -> StoredClips:
        """An artefact's clips, opened once per run."""
        from irfer_bench.data.clips import StoredClips

        if step.key not in self._open:
            self._open[step.key] = StoredClips(folder, step.key, scored_rule(step))
        return self._open[step.key]

    def context(self, step: Step) -> StepContext:
        """The context of a step's plugin."""
        method = step.method
        return StepContext(
            store=self.store,
            step_key=step.key,
            title=step.title,
            owner_of=method.owner_of if method else lambda name: f"{step.kind}/",
            seed=int(getattr(step.spec, "seed", 0)),
            device=self.device,
            precision=self.precision,
            weights=self.weights,
            show=self.reporter.progress,
            code=self._code.digest(step),
            roots=self._code.roots(step),
            threads=self.threads,
        )


def scored_rule(step: Step) -> str:
    """The rule of the frames that are scored, where more are stored; else empty."""
    spec = step.prepared.spec
    return spec.frames if isinstance(spec, Prepare) and spec.stored else ""
