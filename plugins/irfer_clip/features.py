"""Plain CLIP image features, computed once per checkpoint, transform and collection."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from irfer_bench.api import Context, State
from irfer_bench.nn.device import autocast
from irfer_clip.images import FrameTable, Preparation, batches
from irfer_clip.prompting import encode_image


def plain_features(table: FrameTable, images: Preparation, ctx: Context) -> Tensor:
    """(frames, embed) un-normalised features of evaluation views, shared by every method.

    A part of its own: the second method, fold draw or seed on the same frames computes nothing.
    """
    backbone = images.backbone
    key = {
        "backbone": backbone.digest,
        "clips": table.clips.key,
        "infrared": images.infrared,
        "precision": ctx.precision,
        "view": f"resize {backbone.size}, centre",
    }
    build = lambda: State({"features": _encode(table, images, ctx, augmented=False)})  # noqa: E731
    kept = ctx.part("clip_features", key, build).tensors["features"]
    return torch.from_numpy(np.array(kept)).to(backbone.device)


def augmented_features(table: FrameTable, images: Preparation, ctx: Context, seed: int) -> Tensor:
    """(frames, embed) features of one augmented view of each frame; never kept."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoded = _encode(table, images, ctx, augmented=True)
    return torch.from_numpy(encoded).to(images.backbone.device)


@torch.no_grad()
def _encode(table: FrameTable, images: Preparation, ctx: Context, *, augmented: bool) -> np.ndarray:
    clip = images.backbone.clip
    view = images.train if augmented else images.evaluate
    rows = [np.zeros((0, clip.visual.proj.shape[1]), dtype=np.float32)]
    with autocast(ctx):
        for index in batches(len(table)):
            features, _ = encode_image(clip, view(table.frames(index)))
            rows.append(features.float().cpu().numpy())
            ctx.progress("plain features", index.stop, len(table))
    return np.concatenate(rows)
