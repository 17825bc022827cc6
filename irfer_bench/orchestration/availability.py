"""What can run on this machine: packages, dataset folders, pretrained weights; without torch."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.errors import BenchError

if TYPE_CHECKING:
    from irfer_bench.contracts.component import Component
    from irfer_bench.registry import Registry

PRESETS = ("quick", "bench", "paper")


@cache
def is_installed(module: str) -> bool:
    """Whether a module can be found; it is not imported."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError, AttributeError):  # a broken parent package
        return False


def missing_packages(component: Component) -> list[str]:
    """The modules that a component needs and that are not installed."""
    return [name for name in component.needs if name.isidentifier() and not is_installed(name)]


def data_variable(dataset: str) -> str:
    """The environment variable that names a dataset's folder."""
    return f"IRFER_BENCH_DATA_{dataset.upper()}"


def data_here(component: Component) -> bool:
    """Whether a dataset needs no files, or its environment variable names a folder."""
    if component.traits.get("embedded"):
        return True
    root = os.environ.get(data_variable(component.name))
    return bool(root) and Path(str(root)).expanduser().is_dir()


def dataset_of(setting: Component, datasets: list[Component]) -> str:
    """The dataset of an announced setting, whose module is not imported: its neighbour's name.

    Settings lie in the package of their dataset; of several there, the longest name that the
    setting's own begins with counts. Empty where none is near.
    """
    package = _package(setting)
    near = [each.name for each in datasets if _package(each) == package]
    own = [name for name in near if setting.name.startswith(name)]
    return max(own, key=len) if own else near[0] if near else ""


def missing_weights(registry: Registry, component: Component) -> dict[str, str]:
    """Why the weights of a method are not usable, by preset; empty text where they are.

    Presets that need none, or that cannot be resolved, are treated alike: nothing is missing
    that a user could fetch.
    """
    from irfer_bench.contracts.params import resolve
    from irfer_bench.home import weights

    found = {}
    for preset in PRESETS:
        try:
            params = resolve(
                registry.params_class(component), component=component.name, preset=preset
            )
            params.inputs(weights())
            found[preset] = ""
        except BenchError as error:
            found[preset] = str(error)
        except Exception as error:  # noqa: BLE001  a plugin's parameters may raise anything
            found[preset] = f"{type(error).__name__}: {error}"
    return found


def _package(component: Component) -> str:
    return component.factory.partition(":")[0].rpartition(".")[0]
