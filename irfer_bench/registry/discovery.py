"""Plugins found through entry points and loaded one by one; failures are kept as data."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import pluggy

from irfer_bench.contracts import hookspecs
from irfer_bench.contracts.component import Component
from irfer_bench.contracts.hookspecs import PROJECT
from irfer_bench.registry.announcement import find_problem
from irfer_bench.registry.catalogue import OWN, Failure, Registry, describe_error
from irfer_bench.registry.entry_points import Loadable, find_entry_points

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = PROJECT


def load(group: Iterable[EntryPoint] | None = None) -> Registry:
    """Load every plugin, each in its own `try`; what fails is kept, what works is kept.

    What plugins print while they are imported goes to standard error.
    `IRFER_BENCH_PLUGINS=builtin` leaves third-party plugins out.
    """
    registry = Registry()
    registry.manager.add_hookspecs(hookspecs)
    builtin_only = os.environ.get("IRFER_BENCH_PLUGINS") == "builtin"
    entries = _unique(find_entry_points(GROUP) if group is None else _named(group))
    # Built-ins first, wherever they lie on the path: their names are reserved.
    for distribution, entry in sorted(entries, key=lambda pair: pair[0] != OWN):
        if builtin_only and distribution != OWN:
            continue
        try:
            with redirect_stdout(sys.stderr):
                plugin = entry.load()
                registry.manager.register(plugin, name=f"{distribution}:{entry.name}")
                components = list(_announced(plugin))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  a plugin's import may raise or exit
            registry.failures.append(Failure(entry.name, distribution, describe_error(error)))
            continue
        for component in components:
            problem = _problem_of(component) or registry.add(component, distribution)
            if problem:
                registry.failures.append(Failure(entry.name, distribution, problem))
    registry.warnings.extend(_unknown_hooks(registry.manager))
    return registry


def _problem_of(component: object) -> str:
    """What is wrong with a component, also where looking at its values runs code that raises."""
    try:
        with redirect_stdout(sys.stderr):
            return find_problem(component)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  a value's own code may raise or exit
        return f"a component's value cannot be looked at: {describe_error(error)}"


def _named(entries: Iterable[EntryPoint]) -> Iterator[tuple[str, Loadable]]:
    names: dict[int, str] = {}
    for entry in entries:
        # Reading the name parses the distribution's metadata: once per distribution.
        if id(entry.dist) not in names:
            names[id(entry.dist)] = entry.dist.name if entry.dist else "unknown"
        yield names[id(entry.dist)], entry


def _unique(entries: Iterable[tuple[str, Loadable]]) -> Iterator[tuple[str, Loadable]]:
    seen: set[tuple[str, str, str]] = set()
    for distribution, entry in entries:
        key = (distribution, entry.name, entry.value)
        if key not in seen:
            seen.add(key)
            yield distribution, entry


def _announced(plugin: Any) -> Iterable[Component]:
    announce = getattr(plugin, "irfer_bench_components", None)
    return announce() if announce is not None else ()


def _unknown_hooks(manager: pluggy.PluginManager) -> Iterator[str]:
    known = {name for name in vars(hookspecs) if name.startswith(f"{PROJECT}_")}
    for name, plugin in manager.list_name_plugin():
        for attribute in sorted(set(dir(plugin)) - known):
            if attribute.startswith(f"{PROJECT}_"):
                yield f"{name}: unknown hook {attribute} (made for a newer irfer-bench?)"

