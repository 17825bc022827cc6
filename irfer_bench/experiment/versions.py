"""Versions of components as they enter keys."""

from __future__ import annotations

from dataclasses import dataclass, field

from irfer_bench.contracts.component import Kind
from irfer_bench.experiment.code_digest import CodeDigests, is_editable, module_of
from irfer_bench.registry import OWN, Registry
from irfer_bench.registry.catalogue import Registered


@dataclass
class Versions:
    """Versions of the components of one registry; code under development is part of them."""

    registry: Registry
    _codes: CodeDigests = field(default_factory=lambda: CodeDigests(frozenset()))

    def versions(self, kind: Kind) -> dict[str, str]:
        """Version by name of all components of a kind, as it enters keys."""
        return {
            each.component.name: self.version(each)
            for each in self.registry.registered
            if each.component.kind == kind
        }

    def version(self, registered: Registered) -> str:
        """Version of a component as it enters keys."""
        return "+".join(filter(None, (registered.component.version, self.code(registered))))

    def code(self, registered: Registered) -> str:
        """Digest of a component's code, where it changes without its version.

        That is where another distribution than irfer-bench is installed in editable mode.
        """
        component = registered.component
        if registered.distribution == OWN or not is_editable(registered.distribution):
            return ""
        roots = {module_of(address) for address in (component.factory, component.params) if address}
        own = frozenset(root.partition(".")[0] for root in roots)
        return self._codes.digest(roots, own).rpartition(":")[2][:16]
