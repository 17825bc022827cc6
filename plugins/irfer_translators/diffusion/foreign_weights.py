"""Published score networks and domain classifiers in the place of trained ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from irfer_bench.api import DamagedError, State
from irfer_bench.nn.checkpoints import KeyReport, compare_keys, read_checkpoint
from irfer_bench.nn.training import module_state
from irfer_translators.diffusion.key_maps import rename
from irfer_translators.diffusion.unet import NETS, NetPreset

WRAPPERS = ("ema", "ema_state_dict", "model", "state_dict")
OUTPUT = ("conv_out.weight", "conv_out.bias")


def read_score_net(path: Path, net: nn.Module, name: str) -> State:
    """A published U-Net's weights as the state of our score network.

    DDPM and ADM U-Nets in their own names, files of `irfer-bench export` and of diffusers are
    understood. A network that also learned the range of the variance serves one that did not: the
    second half of its output is left out, of its gains and of its other channels alike.

    Args:
        net: an untrained network of that preset. name: of the preset.

    Raises:
        DamagedError: the file is of another network, or half of one; says which names.
    """
    inner: Any = getattr(net, "net", net)
    given = _read(path, "score.")
    if name in NETS:
        given = rename(given, NETS[name], inner.config.sample_size)
    wanted = inner.state_dict()
    dropped = ""
    gains = getattr(net, "gain_channels", 0)
    for key in OUTPUT:
        if key in given and len(given[key]) == 2 * len(wanted[key]):
            kept = (given[key][:gains], given[key][2 * gains :][: len(wanted[key]) - gains])
            given[key], dropped = torch.cat(kept), ", variance left out"
    report = fill(inner, given, path, f"the U-Net {name!r}")
    return State(module_state(net), {"weights_keys": report.count() + dropped})


def fill(
    module: nn.Module, given: dict[str, Tensor], path: Path, what: str,
    optional: tuple[str, ...] = (),
) -> KeyReport:
    """Load tensors into a module, all of them and nothing else.

    Args:
        optional: prefixes of the module's tensors that the file need not have.

    Raises:
        DamagedError: a tensor is missing, unknown or of another shape.
    """
    report = compare_keys(
        {k: v for k, v in module.state_dict().items() if not k.startswith(optional)}, given
    )
    if not report.fits:
        raise DamagedError(
            f"{path} is not {what}: {report.count()} ({report.describe()})",
            "give the whole checkpoint, and the name of its network as `net`",
        )
    module.load_state_dict(given, strict=not optional)
    return report


def read_encoder(path: Path, encoder: nn.Module, preset: NetPreset, side: int) -> KeyReport:
    """Load EGSDE's domain classifier, or a guided-diffusion classifier, without its head.

    Raises:
        DamagedError: the file is of another network, or half of one.
    """
    given = {k: v for k, v in rename(_read(path, "domain."), preset, side).items()
             if not k.startswith(("I2Iout.", "out.", "conv_norm_out.", "conv_out.", "head."))}
    return fill(encoder, given, path, "the encoder of the domain classifier", optional=("head.",))


def read_exported(path: Path, net: nn.Module, name: str, what: str) -> State | None:
    """A network beside the score network in a file of `irfer-bench export`; None without one.

    Args:
        net: an untrained one. name: of it in the export. what: it is called in messages.

    Raises:
        DamagedError: the file's is of another architecture, or half of one.
    """
    own = f"{name}."
    given = {k.removeprefix(own): v for k, v in read_checkpoint(path, wrappers=WRAPPERS)
             .tensors.items() if k.startswith(own)}
    if not given:
        return None
    report = fill(net, given, path, what)
    return State(module_state(net), {f"{name}_keys": report.count()})


def _read(path: Path, own: str) -> dict[str, Tensor]:
    """A network's tensors; those that `own` begins where the file is an export of several."""
    tensors = read_checkpoint(path, wrappers=WRAPPERS).tensors
    names = {k: k.removeprefix(own).removeprefix("net.") for k in tensors if k.startswith(own)}
    names = names or {k: k.removeprefix("net.") for k in tensors}
    taken = {new: tensors[k] for k, new in names.items()}
    return {k: v.float() if v.is_floating_point() else v for k, v in taken.items()}
