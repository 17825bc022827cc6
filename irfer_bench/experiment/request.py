"""Requests, read from the command line or a suite.toml."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from irfer_bench.contracts.params import parse_value
from irfer_bench.errors import MissingError, UsageError

LISTS = ("settings", "translators", "recognizers", "folds", "seeds", "metrics", "rebuild")
"""Fields that are lists."""
PUBLISHED = "published"
ABLATION = "ablation"
"""Keys of a suite that are no fields of a request: see the modules of `experiment` so named."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A grid of cells; the field names are the keys of a suite.toml.

    Args:
        settings, translators, recognizers: names; empty means the dataset's default setting, `none`
            and `pca` respectively.
        params: per component name (or `translator`/`recognizer` for all of them), field to value.
        folds: numbers from 1, or `all`; empty means fold 1 in `quick`, all otherwise. Texts such as
            `1-5` and `1,2` are taken by `parse_folds`.
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
    folds: tuple[int, ...] | Literal["all"] = ()
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
    table = read_toml(path)
    table.pop(PUBLISHED, None)
    table.pop(ABLATION, None)
    runs = table.pop("run", [{}])
    if not (isinstance(runs, list) and all(isinstance(run, dict) for run in runs)):
        raise UsageError(f"suite {path}: run is no list of tables", "write [[run]] above each")
    if not runs:
        raise UsageError(f"suite {path}: run = [] holds no run", "write [[run]], or leave it out")
    return [_read_request(path, _merged(table, run)) for run in runs]


def read_toml(path: Path) -> dict[str, Any]:
    """A suite's tables.

    Raises:
        MissingError: no such file. UsageError: no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MissingError(f"suite {path}: no such file") from None
    except OSError as error:
        raise UsageError(f"suite {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"suite {path} is no TOML: {error}") from None


def _read_request(path: Path, table: dict[str, Any]) -> Request:
    try:
        if isinstance(table.get("folds"), str | list):
            table["folds"] = parse_folds(table["folds"])
        return msgspec.convert(table, Request)
    except UsageError as error:
        raise UsageError(f"suite {path}: {error.message}", error.hint) from None
    except msgspec.ValidationError as error:
        raise UsageError(f"suite {path}: {error}", _remedy(table, str(error))) from None


def _remedy(table: Mapping[str, Any], error: str) -> str:
    """What to write instead: a list where one value stands alone, else the known keys."""
    name = error.rpartition("`$.")[2].strip("`")
    value = table.get(name)
    if name in LISTS and isinstance(value, str | int):
        return f"write {name} = [{json.dumps(value)}]"
    return f"keys are {', '.join(Request.__struct_fields__)}, and [[run]]"


def parse_folds(given: str | int | Sequence[str | int]) -> tuple[int, ...] | Literal["all"]:
    """Folds as people write them: `all`, `1-5`, `1,2`, a number, or a list of these.

    Raises:
        UsageError: it is none of them.
    """
    parts = [given] if isinstance(given, str | int) else given
    folds: list[int] = []
    for part in (each for whole in parts for each in str(whole).split(",")):
        match = re.fullmatch(r"\s*(\d{1,3})\s*(?:-\s*(\d{1,3})\s*)?", part)
        if part.strip() == "all":
            return "all"
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise UsageError(
                f"fold {part!r} is not understood",
                "write a number from 1, a range such as 1-5, a list such as 1,2, or all",
            )
        folds += range(int(match[1]), int(match[2] or match[1]) + 1)
    return tuple(dict.fromkeys(folds))


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
