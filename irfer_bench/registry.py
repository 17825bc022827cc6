"""Who offers what: entry points loaded one by one, failures kept as data, names looked up."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, get_args

import msgspec
import pluggy

from irfer_bench.contracts import hookspecs
from irfer_bench.contracts.hookspecs import PROJECT
from irfer_bench.contracts.params import Params
from irfer_bench.contracts.values import Component, Kind
from irfer_bench.errors import BenchError, MissingError, UsageError, unknown_name
from irfer_bench.settings.setting import NO_FACE, Setting

GROUP = PROJECT
OWN = "irfer-bench"
NAME = re.compile(r"[a-z0-9_]+")
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Failure:
    """A plugin, or a part of one, that could not be used, and why."""

    plugin: str
    distribution: str
    reason: str


@dataclass(frozen=True, slots=True)
class Registered:
    """A component and the distribution it came with."""

    component: Component
    distribution: str

    @property
    def builtin(self) -> bool:
        return self.distribution == OWN


@dataclass
class Registry:
    """All components, looked up by kind and name."""

    owned: list[Registered] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    manager: pluggy.PluginManager = field(default_factory=lambda: pluggy.PluginManager(PROJECT))

    def components(self, kind: Kind) -> list[Component]:
        """Every component of a kind, in the order their owners announced them."""
        return [owned.component for owned in self.owned if owned.component.kind == kind]

    def owner(self, kind: Kind, name: str) -> Registered:
        """The one owner of `name` or of `distribution:name`.

        Raises:
            UsageError: nobody owns the name, or two distributions do.
        """
        wanted, _, bare = name.rpartition(":")
        candidates = [
            owned
            for owned in self.owned
            if owned.component.kind == kind
            and owned.component.name == bare
            and wanted in ("", owned.distribution)
        ]
        builtin = [owned for owned in candidates if owned.builtin]
        if len(candidates) > 1 and not builtin:
            spelt = " or ".join(f"{owned.distribution}:{bare}" for owned in candidates)
            raise UsageError(
                f"{kind} {bare!r} is offered by {len(candidates)} plugins", f"say {spelt}"
            )
        if not candidates:
            broken = "".join(f"; plugin {f.plugin!r} is broken" for f in self.failures)
            known = [component.name for component in self.components(kind)]
            raise unknown_name(kind, name, known, f"irfer-bench list {kind}s{broken}")
        return (builtin or candidates)[0]

    def get(self, kind: Kind, name: str) -> Component:
        """The component of that kind and name."""
        return self.owner(kind, name).component

    def params_class(self, component: Component) -> type[Params]:
        """The component's parameters; a class without fields where it has none."""
        if not component.params:
            return Params
        loaded = self.load(component, component.params)
        if not (isinstance(loaded, type) and issubclass(loaded, Params)):
            raise MissingError(
                f"{component.kind} {component.name!r}: {component.params} is no Params class"
            )
        return loaded

    def needs_root(self, component: Component) -> bool:
        """Whether a dataset, with its default parameters, is files that somebody must have."""
        return bool(getattr(self.params_class(component)(), "needs_root", True))

    def create(self, component: Component, params: Params | None = None) -> Any:
        """The component itself, constructed with its params."""
        factory = self.load(component, component.factory)
        return factory(params if params is not None else self.params_class(component)())

    def setting(self, name: str) -> Setting:
        """A setting by name.

        `NAME@DETECTOR` is the same protocol with faces found by another detector, and
        `NAME@DETECTOR-POLICY` treats frames without a face otherwise.
        """
        name, _, variant = name.partition("@")
        component = self.get("setting", name)
        value = self.load(component, component.factory)
        if not isinstance(value, Setting) or value.name != component.name:
            raise MissingError(
                f"setting {name!r}: {component.factory} is no Setting of that name"
            )
        return self._cropped(value, variant) if variant else value

    def _cropped(self, setting: Setting, variant: str) -> Setting:
        detector, _, policy = variant.partition("-")
        self.get("detector", detector)
        policy = policy or setting.no_face
        if policy not in NO_FACE:
            raise unknown_name("policy", policy, NO_FACE)
        if (detector, policy) == (setting.detector, setting.no_face):
            return setting
        suffix = "" if policy == setting.no_face else f"-{policy}"
        changes = {"name": f"{setting.name}@{detector}{suffix}", "detector": detector}
        return msgspec.structs.replace(setting, **changes, no_face=policy)

    def cropped(
        self, name: str, *, detector: str = "", no_face: str = "", boxes: bool = False
    ) -> Setting:
        """A setting with the crop that options ask for; boxes of a file are a detector too.

        Raises:
            UsageError: the options disagree with each other or with the name.
        """
        if boxes and detector not in ("", "boxes"):
            raise UsageError(
                f"--boxes FILE means --detector boxes, not {detector}", "say one of the two"
            )
        asked = detector or ("boxes" if boxes else "")
        bare, _, variant = name.partition("@")
        own, _, policy = variant.partition("-")
        for option, said, given in (("detector", own, asked), ("no-face", policy, no_face)):
            if said and given and said != given:
                raise UsageError(f"setting {name!r} and --{option} {given} disagree")
        if not (asked or own or no_face or policy):
            return self.setting(name)
        who, what = asked or own or self.setting(bare).detector, no_face or policy
        return self.setting(f"{bare}@{who}" + (f"-{what}" if what else ""))

    def settings_of(self, dataset: str) -> list[Setting]:
        """The settings of a dataset; the first announced is its default."""
        found = []
        for owned in self.owned:
            if owned.component.kind == "setting":
                with suppress(BenchError):  # a setting that cannot be loaded harms no other
                    found.append(self.setting(f"{owned.distribution}:{owned.component.name}"))
        return [setting for setting in found if setting.dataset == dataset]

    def load_hook(self, hook: str, kind: str, name: str) -> Any:
        """The function that a plugin announced by this name as executor or renderer.

        Raises:
            UsageError: nobody announced the name. MissingError: it cannot be imported.
        """
        addresses: dict[str, str] = {}
        broken = ""
        # The built-ins registered first; who comes later does not take a name from who is there.
        for owner in getattr(self.manager.hook, hook).get_hookimpls():
            try:
                addresses = {str(k): str(v) for k, v in owner.function()} | addresses
            except Exception as error:  # noqa: BLE001  a stranger's hook may raise anything
                broken += f"; plugin {owner.plugin_name!r} is broken: {_reason(error)}"
        if name not in addresses:
            raise unknown_name(kind, name, addresses, broken.removeprefix("; "))
        module, _, function = addresses[name].partition(":")
        try:
            return getattr(importlib.import_module(module), function)
        except Exception as error:  # a stranger's module may raise anything
            raise MissingError(
                f"{kind} {name!r} cannot be loaded from {addresses[name]}: {_reason(error)}",
                "see irfer-bench doctor",
            ) from error

    def load(self, component: Component, address: str) -> Any:
        """What `pkg.module:name` holds.

        Raises:
            MissingError: the module cannot be imported or has no such name.
        """
        module, _, name = address.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except Exception as error:  # a stranger's module may raise anything
            needs = (
                f"it needs {', '.join(component.needs)}"
                if component.needs
                else "see irfer-bench doctor"
            )
            raise MissingError(
                f"{component.kind} {component.name!r} cannot be loaded from {address}: {error}",
                needs,
            ) from error


def load(group: Iterable[EntryPoint] | None = None) -> Registry:
    """Load every plugin, each in its own `try`; what fails is kept, what works is kept.

    `IRFER_BENCH_PLUGINS=builtin` leaves strangers out.
    """
    registry = Registry()
    registry.manager.add_hookspecs(hookspecs)
    builtin_only = os.environ.get("IRFER_BENCH_PLUGINS") == "builtin"
    entries = _unique(entry_points(group=GROUP) if group is None else group)
    # Built-ins first, wherever they lie on the path: their names are taken before strangers speak.
    for entry in sorted(entries, key=lambda entry: _distribution(entry) != OWN):
        distribution = _distribution(entry)
        if builtin_only and distribution != OWN:
            continue
        try:
            plugin = entry.load()
            registry.manager.register(plugin, name=f"{distribution}:{entry.name}")
            components = list(_announced(plugin))
        except (Exception, SystemExit) as error:  # noqa: BLE001  a stranger's import may raise anything
            registry.failures.append(Failure(entry.name, distribution, _reason(error)))
            continue
        for component in components:
            _accept(registry, component, entry.name, distribution)
    registry.warnings.extend(_unknown_hooks(registry.manager))
    return registry


def _unique(entries: Iterable[EntryPoint]) -> Iterator[EntryPoint]:
    seen: set[tuple[str, str, str]] = set()
    for entry in entries:
        key = (_distribution(entry), entry.name, entry.value)
        if key not in seen:
            seen.add(key)
            yield entry


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "unknown"


def _announced(plugin: Any) -> Iterable[Component]:
    announce = getattr(plugin, "irfer_bench_components", None)
    return announce() if announce is not None else ()


def _accept(registry: Registry, component: Component, plugin: str, distribution: str) -> None:
    problem = ""
    if not isinstance(component, Component):
        problem = f"announced {type(component).__name__}, not a Component"
    elif component.kind not in KINDS or not NAME.fullmatch(component.name):
        problem = (
            f"{component.kind!r} {component.name!r}: unknown kind, or a name outside [a-z0-9_]"
        )
    elif ":" not in component.factory:
        problem = f"{component.name!r}: factory {component.factory!r} is not 'module:name'"
    elif distribution != OWN and any(
        owned.builtin
        and (owned.component.kind, owned.component.name) == (component.kind, component.name)
        for owned in registry.owned
    ):
        problem = f"{component.kind} name {component.name!r} is reserved for the built-in"
    elif any(
        owned.distribution == distribution
        and (owned.component.kind, owned.component.name) == (component.kind, component.name)
        for owned in registry.owned
    ):
        problem = f"{component.kind} {component.name!r} is announced twice"
    if problem:
        registry.failures.append(Failure(plugin, distribution, problem))
    else:
        registry.owned.append(Registered(component, distribution))


def _unknown_hooks(manager: pluggy.PluginManager) -> Iterator[str]:
    known = {name for name in vars(hookspecs) if name.startswith(f"{PROJECT}_")}
    for name, plugin in manager.list_name_plugin():
        for attribute in sorted(set(dir(plugin)) - known):
            if attribute.startswith(f"{PROJECT}_"):
                yield f"{name}: unknown hook {attribute} (made for a newer irfer-bench?)"


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]
