"""Reading of foreign checkpoints without executing code in them.

Known: safetensors, and files of `torch.save`, read with `weights_only=True`. A TorchScript archive
carries code that runs when it is loaded, so that one is opened only where its sha256 is that of a
published file that the caller names; every other one is refused before torch sees it.
"""

from __future__ import annotations

import errno
import hashlib
import io
import re
import struct
import warnings
import zipfile
from argparse import Namespace
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from irfer_bench.errors import CellError, DamagedError, RefusedError

READ_ERRORS = (
    RuntimeError, OSError, ValueError, KeyError, EOFError, AttributeError, IndexError, TypeError,
    AssertionError, OverflowError, MemoryError, struct.error, zipfile.BadZipFile, SafetensorError,
    UnpicklingError,
)  # fmt: skip
"""What the readers below raise on damaged files of one kind or another."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Tensors by name, and the metadata of a safetensors file."""

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]


def read_checkpoint(
    path: Path,
    *,
    torchscript: Collection[str] = (),
    wrappers: Sequence[str] = ("state_dict",),
    inert: Sequence[str] = (),
) -> Checkpoint:
    """The tensors of a file; what is not a tensor is left out, a `module.` prefix taken off.

    Args:
        torchscript: sha256 of the TorchScript archives that may be loaded, published files only.
        wrappers: keys under which the state dict may lie.
        inert: classes whose objects may lie beside it, such as `__main__.RecorderMeter`. Nothing of
            them is imported or run: an object that holds nothing takes the place of each.

    Raises:
        RefusedError: a TorchScript archive of another digest; nothing of it was loaded.
        DamagedError: the file cannot be read as a checkpoint.
    """
    try:
        raw, metadata = _read(path, torchscript, inert)
    except READ_ERRORS as error:
        raise _unreadable(path, error) from None
    inner = next((raw[name] for name in wrappers if isinstance(raw.get(name), dict)), None)
    while inner is not None:
        raw = inner
        inner = next((raw[name] for name in wrappers if isinstance(raw.get(name), dict)), None)
    tensors = {
        str(name).removeprefix("module."): value
        for name, value in raw.items()
        if isinstance(value, Tensor)
    }
    return Checkpoint(tensors, metadata)


@dataclass(frozen=True, slots=True)
class KeyReport:
    """How the names and shapes of a checkpoint fit those of a module; names sorted."""

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    misshapen: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Every tensor of the module is there in its shape, and there is no other."""
        return not (self.missing or self.unexpected or self.misshapen)

    def count(self) -> str:
        """How many tensors are of each kind; those of another shape by themselves."""
        return (
            f"{len(self.matched)} tensors matched, {len(self.missing)} missing, "
            f"{len(self.unexpected)} unknown"
            + (f", {len(self.misshapen)} of another shape" if self.misshapen else "")
        )

    def describe(self, most: int = 2) -> str:
        """The first few of each kind of problem in words; empty where everything fits."""
        words = list(self.misshapen[:most])
        for names, word in ((self.missing, "missing"), (self.unexpected, "unknown")):
            words += [f"{name} is {word}" for name in names[:most]]
            if len(names) > most:
                words[-1] += f" and {len(names) - most} more"
        return "; ".join(words)


def compare_keys(own: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> KeyReport:
    """Which tensors of `own`, a module's state dict, a checkpoint can fill."""
    both = sorted(own.keys() & given.keys())
    misshapen = [name for name in both if own[name].shape != given[name].shape]
    return KeyReport(
        matched=tuple(name for name in both if name not in set(misshapen)),
        missing=tuple(sorted(own.keys() - given.keys())),
        unexpected=tuple(sorted(given.keys() - own.keys())),
        misshapen=tuple(
            f"{name} is {tuple(given[name].shape)}, expected {tuple(own[name].shape)}"
            for name in misshapen
        ),
    )


def rename_keys(
    tensors: Mapping[str, Tensor], prefixes: Mapping[str, str | None]
) -> dict[str, Tensor]:
    """The tensors under new names: the longest prefix that fits is replaced, None drops the key."""
    ordered = sorted(prefixes, key=len, reverse=True)
    renamed: dict[str, Tensor] = {}
    for name, value in tensors.items():
        prefix = next((p for p in ordered if name.startswith(p)), "")
        new = prefixes.get(prefix, "")
        if new is not None:
            renamed[new + name.removeprefix(prefix)] = value
    return renamed


def load_trunk(net: nn.Module, path: Path, network: str) -> None:
    """Put a torchvision checkpoint into a ResNet of images or videos, all but the classifier.

    Raises:
        CellError: the file holds another network; names what does not fit.
        DamagedError, RefusedError: it cannot be read, or not without running code.
    """
    own = rename_keys(net.state_dict(), {"fc.": None})
    counters = {name: value for name, value in own.items() if name.endswith("batches_tracked")}
    # Files of old torchvision releases have no counters.
    given = read_checkpoint(path).tensors
    trunk = counters | rename_keys(given, {"fc.": None})
    report = compare_keys(own, trunk)
    if not report.fits:
        raise CellError(
            f"{path.name} is no torchvision {network}: {report.describe()}",
            "give a state_dict with torchvision's key names")
    net.load_state_dict(trunk, strict=False)


class _Inert:
    """Stands for an object of a file; takes any arguments and any state, and keeps none."""

    def __new__(cls, *args: Any, **named: Any) -> _Inert:
        return super().__new__(cls)

    def __init__(self, *args: Any, **named: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


def _inert_class(name: str) -> Any:
    """The class that takes the place of another one of this full name."""
    module, _, own = name.rpartition(".")
    return type(own, (_Inert,), {"__module__": module})


_NUMPY = tuple(
    f"numpy.{name}"
    for name in (
        "ndarray", "dtype", "core.multiarray._reconstruct", "_core.multiarray._reconstruct",
        "core.multiarray.scalar", "_core.multiarray.scalar",
    )
)  # fmt: skip
"""What arrays and numbers of numpy, such as curves and best values, are made of in a file."""


def _read(
    path: Path, torchscript: Collection[str], inert: Sequence[str]
) -> tuple[dict[Any, Any], dict[str, str]]:
    if path.suffix == ".safetensors":
        with safe_open(path, "pt") as opened:
            metadata = dict(opened.metadata() or {})
        return load_file(path), metadata
    if _is_torchscript(path):
        content = path.read_bytes()  # what is hashed is what is loaded
        found = hashlib.sha256(content).hexdigest()
        if found not in torchscript:
            raise RefusedError(
                f"{path} is a TorchScript archive, which runs code when it is loaded, and its "
                f"sha256 {found[:12]} is not that of a published file",
                "save its state_dict as safetensors or with torch.save, and give that file",
            )
        archive: Any = torch.jit
        return dict(archive.load(io.BytesIO(content), map_location="cpu").state_dict()), {}
    # Training scripts keep their options beside the weights; a Namespace holds values alone.
    allowed = [Namespace, *map(_inert_class, (*inert, *_NUMPY))]
    with torch.serialization.safe_globals(allowed), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Detected pickle protocol")  # it loads, or is refused
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(loaded, dict):
        raise DamagedError(
            f"{path} cannot be read as a checkpoint: it holds a {type(loaded).__name__}, "
            "not named tensors"
        )
    return dict(loaded), {}


def _unreadable(path: Path, error: Exception) -> DamagedError:
    """What is wrong with a file, without torch's advice to load it in a way that runs its code."""
    what, hint = f"{path} cannot be read as a checkpoint", ""
    foreign = re.search(r"GLOBAL ([\w.]+)", str(error))
    if isinstance(error, UnpicklingError) and foreign:
        reason = f"it holds objects other than tensors, which are not read ({foreign[1]})"
        hint = "save its state_dict as safetensors or with torch.save, and give that file"
    # A seek beyond the end of half a file is an invalid argument.
    elif isinstance(error, OSError) and error.strerror and error.errno != errno.EINVAL:
        reason = error.strerror
    elif isinstance(error, MemoryError):
        reason = "there is too little memory for it, or it is damaged"
    elif path.suffix == ".safetensors":
        reason = "it is not a safetensors file, or half of one"
    else:
        reason = "it is not a checkpoint of PyTorch, or half of one"
    return DamagedError(f"{what}: {reason}", hint)


def _is_torchscript(path: Path) -> bool:
    """Whether torch could take the file for a TorchScript archive: a zip with `constants.pkl`."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("constants.pkl") for name in archive.namelist())
