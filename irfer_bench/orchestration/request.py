"""Requests from keyword arguments, or from a suite and overriding arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

import msgspec

from irfer_bench.errors import UsageError, unknown_name
from irfer_bench.experiment.request import LISTS, Request, parse_folds, read_suite

FILES = ("landmarks", "boxes")


class Asked(TypedDict, total=False):
    """Arguments of `irfer_bench.run` and `irfer_bench.plan` that select cells.

    Lists may be single values. Defaults are those of the command line: the synthetic dataset,
    its first setting, translator `none`, recognizer `pca`, preset `quick`, fold 1, seed 0.

    Args:
        suite: a TOML file with these names as keys; other arguments override it.
        setting, settings: names. dataset: its first setting is the default.
        translators, recognizers: `name` or `name@variant`; all are combined.
        folds: numbers from 1, `all`, or texts such as `1-5` and `1,2`.
        params: per component name (or `translator`, `recognizer`), field to value.
        data_roots: folder per dataset.
        metrics: computed in addition to the setting's. rebuild: methods to fit again.
    """

    suite: str | Path
    setting: str
    settings: str | Sequence[str]
    dataset: str
    translators: str | Sequence[str]
    recognizers: str | Sequence[str]
    folds: int | str | Sequence[int | str]
    seeds: int | Sequence[int]
    preset: Literal["", "quick", "bench", "paper"]
    params: Mapping[str, Mapping[str, Any]]
    data_roots: Mapping[str, str | Path]
    fit_translator_on: str
    landmarks: str | Path
    detector: str
    boxes: str | Path
    no_face: Literal["", "fail", "whole", "drop"]
    device: str
    precision: Literal["auto", "fp32", "bf16"]
    threads: int
    metrics: str | Sequence[str]
    rebuild: str | Sequence[str]


def make_requests(asked: Mapping[str, Any]) -> list[Request]:
    """The requests of keyword arguments.

    Raises:
        UsageError: an unknown name, or a value of the wrong type.
    """
    known = Asked.__annotations__
    for name in asked:
        if name not in known:
            raise unknown_name("argument", name, known)
    given = dict(asked)
    suite = given.pop("suite", "")
    setting = given.pop("setting", "")
    if setting:
        if given.get("settings"):
            raise UsageError("setting and settings are both given", "say one of the two")
        given["settings"] = setting
    base = read_suite(Path(suite)) if suite else [Request()]
    return [override(request, given) for request in base]


def override(base: Request, given: Mapping[str, Any]) -> Request:
    """A request with some fields replaced; empty values change nothing.

    Raises:
        UsageError: a value of the wrong type.
    """
    changes = {
        name: _listed(value) if name in LISTS else value
        for name, value in given.items()
        if name not in ("params", "data_roots") and not _is_empty(value)
    }
    changes |= {name: str(changes[name]) for name in FILES if name in changes}
    if "folds" in changes:
        changes["folds"] = parse_folds(changes["folds"])
    params = {owner: dict(fields) for owner, fields in base.params.items()}
    for owner, fields in (given.get("params") or {}).items():
        params.setdefault(owner, {}).update(fields)
    roots = {name: str(path) for name, path in (given.get("data_roots") or {}).items()}
    whole = msgspec.structs.asdict(base) | changes
    whole |= {"params": params, "data_roots": base.data_roots | roots}
    try:
        return msgspec.convert(whole, Request)
    except msgspec.ValidationError as error:
        raise UsageError(f"the request is not understood: {error}") from None


def _listed(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, str | int) else tuple(value)


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", "auto") or (value == 0 and value is not False) or (
        isinstance(value, list | tuple) and not value
    )
