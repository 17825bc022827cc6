"""Epochs of CLIP methods against the official way of doing the same, in processor time.

A CLIP with the geometry of ViT-B/16 (196 patches, 77 positions, widths as 3 to 2) and random
weights, a quarter as wide and a third as deep. Both sides compute the same losses: checked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor
from torch.nn import functional as F

from irfer_bench.nn.frames import FrameTable
from irfer_bench.testing.faces import make_faces
from irfer_bench.testing.memory import MemoryContext
from irfer_clip.backbone import MEAN, STD, Backbone
from irfer_clip.classifier import scaled_cosine
from irfer_clip.coop import CoopModel
from irfer_clip.features import plain_features, text_features
from irfer_clip.images import Preparation
from irfer_clip.logistic import Examples, fit_logistic, search_inverse_strength
from irfer_clip.maple import MapleModel
from irfer_clip.prompting import encode_image, encode_text, normalize, place_context
from irfer_clip.prompts import prompt_texts
from irfer_clip.texts import load_sentences

CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")


@lru_cache(maxsize=2)
def backbone(tiny: bool) -> Backbone:
    """A frozen CLIP with random weights."""
    torch.manual_seed(0)
    layers = 1 if tiny else 4
    clip = CLIP(
        embed_dim=128,
        vision_cfg={"image_size": 224, "patch_size": 16, "width": 192, "layers": layers},
        text_cfg={"context_length": 77, "vocab_size": 49408, "width": 128, "heads": 2,
                  "layers": layers},
        quick_gelu=True,
    )  # fmt: skip
    return Backbone(
        clip.eval().requires_grad_(False), SimpleTokenizer(), 224, MEAN, STD, "random", "cpu")


def coop_epoch(tiny: bool) -> tuple[float, float]:
    """An epoch of CoOp (16 vectors, batches of 32, fixed views): features and short texts."""
    own, (images, labels) = backbone(tiny), _images(8 if tiny else 64)
    size = 8 if tiny else 32
    model = CoopModel(16, 128)
    ids = prompt_texts(own, " ".join(["X"] * 16) + " {}.", CLASSES, k=16)
    names = [len(own.tokenizer.encode(name)) for name in CLASSES]
    features = normalize(encode_image(own.clip, images)[0])

    def ours() -> list[Tensor]:
        return [
            _step(model, scaled_cosine(x, model.texts(own.clip, ids, names), own.scale), y)
            for x, y in zip(features.split(size), labels.split(size), strict=True)
        ]

    def official() -> list[Tensor]:
        losses = []
        for x, y in zip(images.split(size), labels.split(size), strict=True):
            prompts = place_context(own.clip.token_embedding(ids), model.ctx, names)
            o = normalize(encode_text(own.clip, ids, embeddings=prompts, truncate=False))
            x = normalize(encode_image(own.clip, x)[0])
            losses.append(_step(model, scaled_cosine(x, o, own.scale), y))
        return losses

    return _compare(ours, official)


def maple_epoch(tiny: bool) -> tuple[float, float]:
    """Steps of MaPLe on batches of 4: short texts against all 77 positions."""
    own, (images, labels) = backbone(tiny), _images(4 if tiny else 24)
    model = MapleModel(own.clip, k=2, layers=1 if tiny else 3, clone_init=True)
    ids = prompt_texts(own, "a photo of a {}.", CLASSES, k=2)

    def epoch(texts: Callable[[], Tensor]) -> Callable[[], list[Tensor]]:
        def work() -> list[Tensor]:
            return [
                _step(model, scaled_cosine(model.images(own.clip, x), texts(), own.scale), y)
                for x, y in zip(images.split(4), labels.split(4), strict=True)
            ]

        return work

    def whole() -> Tensor:
        return normalize(encode_text(own.clip, ids, model.prompts.text(), truncate=False))

    return _compare(epoch(lambda: model.texts(own.clip, ids)), epoch(whole))


def frozen_features(tiny: bool) -> tuple[float, float]:
    """Linear probe with its search of C, and zero-shot, from images: against one encoder pass."""
    own, ctx = backbone(tiny), MemoryContext(weights=Path("weights"))
    clips = make_faces("vis", range(2 if tiny else 32), size=224)
    table, view = FrameTable(clips, classes=CLASSES), Preparation(own)
    y, n = table.labels.numpy(), len(table)

    def pass_only() -> None:
        with torch.no_grad():
            for start in range(0, n, 64):
                encode_image(own.clip, view.evaluate(table.read(range(start, min(start + 64, n)))))

    def both() -> None:
        x = plain_features(table, view, ctx)
        o = text_features(own, CLASSES, "single", load_sentences())
        scaled_cosine(normalize(x), o, own.scale)
        half = np.arange(n) % 2 == 0
        every = Examples(x.double().numpy(), y, np.ones(n))
        train, validation = every.pick(np.flatnonzero(half)), every.pick(np.flatnonzero(~half))
        C, _ = search_inverse_strength(
            lambda C: fit_logistic(train, len(CLASSES), C).accuracy(validation))
        fit_logistic(every, len(CLASSES), C)

    return processor_seconds(both), processor_seconds(pass_only)


def processor_seconds(work: Callable[[], object]) -> float:
    """Processor time of one call."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _compare(
    ours: Callable[[], list[Tensor]], other: Callable[[], list[Tensor]]
) -> tuple[float, float]:
    for one, two in zip(ours(), other(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-5)
    return processor_seconds(ours), processor_seconds(other)


def _step(model: Any, logits: Tensor, labels: Tensor) -> Tensor:
    """Loss and gradients of a batch; the optimiser's step is the same on both sides."""
    model.zero_grad(set_to_none=True)
    loss = F.cross_entropy(logits, labels)
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.detach()


def _images(count: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(count, 3, 224, 224, generator=generator)
    return images, torch.arange(count) % len(CLASSES)
