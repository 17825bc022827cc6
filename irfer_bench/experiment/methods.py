"""A method is a component with a variant, a preset and every parameter resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from irfer_bench.contracts.component import Component, Modality, Traits
from irfer_bench.contracts.params import Params, resolve, stage_values
from irfer_bench.errors import BenchError, CellError, DamagedError, MissingWeightsError
from irfer_bench.registry import OWN
from irfer_bench.registry.announcement import trait_problem
from irfer_bench.store.digests import reading_again
from irfer_bench.store.keys import digest_file

if TYPE_CHECKING:
    from irfer_bench.contracts.component import Kind
    from irfer_bench.registry import Registry


class AllTraits(TypedDict):
    """`Traits` with all values set."""

    embedded: bool
    trains: bool
    pairs: bool
    partners: bool
    adds_nothing: bool
    landmarks: bool
    reads: str
    modality: Modality
    unlabelled: bool
    resamples: int


DEFAULTS = AllTraits(
    embedded=False,
    trains=True,
    pairs=False,
    partners=False,
    adds_nothing=False,
    landmarks=False,
    reads="",
    modality="image",
    unlabelled=False,
    resamples=1000,
)
NEEDS_AUDIO: frozenset[Modality] = frozenset({"audio", "audio_video"})
"""What a recognizer that needs audio declares."""


def resolve_traits(component: Component, params: Params) -> AllTraits:
    """Defaults, overridden by the component's declared traits and those of its parameters."""
    refined: Traits = params.traits()
    return {**DEFAULTS, **component.traits, **refined}


@dataclass(frozen=True, eq=False)
class Method:
    """A translator or recognizer exactly as a cell uses it.

    Args:
        inputs: digests of weights by name. given: parameters that the user set.
        owner: the distribution, where the user had to name it.
        code: digest of its code, where its package is installed in editable mode.
    """

    component: Component
    distribution: str
    variant: str
    preset: str
    params: Params
    inputs: Mapping[str, Any]
    given: Mapping[str, Any]
    owner: str = ""
    code: str = ""

    @property
    def name(self) -> str:
        """`pca`, `pca@literal`, or `owner:name` where two distributions announce one name."""
        bare = f"{self.owner}:{self.component.name}" if self.owner else self.component.name
        return f"{bare}@{self.variant}" if self.variant else bare

    @property
    def builtin(self) -> bool:
        """Whether it is part of irfer-bench."""
        return self.distribution == OWN

    @property
    def row_name(self) -> str:
        """The name and the changed parameters, for a board's row."""
        changes = ", ".join(f"{name}={value}" for name, value in sorted(self.given.items()))
        return f"{self.name} ({changes})" if changes else self.name

    @cached_property
    def traits(self) -> AllTraits:
        """The resolved traits of the method."""
        return resolve_traits(self.component, self.params)

    def owner_of(self, part: str) -> str:
        """The owner of a shared part: the declared one, else the component and its version.

        Distributions never share parts.
        """
        owner = self.component.parts.get(part) or f"{self.component.name}/{self.component.version}"
        scope = "" if self.builtin else f"{self.distribution}:"
        return f"{scope}{owner}+{self.code}" if self.code else f"{scope}{owner}"

    @cached_property
    def _fit_values(self) -> dict[str, Any]:
        return stage_values(self.params, "fit")

    @cached_property
    def _apply_values(self) -> dict[str, Any]:
        return stage_values(self.params, "apply")

    def identity(self, stage: str) -> dict[str, Any]:
        """Values in the key of a fit (`fit`) or of its use (`apply`)."""
        identity: dict[str, Any] = {
            "component": self.component.name,
            "distribution": self.distribution,
            "version": self.component.version,
            "params": self._fit_values if stage == "fit" else self._apply_values,
        }
        if stage == "fit" and self.inputs:
            identity["inputs"] = dict(self.inputs)
        if self.code:
            identity["code"] = self.code
        return identity

    def describe(self) -> dict[str, Any]:
        """The method in a record: all resolved values, and those that were set."""
        return {
            "name": self.component.name,
            "variant": self.variant,
            "preset": self.preset,
            "version": self.component.version,
            "distribution": self.distribution,
            "params": msgspec.to_builtins(self.params),
            "given": dict(self.given),
            "inputs": dict(self.inputs),
            "drawn_faces": self.params.drawn_faces,
        }


def resolve_method(
    registry: Registry,
    kind: Kind,
    name: str,
    *,
    preset: str,
    given: Mapping[str, Any],
    weights: Path,
    code: str = "",
) -> Method:
    """The method that `name[@variant]` means.

    Args:
        code: digest of the component's code, where that enters its keys.

    Raises:
        UsageError: unknown name, variant, parameter, or a value outside its bounds.
        MissingError: it needs weights that are not here.
    """
    bare, _, variant = name.partition("@")
    owned = registry.owner(kind, bare)
    cls = registry.params_class(owned.component)
    try:
        params = resolve(
            cls, component=owned.component.name, variant=variant, preset=preset, given=given
        )
        problem = trait_problem(kind, params.traits())
        if problem:
            raise CellError(f"{kind} {name!r}: {problem}", f"{owned.component.params} says so")
        inputs = _inputs(registry, params, weights)
    except MissingWeightsError as error:
        if preset != "quick" and _needs_none(cls, owned.component.name, variant, given, weights):
            error.hint += "; or --preset quick, which needs none: small networks for a first try"
        raise
    except BenchError:
        raise
    except Exception as error:
        raise CellError(
            f"{kind} {name!r}: {type(error).__name__}: {error}",
            f"its parameters ({owned.component.params}) raised it",
        ) from error
    plain = msgspec.to_builtins(
        resolve(cls, component=owned.component.name, variant=variant, preset=preset)
    )
    whole = msgspec.to_builtins(params)
    changed = {name: whole[name] for name in given if whole[name] != plain[name]}
    owner = "" if owned.builtin else bare.rpartition(":")[0]
    return Method(
        owned.component, owned.distribution, variant, preset, params, inputs, changed, owner, code
    )


def _needs_none(
    cls: type[Params], name: str, variant: str, given: Mapping[str, Any], weights: Path
) -> bool:
    """Whether the preset `quick` of a method can be made here."""
    try:
        resolve(cls, component=name, variant=variant, preset="quick", given=given).inputs(weights)
    except BenchError:
        return False
    return True


def check_weights(registry: Registry, method: Method, weights: Path) -> None:
    """Check the digests of the weights of a method, which are in its key.

    Raises:
        DamagedError: a file has changed since the plan was made.
    """
    if not method.inputs:
        return
    with reading_again():
        found = _inputs(registry, method.params, weights)
    changed = [name for name in method.inputs if found.get(name) != method.inputs[name]]
    if changed:
        raise DamagedError(
            f"{method.name}: the weights behind {', '.join(changed)} changed since the plan was "
            "made",
            "run again; the new file has keys of its own",
        )


def _inputs(registry: Registry, params: Params, weights: Path) -> dict[str, Any]:
    """Digests of the weights that the params ask for; a plugin may fetch missing ones."""
    try:
        return dict(params.inputs(weights))
    except MissingWeightsError as error:
        if not _fetched(registry, error, weights):
            raise
        return dict(params.inputs(weights))


def _fetched(registry: Registry, missing: MissingWeightsError, weights: Path) -> bool:
    """Whether a fetch hook provided the file; its digest is checked again."""
    if not missing.uri:
        return False
    try:
        path = registry.manager.hook.irfer_bench_fetch(
            uri=missing.uri, sha256=missing.sha256, into=weights
        )
        found = "" if path is None else digest_file(Path(path))
    except (Exception, SystemExit) as error:  # noqa: BLE001  a hook may raise anything
        missing.message += f" (a plugin tried to fetch it: {type(error).__name__}: {error})"
        return False
    if path is None:
        return False
    if not found.startswith(missing.sha256):
        raise DamagedError(
            f"a plugin brought {Path(path).name} for {missing.uri}: its sha256 begins "
            f"{found[:12]}, {missing.sha256[:12]} was due"
        )
    return True
