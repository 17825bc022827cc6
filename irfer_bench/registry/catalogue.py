"""All components, looked up by kind and name, and loaded when they are used."""

from __future__ import annotations

import importlib
import sys
from collections import defaultdict
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pluggy

from irfer_bench.contracts.component import Component, Kind
from irfer_bench.contracts.hookspecs import PROJECT
from irfer_bench.errors import BenchError, MissingError, UsageError, unknown_name

if TYPE_CHECKING:
    from irfer_bench.contracts.params import Params
    from irfer_bench.settings.setting import Setting

OWN = "irfer-bench"


@dataclass(frozen=True, slots=True)
class Failure:
    """A plugin, or a component of one, that cannot be used, and why."""

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

    registered: list[Registered] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    manager: pluggy.PluginManager = field(default_factory=lambda: pluggy.PluginManager(PROJECT))
    _named: dict[tuple[str, str], list[Registered]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, component: Component, distribution: str) -> str:
        """Register a component; returns why it cannot be, or empty."""
        same = self._named[component.kind, component.name]
        if distribution != OWN and any(other.builtin for other in same):
            return f"{component.kind} name {component.name!r} is reserved for the built-in"
        if any(other.distribution == distribution for other in same):
            return f"{component.kind} {component.name!r} is announced twice"
        made = Registered(component, distribution)
        same.append(made)
        self.registered.append(made)
        return ""

    def components(self, kind: Kind) -> list[Component]:
        """Every component of a kind, in the order in which they were announced."""
        return [each.component for each in self.registered if each.component.kind == kind]

    def owner(self, kind: Kind, name: str) -> Registered:
        """The component `name`, or `distribution:name`, with its distribution.

        Raises:
            UsageError: nobody announced the name, or two distributions did.
        """
        wanted, _, bare = name.rpartition(":")
        named = self._named.get((kind, bare), [])
        candidates = [each for each in named if wanted in ("", each.distribution)]
        builtin = [each for each in candidates if each.builtin]
        if len(candidates) > 1 and not builtin:
            spelt = " or ".join(f"{each.distribution}:{bare}" for each in candidates)
            raise UsageError(
                f"{kind} {bare!r} is offered by {len(candidates)} plugins", f"say {spelt}"
            )
        if not candidates:
            raise self._unknown(kind, name)
        return (builtin or candidates)[0]

    def _unknown(self, kind: Kind, name: str) -> UsageError:
        broken = "".join(f"; plugin {f.plugin!r} is broken" for f in self.failures[:5])
        where = f"irfer-bench list {kind}s{broken}"
        for other in ("translator", "recognizer"):
            if other != kind and (other, name.partition("@")[0]) in self._named:
                return UsageError(
                    f"unknown {kind} {name!r}",
                    f"{name} is a {other}: were -t and -r swapped? ({where})",
                )
        known = [component.name for component in self.components(kind)]
        return unknown_name(kind, name, known, where)

    def get(self, kind: Kind, name: str) -> Component:
        """The component of that kind and name."""
        return self.owner(kind, name).component

    def params_class(self, component: Component) -> type[Params]:
        """The component's parameters; a class without fields where it has none."""
        from irfer_bench.contracts.params import Params

        if not component.params:
            return Params
        loaded = self.load(component, component.params)
        if not (isinstance(loaded, type) and issubclass(loaded, Params)):
            raise MissingError(
                f"{component.kind} {component.name!r}: {component.params} is no Params class"
            )
        return loaded

    def needs_root(self, component: Component) -> bool:
        """Whether a dataset, with its default parameters, consists of files that a user holds."""
        return bool(self.params_class(component)().needs_root)

    def create(self, component: Component, params: Params | None = None) -> Any:
        """The component itself, constructed with its params."""
        factory = self.load(component, component.factory)
        return factory(params if params is not None else self.params_class(component)())

    def setting(self, name: str) -> Setting:
        """A setting by name, or a variant of it such as `NAME@DETECTOR-drop-align-every8`.

        The variant is the same protocol with faces found or cut out in another way; see
        `settings.variants`.
        """
        from irfer_bench.settings.setting import Setting
        from irfer_bench.settings.variants import with_crop

        name, _, variant = name.partition("@")
        component = self.get("setting", name)
        value = self.load(component, component.factory)
        if not isinstance(value, Setting) or value.name != component.name:
            raise MissingError(
                f"setting {name!r}: {component.factory} is no Setting of that name"
            )
        if not variant:
            return value
        self.get("detector", variant.partition("-")[0])
        return with_crop(value, variant)

    def cropped(
        self, name: str, *, detector: str = "", no_face: str = "", boxes: bool = False
    ) -> Setting:
        """A setting with the crop that options ask for; see `settings.variants`."""
        from irfer_bench.settings.variants import name_with_crop

        default = self.setting(name.partition("@")[0]).detector
        options = {"detector": detector, "no_face": no_face}
        return self.setting(name_with_crop(name, default, **options, boxes=boxes))

    def settings_of(self, dataset: str) -> list[Setting]:
        """The settings of a dataset; the first announced is its default."""
        found = []
        for each in self.registered:
            if each.component.kind == "setting":
                with suppress(BenchError):  # a setting that cannot be loaded harms no other
                    found.append(self.setting(f"{each.distribution}:{each.component.name}"))
        return [setting for setting in found if setting.dataset == dataset]

    def hook_address(self, hook: str, kind: str, name: str) -> str:
        """The address that a plugin announced by this name for an executor or renderer.

        Raises:
            UsageError: nobody announced the name.
        """
        addresses: dict[str, str] = {}
        broken = ""
        # The built-ins registered first; a later plugin does not take a name that is there.
        for owner in getattr(self.manager.hook, hook).get_hookimpls():
            try:
                addresses = {str(k): str(v) for k, v in owner.function()} | addresses
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  a plugin's hook may raise or exit
                broken += f"; plugin {owner.plugin_name!r} is broken: {describe_error(error)}"
        if name not in addresses:
            raise unknown_name(kind, name, addresses, broken.removeprefix("; "))
        return addresses[name]

    def load_hook(self, hook: str, kind: str, name: str) -> Any:
        """The function that a plugin announced by this name as executor or renderer.

        Raises:
            UsageError: nobody announced the name. MissingError: it cannot be imported.
        """
        address = self.hook_address(hook, kind, name)
        try:
            return _import(address)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a plugin's module may raise or exit
            raise MissingError(
                f"{kind} {name!r} cannot be loaded from {address}: {describe_error(error)}",
                "see irfer-bench doctor",
            ) from error

    def load(self, component: Component, address: str) -> Any:
        """What `pkg.module:name` holds.

        Raises:
            MissingError: the module cannot be imported or has no such name.
        """
        try:
            return _import(address)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a plugin's module may raise or exit
            needs = (
                f"it needs {', '.join(component.needs)}"
                if component.needs
                else "see irfer-bench doctor"
            )
            raise MissingError(
                f"{component.kind} {component.name!r} cannot be loaded from {address}: "
                f"{describe_error(error)}",
                needs,
            ) from error


def _import(address: str) -> Any:
    """The object at `pkg.module:name`; what its import prints goes to standard error."""
    module, _, name = address.partition(":")
    if module not in sys.modules:
        with redirect_stdout(sys.stderr):
            return getattr(importlib.import_module(module), name)
    return getattr(sys.modules[module], name)


def describe_error(error: BaseException) -> str:
    """Type and first line of an error, at most 300 characters."""
    try:
        return f"{type(error).__name__}: {error}".splitlines()[0][:300]
    except Exception:  # noqa: BLE001  a plugin's own error may raise when it is read
        return type(error).__name__
