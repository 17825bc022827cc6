"""Provenance of a result: machine, packages, plugins and command."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from irfer_bench import __version__
from irfer_bench.contracts.record import Machine
from irfer_bench.home import cores, home, weights

PACKAGES = (
    "torch",
    "numpy",
    "open_clip_torch",
    "diffusers",
    "timm",
    "scikit-learn",
    "scikit-image",
    "lpips",
)


def machine(device: str = "", precision: str = "") -> Machine:
    """Hardware and system, without names of users, hosts or paths."""
    return Machine(
        system=platform.system(),
        machine=platform.machine(),
        python=platform.python_version(),
        cpu=_cpu_name(),
        cores=cores(),
        threads=_threads(),
        device=device,
        precision=precision,
    )


def without_folders(text: str) -> str:
    """The text with folders of this machine replaced by the names of their variables."""
    known = {"$IRFER_BENCH_WEIGHTS": weights(), "$IRFER_BENCH_HOME": home(), "~": Path.home()}
    for name, folder in known.items():
        text = text.replace(str(folder), name)
    return text


def packages(plugins: set[str]) -> dict[str, str]:
    """Versions of irfer-bench, of the numerical libraries and of the plugins used."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"irfer-bench": __version__}
    for name in (*PACKAGES, *sorted(plugins - {"irfer-bench"})):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def command() -> str:
    """The command line, without folders of this machine."""
    words = [word.rpartition("/")[2] if "/" in word else word for word in sys.argv]
    return " ".join(words)


def _threads() -> int | None:
    """Torch threads, on which rounding depends; None where torch was not imported."""
    torch = sys.modules.get("torch")
    return None if torch is None else int(torch.get_num_threads())


def _cpu_name() -> str:
    try:
        with Path("/proc/cpuinfo").open() as stream:
            line = next((line for line in stream if line.startswith("model name")), "")
        return line.partition(":")[2].strip() or platform.processor()
    except OSError:
        return platform.processor()
