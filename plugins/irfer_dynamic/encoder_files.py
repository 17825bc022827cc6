"""Pretrained encoders put into networks, every key checked."""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt
from pathlib import Path

import torch
from torch import Tensor

from irfer_bench.api import CellError
from irfer_bench.nn.checkpoints import compare_keys, read_checkpoint, rename_keys
from irfer_dynamic.mae_encoder import MAEEncoder, resize_positions
from irfer_dynamic.mma_dfer_model import MMADFER, from_published

DECODER: dict[str, str | None] = {"mask_token": None, "decoder_": None}
LEARNED: dict[str, str | None] = {"prompts": None, "progressive.": None, "pos_embed": None}


def load_encoder(encoder: MAEEncoder, path: Path, *, square: bool) -> None:
    """Put a pretrained masked autoencoder's encoder in, all but its decoder.

    Args:
        square: the grid of its positions is square (images); otherwise it has as many columns as
            the network's (spectrograms of as many bands).

    Raises:
        CellError: the file holds another network, or a fine-tuned one; names what does not fit.
        DamagedError, RefusedError: it cannot be read, or not without running code.
    """
    given = read_checkpoint(path, wrappers=("model", "state_dict")).tensors
    fill_encoder(encoder, rename_keys(given, DECODER), path.name, square=square)


def fill_encoder(
    encoder: MAEEncoder, given: Mapping[str, Tensor], file: str, *, square: bool
) -> None:
    """Put tensors under timm's names in; positions are resized to the network's grid.

    Raises:
        CellError: something is missing, unknown or of another shape; nothing was changed.
    """
    own = rename_keys(encoder.state_dict(), LEARNED)
    weights = {name: value for name, value in given.items() if name != "pos_embed"}
    report = compare_keys(own, weights)
    grid = _grid(given.get("pos_embed"), encoder, square)
    if not report.fits or grid is None:
        wrong = report.describe() or "pos_embed is missing or of another shape"
        finely = "norm.weight" in report.missing and "fc_norm.weight" in report.unexpected
        raise CellError(
            f"{file} is no pretrained encoder of the shape asked for: {wrong}",
            "it was fine-tuned with a classifier on averaged patches; give the pretrained file"
            if finely else "give the whole state_dict of the pretrained encoder",
        )
    encoder.load_state_dict(weights, strict=False)
    positions = resize_positions(given["pos_embed"], grid, encoder.grid)
    with torch.no_grad():
        encoder.pos_embed[:, : encoder.first] = positions


def load_trained(network: MMADFER, path: Path) -> None:
    """Put the authors' trained network in, strictly.

    Raises:
        CellError: it was trained with other parameters, or for other classes.
        DamagedError, RefusedError: it cannot be read, or not without running code.
    """
    tensors = read_checkpoint(path, inert=("__main__.RecorderMeter",)).tensors
    given = from_published(tensors, len(network.vision.blocks))
    report = compare_keys(network.state_dict(), given)
    if not report.fits:
        raise CellError(
            f"{path.name} is no trained MMA-DFER of these parameters: {report.describe()}",
            "give size, frames and the setting's classes as it was trained",
        )
    network.load_state_dict(given)


def _grid(
    positions: Tensor | None, encoder: MAEEncoder, square: bool
) -> tuple[int, int] | None:
    """(rows, columns) of a checkpoint's positions, or None where they do not fit."""
    if positions is None or positions.ndim != 3 or positions.shape[2] != encoder.norm.bias.numel():
        return None
    count = positions.shape[1] - 1
    columns = isqrt(count) if square else encoder.grid[1]
    return (count // columns, columns) if columns and count % columns == 0 else None
