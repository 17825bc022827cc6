"""Components of the datasets that users bring, by `datasets.toml`, and their settings."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib import import_module
from importlib.resources import files

from irfer_bench.api import Component, Setting, hookimpl

_ADDRESSES = ("factory", "params")
WITH_SETTINGS = (
    "oulu_casia",
    "nvie",
    "large_hfe",
    "cfee",
    "kdef",
    "raf_db",
    "affectnet",
    "ck_plus",
    "ferplus",
    "dfew",
    "ferv39k",
    "mafw",
    "folder",
    "hub",
)
"""Packages whose `settings.py` holds settings; the first of a dataset is its default."""


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """The datasets that users bring, and their settings."""
    text = files("irfer_datasets").joinpath("datasets.toml").read_text(encoding="utf-8")
    for name, facts in tomllib.loads(text).items():
        whole = {key: f"irfer_datasets.{facts[key]}" for key in _ADDRESSES if key in facts}
        yield Component(kind="dataset", name=name, **{**facts, **whole})
    for package in WITH_SETTINGS:
        module = import_module(f"irfer_datasets.{package}.settings")
        for constant, setting in vars(module).items():
            if isinstance(setting, Setting):
                yield Component(
                    kind="setting",
                    name=setting.name,
                    factory=f"{module.__name__}:{constant}",
                    summary=setting.summary,
                )
