"""Pretrained vision transformers in the layouts of timm, torchvision and MAE, key by key."""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt
from pathlib import Path

from timm.layers import resample_abs_pos_embed
from torch import Tensor

from irfer_bench.api import CellError
from irfer_bench.nn.checkpoints import compare_keys, read_checkpoint, rename_keys
from irfer_static.vit_network import ViTNetwork

WRAPPERS = ("model", "state_dict")
POSITIONS = "pos_embed"
TORCHVISION = {
    "class_token": "cls_token", "conv_proj.": "patch_embed.proj.",
    "encoder.pos_embedding": POSITIONS, "encoder.layers.encoder_layer_": "blocks.",
    "encoder.ln.": "norm.", "heads.": None,
}
TORCHVISION_BLOCKS = {
    ".ln_1.": ".norm1.", ".ln_2.": ".norm2.", ".self_attention.in_proj_": ".attn.qkv.",
    ".self_attention.out_proj.": ".attn.proj.", ".mlp.linear_1.": ".mlp.fc1.",
    ".mlp.linear_2.": ".mlp.fc2.", ".mlp.0.": ".mlp.fc1.", ".mlp.3.": ".mlp.fc2.",
}
"""Releases before torchvision 0.14 call the layers of the MLP linear_1 and linear_2."""
DECODER: dict[str, str | None] = {"mask_token": None, "decoder_": None}


def load_vit(model: ViTNetwork, path: Path) -> None:
    """Put a checkpoint with timm's or torchvision's names into a network, all but the classifier.

    Raises:
        CellError: the file holds another network; names what does not fit.
        DamagedError, RefusedError: it cannot be read, or not without running code.
    """
    given = read_checkpoint(path, wrappers=WRAPPERS).tensors
    if "class_token" in given:
        given = _from_torchvision(given)
    _load(model, rename_keys(given, {"head.": None}), path, "ViT of the shape asked for")


def load_mae(model: ViTNetwork, path: Path) -> None:
    """Put the encoder of a pretrained masked autoencoder into a network.

    Every key of the encoder has to match, the final norm included, although `pool=patches` leaves
    it out; a decoder is ignored. A file that was fine-tuned, with a classifier, is refused.

    Raises:
        CellError: the file holds another network, or part of one; names what does not fit.
        DamagedError, RefusedError: it cannot be read, or not without running code.
    """
    given = read_checkpoint(path, wrappers=WRAPPERS).tensors
    _load(model, rename_keys(given, DECODER), path, "MAE-Face encoder of the shape asked for")


def _load(model: ViTNetwork, given: dict[str, Tensor], path: Path, what: str) -> None:
    """Check every key of the trunk, then fill it."""
    own = rename_keys(model.net.state_dict(), {"head.": None, "fc_norm.": "norm."})
    if POSITIONS in given:
        given[POSITIONS] = _resampled(given[POSITIONS], own[POSITIONS])
    report = compare_keys(own, given)
    if not report.fits:
        raise CellError(
            f"{path.name} is no {what}: {report.describe()}",
            "give the whole state_dict of the pretrained network")
    if any(name.startswith("fc_norm.") for name in model.net.state_dict()):
        given = rename_keys(given, {"norm.": None})  # the norm of a mean starts anew
    model.net.load_state_dict(given, strict=False)


def _resampled(given: Tensor, own: Tensor) -> Tensor:
    """Positions of another image size, bicubic; as they are where they fit or cannot."""
    if given.ndim != 3 or given.shape == own.shape or given.shape[2] != own.shape[2]:
        return given
    if isqrt(given.shape[1] - 1) ** 2 != given.shape[1] - 1:
        return given
    side = isqrt(own.shape[1] - 1)
    resampled: Tensor = resample_abs_pos_embed(given.float(), [side, side], num_prefix_tokens=1)
    return resampled


def _from_torchvision(given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    renamed = {}
    for name, value in rename_keys(given, TORCHVISION).items():
        for theirs, ours in TORCHVISION_BLOCKS.items():
            name = name.replace(theirs, ours)
        renamed[name] = value
    return renamed
