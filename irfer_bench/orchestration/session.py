"""The session of a run: plugins, folders, the store and the reporter."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.errors import UsageError
from irfer_bench.experiment.plan import Plan
from irfer_bench.experiment.planner import Planner
from irfer_bench.home import cores, home, torch_threads, weights
from irfer_bench.registry import Registry
from irfer_bench.registry import load as load_registry
from irfer_bench.store.artefacts import Store

if TYPE_CHECKING:
    from irfer_bench.engine.runner import Reporter, Runner
    from irfer_bench.experiment.request import Request


@dataclass(frozen=True)
class Session:
    """Registry, store and reporter of a run."""

    registry: Registry
    store: Store
    home: Path
    weights: Path
    reporter: Reporter

    @classmethod
    def open(cls, reporter: Reporter, registry: Registry | None = None) -> Session:
        """Open the plugins and the folders of the environment variables."""
        place = home()
        store = Store(place / "store", reporter.line)
        return cls(registry or load_registry(), store, place, weights(), reporter)

    def plan(self, requests: Sequence[Request], *, executor: str = "inline") -> Plan:
        """The plan of some requests, after a look at all that building its steps needs.

        Datasets without a manifest are read now. Cells that lack something become refusals of the
        plan where others can be done.

        Args:
            executor: a plugin's may run steps on another machine.

        Raises:
            UsageError: a wrong name or value, or every combination was refused.
            MissingError: data, weights, a package, a device or a plugin is not here.
            DamagedError: data are damaged, or the disk is too small.
        """
        address = self.registry.hook_address("irfer_bench_executors", "executor", executor)
        _check_owners(requests, self.registry)
        for name in (name for request in requests for name in request.data_roots):
            self.registry.get("dataset", name)
        remote = not address.startswith("irfer_bench.")
        planner = Planner(self.registry, self.home, self.weights, scan=True, remote=remote)
        plan = planner.plan(requests)
        if all(self.store.has(planned.score.key) for planned in plan.cells):
            return plan
        # Imported where something is to be built: a cached run needs none of it.
        from irfer_bench.experiment.requirements import Requirements, refuse_lacking

        refuse_lacking(plan, Requirements(self.registry, self.weights), self.store)
        return plan

    def runner(
        self, device: str, precision: str, threads: int = 0, rebuild: Sequence[str] = ()
    ) -> Runner:
        """A runner for the steps of a plan in this process."""
        from irfer_bench.engine.jobs import open_runner

        return open_runner(
            self.registry,
            self.store,
            self.weights,
            self.reporter,
            device=device,
            precision=precision,
            threads=threads or torch_threads(),
            rebuild=rebuild,
        )


def threads_per_worker(workers: int) -> int:
    """`OMP_NUM_THREADS` where it is set, else this process' cores divided among the workers."""
    if os.environ.get("OMP_NUM_THREADS"):
        return torch_threads()
    return max(1, cores() // workers)


def _check_owners(requests: Sequence[Request], registry: Registry) -> None:
    """Refuse parameters of a component that the request does not use."""
    for request in requests:
        used = {
            "translator",
            "recognizer",
            request.dataset,
            *request.translators,
            *request.recognizers,
            *(name.partition("@")[0] for name in request.translators),
            *(name.partition("@")[0] for name in request.recognizers or ("pca",)),
        }
        used |= {component.name for component in registry.components("dataset")}
        for owner in request.params:
            if owner not in used:
                raise UsageError(
                    f"-p {owner}.…: {owner!r} takes no part in this run",
                    "say translator.FIELD, recognizer.FIELD, or a component that is asked for",
                )
