"""Networks of the adversarial fixtures, built to the sizes that their weights have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from irfer_translators.gan.networks import (
    Norm,
    PatchDiscriminator,
    ResnetGenerator,
    UnetGenerator,
)
from tests.parity.fixtures import error
from tests.parity.network_maps import group

CANCELLED = 1e-4
"""Norms below this are rounding errors: a following normalisation cancels the gradient."""


def build_generator(kind: str, norm: str, weights: Mapping[str, Tensor]) -> nn.Module:
    """The generator `kind` of the published options, such as resnet_6blocks or unet_128."""
    normed: Norm = "batch" if norm == "batch" else "instance"
    width = first_width(weights)
    if found := re.fullmatch(r"resnet_(\d+)blocks", kind):
        return filled(ResnetGenerator(width, int(found[1]), normed), weights)
    side = int(kind.removeprefix("unet_"))
    return filled(UnetGenerator(width, side.bit_length() - 1, normed, dropout=0.0), weights)


def build_discriminator(norm: str, weights: Mapping[str, Tensor]) -> nn.Module:
    """The PatchGAN whose widths and depth the weights have."""
    normed: Norm = "batch" if norm == "batch" else "instance"
    first = weights["model.0.weight"]
    layers = len([k for k in weights if k.endswith(".weight") and weights[k].ndim == 4]) - 2
    return filled(PatchDiscriminator(first.shape[1], first.shape[0], normed, layers), weights)


def first_width(weights: Mapping[str, Tensor]) -> int:
    """Channels of a generator's first convolution."""
    return int(next(v for k, v in sorted(weights.items(), key=depth) if v.ndim == 4).shape[0])


def depth(entry: tuple[str, Tensor]) -> tuple[int, str]:
    """Sorts keys from the outermost block to the innermost."""
    return entry[0].count("."), entry[0]


def filled(net: nn.Module, weights: Mapping[str, Tensor]) -> nn.Module:
    """The network with these weights; only counters of batches may be missing."""
    missing, unexpected = net.load_state_dict(dict(weights), strict=False)
    assert not unexpected
    assert [k for k in missing if not k.endswith("num_batches_tracked")] == []
    return net


def before(tensors: Mapping[str, Any], name: str) -> dict[str, Tensor]:
    """Weights of one network before the step."""
    found = group(tensors, f"before.{name}.")
    assert found
    return found


def assert_gradients(tensors: Mapping[str, Any], nets: Mapping[str, nn.Module]) -> None:
    """Every stored gradient norm, `gradnorm.<net>.<parameter>`, is that of the parameter."""
    stored = {k.removeprefix("gradnorm."): v for k, v in tensors.items() if "gradnorm." in k}
    own = {
        f"{name}.{key}": value.grad.norm()
        for name, net in nets.items()
        for key, value in net.named_parameters()
        if value.grad is not None
    }
    assert stored
    for key, norm in stored.items():
        if norm < CANCELLED:
            assert own[key] < CANCELLED, key
        else:
            assert error(own[key], norm) < 1e-5, key
