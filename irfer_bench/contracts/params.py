"""One frozen, typed params class per component: CLI help, TOML table, record and key in one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from irfer_bench.contracts.component import Traits
from irfer_bench.errors import UsageError, unknown_name

Stage = Literal["fit", "apply"]
PRESETS = ("paper", "bench", "quick")
PUBLISHED = "--weights FILE, a published checkpoint"
BOUNDS = ("ge", "gt", "le", "lt", "multiple_of", "pattern", "min_length", "max_length")


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every component's parameters. Defaults are the paper's values.

    `presets` change scale only (`paper` is empty by definition); `variants` change equations and
    are part of the row's name; `presets["quick@NAME"]` holds what `quick` changes of variant NAME
    alone. Declare fields as `Annotated[float, apply("what", ge=0)] = 100.0`.
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    quick_seconds: ClassVar[Mapping[str, float]] = {}
    """Seconds of `fit` and `apply` in the quick preset, until this machine has timed them."""
    weights_field: ClassVar[str] = ""
    """The parameter that `predict --weights` sets of a recognizer that needs no fit: the name or
    file of its pretrained weights; empty where it has none."""

    @property
    def needs_root(self) -> bool:
        """Whether a dataset consists of files that a user holds; a class variable will do."""
        return True

    @property
    def drawn_faces(self) -> bool:
        """Whether a method starts from weights that were trained on drawn faces alone."""
        return False

    @property
    def without_fit(self) -> str:
        """Options of `translate` that spare the fit by published checkpoints; empty for none."""
        reads = "weights" in self.__struct_fields__
        return PUBLISHED if reads else ""

    def inputs(self, weights: Path) -> dict[str, Any]:
        """Digests of the pretrained weights that the method reads; they enter its keys.

        Args:
            weights: the folder of pretrained weights.

        Raises:
            MissingWeightsError: they are not there.
        """
        return {}

    def traits(self) -> Traits:
        """Traits of the component that follow from these values; they win over the declared."""
        return {}


P = TypeVar("P", bound=Params)


def fit(description: str, **bounds: Any) -> msgspec.Meta:
    """A field that changes what is trained: it enters the fit key and all that follow.

    `bounds`: ge, gt, le, lt, multiple_of, pattern, min_length, max_length.
    """
    return msgspec.Meta(description=description, extra={"stage": "fit"}, **bounds)


def apply(description: str, **bounds: Any) -> msgspec.Meta:
    """A field used after training only: it enters the keys of translate and predict alone."""
    return msgspec.Meta(description=description, extra={"stage": "apply"}, **bounds)


def resolve(
    cls: type[P],
    *,
    component: str,
    variant: str = "",
    preset: str = "paper",
    given: Mapping[str, Any] | None = None,
) -> P:
    """Defaults, then preset, variant, the preset's changes of that variant, what the user gave.

    Raises:
        UsageError: unknown variant or field, or a value outside its bounds (field, bound, value).
    """
    values: dict[str, Any] = {}
    if preset not in PRESETS:
        raise unknown_name("preset", preset, PRESETS)
    values.update(cls.presets.get(preset, {}))
    if variant:
        if variant not in cls.variants:
            raise unknown_name(f"variant of {component}", variant, cls.variants)
        values.update(cls.variants[variant])
        values.update(cls.presets.get(f"{preset}@{variant}", {}))
    for name, value in (given or {}).items():
        if name not in cls.__struct_fields__:
            raise unknown_name(f"parameter of {component}", name, cls.__struct_fields__)
        values[name] = value
    try:
        made = msgspec.convert(values, cls, strict=False)
        json.dumps(msgspec.to_builtins(made), allow_nan=False)
    except msgspec.ValidationError as error:
        raise _refused(cls, component, values, str(error)) from None
    except UnicodeError:
        raise UsageError(f"{component}: a value is no Unicode text") from None
    except ValueError:
        whole = msgspec.to_builtins(made)
        field = next(name for name, value in whole.items() if not _is_finite(value))
        raise UsageError(f"{component}.{field} = {whole[field]!r}: not a finite value") from None
    return made


def _refused(
    cls: type[Params], component: str, values: Mapping[str, Any], error: str
) -> UsageError:
    reason, _, where = error.partition(" - at `$.")
    if not where:  # raised by the class itself, about several fields
        return UsageError(f"{component}: {reason}", f"irfer-bench show {component}")
    field = where.strip("`").split("[")[0]
    kind = _type_name(get_type_hints(cls, include_extras=True)[field])
    known = f", not one of {kind.replace('|', ', ')}" if "enum" in reason else ""
    return UsageError(
        f"{component}.{field} = {values.get(field, '?')!r}: {reason}{known}",
        f"irfer-bench show {component}",
    )


def _is_finite(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def parse_value(text: str) -> Any:
    """A command-line value: JSON where it is JSON, the text itself otherwise."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # also numbers of too many digits
        return text


@cache
def stages(cls: type[Params]) -> Mapping[str, Stage]:
    """The stage of every field: `fit` (the default) or `apply`."""
    hints = get_type_hints(cls, include_extras=True)
    return {name: _stage(hints[name]) for name in cls.__struct_fields__}


def _stage(hint: Any) -> Stage:
    for meta in _metas(hint):
        stage = (meta.extra or {}).get("stage")
        if stage in ("fit", "apply"):
            return stage  # type: ignore[no-any-return]
    return "fit"


def stage_values(params: Params, stage: Stage) -> dict[str, Any]:
    """The JSON values of the fields of one stage."""
    known = stages(type(params))
    values: dict[str, Any] = msgspec.to_builtins(params)
    return {name: value for name, value in values.items() if known[name] == stage}


def describe(cls: type[Params]) -> list[dict[str, Any]]:
    """One row per field: name, type, default, bounds, stage, description."""
    hints = get_type_hints(cls, include_extras=True)
    defaults: dict[str, Any] = msgspec.to_builtins(cls())
    rows = []
    for name in cls.__struct_fields__:
        metas = _metas(hints[name])
        bounds = {
            bound: getattr(meta, bound)
            for meta in metas
            for bound in BOUNDS
            if getattr(meta, bound) is not None
        }
        text = next((meta.description for meta in metas if meta.description), "")
        rows.append(
            {
                "name": name,
                "type": _type_name(hints[name]),
                "default": defaults[name],
                "bounds": bounds,
                "stage": stages(cls)[name],
                "description": text,
            }
        )
    return rows


def _metas(hint: Any) -> list[msgspec.Meta]:
    return [arg for arg in get_args(hint)[1:] if isinstance(arg, msgspec.Meta)]


def _type_name(hint: Any) -> str:
    inner = get_args(hint)[0] if _metas(hint) else hint
    if get_origin(inner) is Literal:
        return "|".join(map(str, get_args(inner)))
    return getattr(inner, "__name__", str(inner)) if not get_args(inner) else str(inner)
