"""What can run on this machine: packages, dataset folders, pretrained weights; without torch."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.errors import BenchError
from irfer_bench.home import is_folder

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
    return bool(root) and is_folder(str(root))


def group_datasets(datasets: Iterable[Component]) -> dict[str, dict[str, None]]:
    """The names of datasets by the package that they lie in."""
    found: dict[str, dict[str, None]] = {}
    for each in datasets:
        found.setdefault(_package(each), {})[each.name] = None
    return found


def dataset_of(setting: Component, datasets: Mapping[str, Mapping[str, None]]) -> str:
    """The dataset of an announced setting, whose module is not imported: its neighbour's name.

    Settings lie in the package of their dataset; of several there, the longest name that the
    setting's own begins with counts. Empty where none is near.

    Args:
        datasets: as `group_datasets` gives them.
    """
    near, name = datasets.get(_package(setting), {}), setting.name
    for end in range(len(name), 0, -1):
        if name[:end] in near:
            return name[:end]
    return next(iter(near), "")


def missing_weights(registry: Registry, component: Component) -> dict[str, str]:
    """Why the weights of a method are not usable, by preset; empty text where they are.

    Presets that need none, or that cannot be resolved, are treated alike: nothing is missing
    that a user could fetch.
    """
    if not component.params:
        return dict.fromkeys(PRESETS, "")
    from irfer_bench.contracts.params import resolve
    from irfer_bench.home import weights
    from irfer_bench.store.digests import noting_nothing

    found = {}
    for preset in PRESETS:
        try:
            params = resolve(
                registry.params_class(component), component=component.name, preset=preset
            )
            with noting_nothing():  # looking changes nothing
                params.inputs(weights())
            found[preset] = ""
        except BenchError as error:
            found[preset] = str(error)
        except Exception as error:  # noqa: BLE001  a plugin's parameters may raise anything
            found[preset] = f"{type(error).__name__}: {error}"
    return found


def gpu_problem() -> str:
    """Why no GPU is used; empty where one is."""
    if not Path("/dev/nvidia0").exists():
        return "none: the driver shows no /dev/nvidia0"
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and hidden.strip() in ("", "-1"):
        return f"hidden by CUDA_VISIBLE_DEVICES={hidden!r}"
    if _torch_is_without_cuda():
        return "one is here, but the installed torch is built without CUDA: see pytorch.org"
    return ""


def _torch_is_without_cuda() -> bool:
    """From the text of torch's version file, since importing torch takes a second."""
    found = find_spec("torch")
    for folder in (found.submodule_search_locations or ()) if found else ():
        version = Path(folder) / "version.py"
        if version.is_file():
            text = version.read_text(encoding="utf-8")
            return re.search(r"^cuda\b.*=\s*None\s*$", text, re.MULTILINE) is not None
    return False


def _package(component: Component) -> str:
    return component.factory.partition(":")[0].rpartition(".")[0]
