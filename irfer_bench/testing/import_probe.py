"""Run in a child: `python -m irfer_bench.testing.import_probe DISTRIBUTION HEAVY...`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points


def probe(distribution: str, heavy: Iterable[str]) -> dict[str, object]:
    """Import a distribution's hooks and the modules they announce; report the imports of each.

    A module that cannot be imported is left out: the registry reports it as broken.
    """
    watched, found, hooks = set(heavy), {}, []
    for entry in _entries(distribution):
        before = set(sys.modules)
        try:
            plugin = entry.load()
            announced = list(getattr(plugin, "irfer_bench_components", tuple)())
        except (Exception, SystemExit) as error:  # noqa: BLE001  a third-party plugin may raise anything
            sys.stderr.write(f"{entry.module}: {error}\n")
            continue
        hooks.append(entry.module)
        found[entry.module] = sorted(watched & (set(sys.modules) - before))
        for component in announced:
            address = component.factory if component.kind == "setting" else component.params
            module = address.partition(":")[0]
            if module and module not in found:
                before = set(sys.modules)
                import_module(module)
                found[module] = sorted(watched & (set(sys.modules) - before))
    return {"hooks": hooks, "loaded": found}


def _entries(distribution: str) -> list[EntryPoint]:
    every = entry_points(group="irfer_bench")
    return [entry for entry in every if entry.dist is not None and entry.dist.name == distribution]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(probe(sys.argv[1], sys.argv[2:])) + "\n")
