"""Folders, cores, device and precision of this machine, found without torch."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from irfer_bench.errors import MissingError, UsageError

RESULTS = "results"
"""The folder for records and boards where `--out` names none."""
DEVICES = Path("/dev")
Precision = Literal["fp32", "bf16"]


def home() -> Path:
    """The folder of store and caches: `IRFER_BENCH_HOME`, else the platform's cache folder."""
    given = os.environ.get("IRFER_BENCH_HOME")
    if given:
        return user_path(given)
    from platformdirs import user_cache_path

    return user_cache_path("irfer-bench")


def user_path(text: str | Path) -> Path:
    """A path that a user wrote, with `~` replaced.

    Raises:
        UsageError: nobody here has that name.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UsageError(f"{text}: no such home folder", "write the path out") from None


def is_folder(text: str | Path) -> bool:
    """Whether a folder that a user named is here; what cannot be a name is none."""
    with suppress(OSError, UsageError):
        return user_path(text).is_dir()
    return False


def make_private(folder: Path) -> None:
    """Make a folder that its user alone may enter, also where an open one is there already."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_mode & 0o077:
        with suppress(OSError):  # somebody else's: its owner decides
            folder.chmod(0o700)


def private_folder(dataset: str) -> Path:
    """The folder for copies and images of a dataset outside the store, private to the user.

    It is made with mode 0700; `irfer-bench data purge` deletes it.
    """
    folder = home() / "private" / dataset
    for each in (folder.parent, folder):
        make_private(each)
    return folder


def weights() -> Path:
    """The folder of pretrained weights: `IRFER_BENCH_WEIGHTS`, else `weights` in the home."""
    given = os.environ.get("IRFER_BENCH_WEIGHTS")
    return user_path(given) if given else home() / "weights"


def cores() -> int:
    """Cores that this process may use; a cluster's scheduler gives fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def torch_threads() -> int:
    """Threads that torch computes a step with: `OMP_NUM_THREADS`, else one per core."""
    given = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return int(given) if given.isdecimal() and int(given) > 0 else cores()


def pick_device(asked: str) -> str:
    """`auto` becomes `cuda` where the driver shows a GPU, else `cpu`."""
    if asked != "auto":
        return asked
    return "cuda" if Path("/dev/nvidia0").exists() else "cpu"


def check_device(asked: str) -> None:
    """Raise where steps cannot run on a device; looks at files and does not import torch.

    Raises:
        UsageError: no device is called so. MissingError: it is not here.
    """
    kind, colon, number = asked.partition(":")
    if kind not in ("auto", "cpu", "cuda", "mps") or (colon and not number.isdecimal()) or (
        colon and kind != "cuda"
    ):
        raise UsageError(f"unknown device {asked!r}", "use auto, cpu, cuda, cuda:1 … or mps")
    other = "say --device cpu, or auto, which takes a GPU where there is one"
    if kind == "mps" and sys.platform != "darwin":
        raise MissingError("device 'mps' was asked for and this is no Mac", other)
    if kind != "cuda":
        return
    seen = gpus()
    if not seen:
        raise MissingError(
            f"device {asked!r} was asked for and no GPU is here (no /dev/nvidia0)", other
        )
    if number and int(number) >= seen:
        last = "cuda" if seen == 1 else f"cuda:{seen - 1}"
        raise MissingError(f"device {asked!r} was asked for and {last} is the last one", other)
    if not torch_knows_cuda():
        raise MissingError(
            f"device {asked!r} was asked for and the installed torch is built for the CPU alone",
            "install torch with CUDA (pytorch.org/get-started), or say --device cpu",
        )


def gpus() -> int:
    """GPUs that the driver shows and `CUDA_VISIBLE_DEVICES` lets through."""
    count = sum(path.name.removeprefix("nvidia").isdecimal() for path in DEVICES.glob("nvidia*"))
    if not count and any((DEVICES / name).exists() for name in ("dxg", "kfd")):
        count = 1  # Windows' and AMD's drivers do not say how many there are
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    return count if shown is None else min(count, len([n for n in shown.split(",") if n.strip()]))


def torch_knows_cuda() -> bool:
    """Whether torch was built with CUDA or ROCm, by the names of its libraries."""
    found = find_spec("torch")
    places = (found.submodule_search_locations or ()) if found is not None else ()
    return any(
        any(Path(place, "lib").glob(pattern))
        for place in places
        for pattern in ("*torch_cuda*", "*torch_hip*")
    )


def pick_precision(asked: str, device: str) -> Precision:
    """`auto` is bf16 autocast where the hardware has matrix units for it, else fp32.

    On a CPU without them bf16 is up to a hundred times slower than fp32.
    """
    if asked in ("fp32", "bf16"):
        return asked  # type: ignore[return-value]
    if device.startswith("cuda"):
        return "bf16"
    return "bf16" if "amx_bf16" in _cpu_flags() else "fp32"


def _cpu_flags() -> str:
    try:
        with Path("/proc/cpuinfo").open() as stream:
            return next((line for line in stream if line.startswith("flags")), "")
    except OSError:
        return ""
