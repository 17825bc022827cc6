"""Whether the packages and files that a component declares are here, without importing them."""

from __future__ import annotations

import shutil
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.contracts.component import Component
from irfer_bench.contracts.params import Params
from irfer_bench.errors import BenchError, MissingError

if TYPE_CHECKING:
    from irfer_bench.registry import Registry


def check_component(
    registry: Registry, component: Component, params: Params, weights: Path
) -> None:
    """Raise what using the component would raise, where something of its `needs` is not here.

    Only then it is made, and a detector opened: it knows best what to install.

    Raises:
        MissingError: it cannot be used.
    """
    absent = [name for name in component.needs if not is_here(name)]
    if not absent:
        return
    try:
        made = registry.create(component, params)
        if component.kind == "detector":
            made.open(weights)
    except BenchError:
        raise
    except Exception as error:  # a plugin may raise anything where its package is missing
        raise MissingError(
            f"{component.kind} {component.name!r} needs {', '.join(absent)} "
            f"({type(error).__name__}: {error})"
        ) from error


def is_here(name: str) -> bool:
    """Whether a module can be imported or a program be called by this name."""
    top = name.partition(".")[0]
    with suppress(ImportError, ValueError):  # a module without a loader is not to be found
        if top.isidentifier() and find_spec(top) is not None:
            return True
    return shutil.which(name) is not None
