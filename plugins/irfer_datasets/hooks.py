"""Components of the datasets that users bring, and their settings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from irfer_bench.api import Component, hookimpl
from irfer_datasets.announced import read_announced

_ADDRESSES = ("factory", "params")


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """Datasets by `datasets.toml`, settings by `settings.toml`; no module of theirs is imported."""
    for name, facts in read_announced("datasets.toml").items():
        whole: dict[str, Any] = dict(facts)
        whole |= {key: f"irfer_datasets.{facts[key]}" for key in _ADDRESSES if key in facts}
        yield Component(kind="dataset", name=name, **whole)
    for package, summaries in read_announced("settings.toml").items():
        for name, summary in summaries.items():
            factory = f"irfer_datasets.{package}.settings:{name.upper()}"
            yield Component(kind="setting", name=name, factory=factory, summary=summary)
