"""Comparison of stored steps with the current code, and rebuilding on request."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import Any

from irfer_bench.contracts.component import Component
from irfer_bench.errors import DamagedError
from irfer_bench.experiment.code_digest import SCHEME, CodeDigests, module_of
from irfer_bench.experiment.graph import Step
from irfer_bench.experiment.steps import Prepare, Score
from irfer_bench.registry import Registry
from irfer_bench.store.artefacts import Store
from irfer_bench.store.files import read_json

STAGES = "irfer_bench.engine.stages"


def components_of(registry: Registry, step: Step) -> list[Component]:
    """The components whose code a step runs: method, dataset, detector, metrics."""
    found = [step.method.component] if step.method else []
    if step.source is not None:
        found.append(step.source.component)
    if isinstance(step.spec, Prepare) and step.spec.detector != "none":
        found.append(registry.get("detector", step.spec.detector))
    if isinstance(step.spec, Score):
        found += [registry.get("metric", name) for name in step.spec.metrics]
    return found


@dataclass
class CodeWatch:
    """Compares stored steps with the current code."""

    store: Store
    registry: Registry
    _digests: CodeDigests = field(init=False)
    _checked: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        addresses = (each.component.factory for each in self.registry.registered)
        packages = {"irfer_bench", *(address.partition(".")[0] for address in addresses)}
        tops = frozenset(package.partition(":")[0] for package in packages)
        self._digests = CodeDigests(tops, self.store.root / "code.json")

    def roots(self, step: Step) -> tuple[str, ...]:
        """Modules from which a step's code is found along their imports."""
        addresses = [
            address
            for component in components_of(self.registry, step)
            for address in (component.factory, component.params)
            if address
        ]
        return tuple(sorted({f"{STAGES}.{step.kind}", *map(module_of, addresses)}))

    def digest(self, step: Step) -> str:
        """Digest of all current code that a step runs."""
        return self._digests.digest(self.roots(step))

    def changed(self, step: Step) -> list[str]:
        """Titles of finished steps at or before this one, and of their parts, that other code
        of the same version built; each is compared once."""
        titles = []
        for each in step.walk():
            if each.key not in self._checked:
                self._checked[each.key] = ""
                manifest = self._manifest(each.key)
                if self._differs(manifest.get("source"), self.roots(each)):
                    titles.append(each.title)
                titles += self._changed_parts(manifest)
        self._digests.save()
        return titles

    def _changed_parts(self, manifest: dict[str, Any]) -> list[str]:
        titles = []
        for key in manifest.get("parts", ()):
            if key not in self._checked:
                self._checked[key] = ""
                part = self._manifest(key)
                describe = part.get("describe", {})
                if self._differs(part.get("source"), tuple(describe.get("code", ()))):
                    titles.append(str(describe.get("title", f"part {key[:8]}")))
        return titles

    def _differs(self, built: object, roots: tuple[str, ...]) -> bool:
        """Whether the current digest differs; digests of other schemes are not compared."""
        if not isinstance(built, str) or not built.startswith(f"{SCHEME}:"):
            return False
        return built != self._digests.digest(roots)

    def _manifest(self, key: str) -> dict[str, Any]:
        try:
            found = read_json(self.store.folder(key) / "manifest.json")
        except DamagedError:
            return {}  # it is not there, or `Store.get` says what is wrong with it
        return found if isinstance(found, dict) else {}

    def set_aside(self, step: Step, names: frozenset[str]) -> None:
        """Set aside what components of these names built, with its parts, and all that follows
        from it; each step once."""
        for each in affected(self.registry, step, names):
            if f"aside {each.key}" not in self._checked:
                self._checked[f"aside {each.key}"] = each.title
                for key in (*self._manifest(each.key).get("parts", ()), each.key):
                    self.store.discard(key, f"--rebuild: {each.title}")
                    shutil.rmtree(self.store.unfinished(key), ignore_errors=True)


def affected(registry: Registry, last: Step, names: frozenset[str]) -> list[Step]:
    """The steps of components of these names, and all that follow from them up to `last`."""
    found: dict[str, Step] = {}
    for step in last.walk() if names else ():
        own = {component.name for component in components_of(registry, step)}
        if own & names or any(given.key in found for given in step.reads.values()):
            found[step.key] = step
    return list(found.values())
