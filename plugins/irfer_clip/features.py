"""Features of CLIP's frozen towers: of images once per stored artefact, of sentences once."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Generator, Tensor

from irfer_bench.api import Clips, Context, Features
from irfer_bench.nn.device import autocast
from irfer_bench.nn.frames import FrameTable, batches
from irfer_clip.backbone import Backbone
from irfer_clip.images import Preparation
from irfer_clip.prompting import encode_image, encode_templates
from irfer_clip.texts import Sentences, Template, class_texts

PART = "clip_features"
"""Announced in `hooks.py` as the family's, so that every CLIP method reads the same features."""


def plain_features(
    table: FrameTable, images: Preparation, ctx: Context, *, project: bool = True
) -> Tensor:
    """(frames, embed) un-normalised features of the centre views of a table's frames.

    The host keeps one part for all scored frames of a stored artefact: the second method, fold,
    draw or seed on the same clips encodes no image.

    Args:
        project: False gives (frames, width), the class token before `proj`, kept apart.
    """
    backbone = images.backbone
    key = {
        "backbone": backbone.digest,
        "infrared": images.infrared,
        "precision": ctx.precision,
        "view": f"resize {backbone.size}, centre",
    }
    if not project:
        key["layer"] = "before proj"

    def encode(clips: Clips) -> Features:
        return _encode(FrameTable(clips), images, ctx, project=project)

    rows = [
        ctx.encode(PART, clips, key, encode, scored=True)
        for clips in table.collections if len(clips)
    ]  # fmt: skip
    width = backbone.clip.visual.proj.shape[1 if project else 0]
    features = np.concatenate([np.zeros((0, width), np.float32), *rows])
    return torch.from_numpy(features).to(backbone.device)


def augmented_features(table: FrameTable, images: Preparation, ctx: Context, seed: int) -> Tensor:
    """(frames, embed) features of one random view of each frame; never kept."""
    generator = torch.Generator().manual_seed(seed)
    encoded = _encode(table, images, ctx, generator)
    return torch.from_numpy(encoded).to(images.backbone.device)


@lru_cache(maxsize=4)
@torch.no_grad()
def text_features(
    backbone: Backbone, classes: tuple[str, ...], template: Template, sentences: Sentences
) -> Tensor:
    """(C, embed) unit features of un-prompted sentences, in float32; kept for the process."""
    with torch.autocast(backbone.device.split(":")[0], enabled=False):
        ids = (backbone.tokenize(texts) for texts in class_texts(classes, template, sentences))
        return encode_templates(backbone.clip, ids)


@torch.no_grad()
def _encode(
    table: FrameTable,
    images: Preparation,
    ctx: Context,
    generator: Generator | None = None,
    project: bool = True,
) -> Features:
    clip = images.backbone.clip
    rows = [np.zeros((0, clip.visual.proj.shape[1 if project else 0]), dtype=np.float32)]
    with autocast(ctx):
        for index in batches(len(table)):
            frames = table.read(index)
            x = images.train(frames, generator) if generator else images.evaluate(frames)
            rows.append(encode_image(clip, x, project=project)[0].float().cpu().numpy())
            ctx.progress("plain features", index.stop, len(table))
    return np.concatenate(rows)
