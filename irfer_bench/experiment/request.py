"""Requests, read from the command line or a suite.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from irfer_bench.contracts.params import parse_value
from irfer_bench.errors import MissingError, UsageError


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A grid of cells; the field names are the keys of a suite.toml.

    Args:
        settings, translators, recognizers: names; empty means the dataset's default setting, `none`
            and `pca` respectively.
        params: per component name (or `translator`/`recognizer` for all of them), field to value.
        folds: numbers from 1; empty means fold 1 in `quick`, all otherwise.
        seeds: empty means 0.
        metrics: computed in addition to the setting's; the board shows them as further columns.
        rebuild: methods whose steps are made again, with all that follows from them.
        threads: of the numerical libraries; 0 means as many as there are cores.
    """

    dataset: str = ""
    settings: tuple[str, ...] = ()
    translators: tuple[str, ...] = ()
    recognizers: tuple[str, ...] = ()
    preset: str = ""
    params: dict[str, dict[str, Any]] = {}
    folds: tuple[int, ...] = ()
    seeds: tuple[int, ...] = ()
    data_roots: dict[str, str] = {}
    fit_translator_on: str = ""
    landmarks: str = ""
    detector: str = ""
    boxes: str = ""
    no_face: str = ""
    device: str = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    metrics: tuple[str, ...] = ()
    rebuild: tuple[str, ...] = ()
    threads: Annotated[int, msgspec.Meta(ge=0)] = 0


def read_suite(path: Path) -> list[Request]:
    """The requests of a suite.toml: its top level, or one per `[[run]]` on top of it.

    Raises:
        MissingError: no such file.
        UsageError: no TOML, an unknown key, or a value of the wrong type.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MissingError(f"suite {path}: no such file") from None
    except OSError as error:
        raise UsageError(f"suite {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"suite {path} is no TOML: {error}") from None
    runs = table.pop("run", [{}])
    if not (isinstance(runs, list) and all(isinstance(run, dict) for run in runs)):
        raise UsageError(f"suite {path}: run is no list of tables", "write [[run]] above each")
    tables = [_merged(table, run) for run in runs]
    try:
        return [msgspec.convert(each, Request) for each in tables]
    except msgspec.ValidationError as error:
        known = ", ".join(Request.__struct_fields__)
        raise UsageError(f"suite {path}: {error}", f"keys are {known}, and [[run]]") from None


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` on top of `base`, tables inside merged key by key."""
    merged = dict(base)
    for name, value in over.items():
        below = merged.get(name)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[name] = _merged(below, value) if both else value  # type: ignore[arg-type]
    return merged


def parse_params(texts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Options such as `translator.lambda_h=50`, as component to field to value."""
    params: dict[str, dict[str, Any]] = {}
    for text in texts:
        address, equals, value = text.partition("=")
        owner, dot, field = address.partition(".")
        if not (equals and dot and owner and field):
            raise UsageError(
                f"-p {text!r} is not COMPONENT.FIELD=VALUE", "such as -p translator.lambda_h=50"
            )
        params.setdefault(owner, {})[field] = parse_value(value)
    return params


def parse_roots(texts: Sequence[str], target: str) -> dict[str, str]:
    """`NAME=PATH`, or a bare PATH for the target dataset."""
    roots: dict[str, str] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not (equals and re.fullmatch(r"[a-z0-9_]+", name)):
            if not target:
                raise UsageError(f"--data-root {text!r}: say --dataset NAME, or NAME={text}")
            name, path = target, text
        roots[name] = path
    return roots


def params_for(params: Mapping[str, Mapping[str, Any]], role: str, name: str) -> dict[str, Any]:
    """Parameters set for a component: by role, overridden by name, then by name with variant."""
    given: dict[str, Any] = {}
    for owner in (role, name.partition("@")[0], name):
        given.update(params.get(owner, {}))
    return given
