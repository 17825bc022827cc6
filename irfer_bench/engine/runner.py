"""Where steps are carried out: gets artefacts, building what is not there, and tells a reporter."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from irfer_bench.engine.context import StepContext
from irfer_bench.errors import BenchError, CellError, ContractError, UnreadableError
from irfer_bench.experiment import estimate
from irfer_bench.experiment.graph import Step
from irfer_bench.experiment.methods import Method, check_weights
from irfer_bench.registry import Registry
from irfer_bench.store import keys
from irfer_bench.store.artefacts import Artefact, Store

if TYPE_CHECKING:
    from irfer_bench.data.clips import StoredClips


class Reporter(Protocol):
    """Who is told what happens."""

    def step(self, step: Step) -> None: ...
    def progress(self, name: str, done: int, total: int, note: str = "") -> None: ...
    def finished(self, step: Step, seconds: float, built: bool) -> None: ...
    def line(self, text: str) -> None: ...


WROTE = "the plugin wrote into the clips it was given"
COPY = "it must copy an array before it changes it: clips are shared and read-only"
Builder = Callable[["Runner", Step, Path], Mapping[str, Any]]


@dataclass
class Runner:
    """Everything a step needs besides what is in its key.

    Args:
        builders: what makes each kind of step.
    """

    store: Store
    registry: Registry
    weights: Path
    device: str
    precision: str
    reporter: Reporter
    builders: Mapping[str, Builder]
    _open: dict[str, StoredClips] = field(default_factory=dict)
    _sources: dict[str, str] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def artefact(self, step: Step) -> Artefact:
        """The step's artefact; what it needs is built first, and only if it must be built.

        Raises:
            BenchError: the step cannot be done; anything a plugin raises becomes a `CellError`.
        """
        found = self.store.get(step.key)
        if found is None:
            for needed in step.inputs.values():
                self.artefact(needed)
            try:
                found = self._build(step)
            except UnreadableError:
                self._mend_inputs(step)
                found = self._build(step)
        elif found.source and found.source != self.source_digest(step):
            self.changed.add(step.title)
        return found

    def _mend_inputs(self, step: Step) -> None:
        """Read all that a step was made from in full; what is damaged is built again."""
        for other in step.walk():
            if other is not step and self.store.has(other.key):
                self.store.verify(other.key)
                self._open.pop(other.key, None)
        for needed in step.inputs.values():
            self.artefact(needed)

    def _build(self, step: Step) -> Artefact:
        self.reporter.step(step)
        started = time.monotonic()
        describe = {
            "step": step.kind,
            **step.spec,
            "title": step.title,
            "from": {name: other.key for name, other in step.inputs.items()},
        }
        try:
            artefact, built = self.store.get_or_build(
                step.key,
                lambda folder: self._carry_out(step, folder),
                describe=describe,
                source=self.source_digest(step),
            )
        except CellError as error:
            if not error.message.startswith(step.title):
                error.message = f"{step.title}: {error.message}"
            raise
        except (BenchError, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            if "read-only" in str(error):
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

    def _carry_out(self, step: Step, folder: Path) -> Mapping[str, Any]:
        if step.method is not None:
            check_weights(self.registry, step.method, self.weights)
        return self.builders[step.kind](self, step, folder)

    def context(self, step: Step) -> StepContext:
        """The context of a step's plugin."""
        owner: str = step.kind
        if step.method is not None:
            # A stranger's part is never taken for another's of the same name.
            stranger = "" if step.method.builtin else f"{step.method.distribution}:"
            owner = f"{stranger}{step.method.component.name}"
        version = step.method.component.version if step.method else ""
        return StepContext(
            self.store,
            step.key,
            f"{owner}/{version}",
            int(step.spec.get("seed", 0)),
            self.device,
            self.precision,
            self.weights,
            self.reporter.progress,
            self.source_digest(step),
        )

    def create(self, method: Method) -> Any:
        """A fresh instance of a method."""
        return self.registry.create(method.component, method.params)

    def remember(self, name: str, make: Callable[[], StoredClips]) -> StoredClips:
        """An artefact's clips, opened once per run."""
        if name not in self._open:
            self._open[name] = make()
        return self._open[name]

    def source_digest(self, step: Step) -> str:
        """Digest of the package that a step's plugin lives in."""
        component = step.method.component if step.method else step.source and step.source.component
        package = component.factory.partition(".")[0] if component else "irfer_bench"
        if package not in self._sources:
            self._sources[package] = digest_package(package)
        return self._sources[package]


def digest_package(package: str) -> str:
    """Digest of a package's Python files, found without importing it; empty if not found."""
    from importlib.util import find_spec

    spec = find_spec(package)
    if spec is None or not spec.origin:
        return ""
    folder = Path(spec.origin).parent
    files = sorted(folder.rglob("*.py")) if spec.submodule_search_locations else [Path(spec.origin)]
    return keys.digest([[p.relative_to(folder).as_posix(), keys.digest_file(p)] for p in files])
