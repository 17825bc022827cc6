"""Epochs of CLIP methods against the official way of doing the same, in processor time.

A CLIP with the geometry of ViT-B/16 (196 patches, 77 positions, widths as 3 to 2) and random
weights, a quarter as wide and a third as deep. Both sides compute the same logits and losses:
checked; bf16 is checked against fp32 within its rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from irfer_clip.backbone import MEAN, STD, Backbone, zero_shot_logits
from irfer_clip.banks import build_bank
from irfer_clip.classifier import scaled_cosine
from irfer_clip.coop import CoopModel
from irfer_clip.features import plain_features, text_features
from irfer_clip.images import Preparation
from irfer_clip.logistic import Examples, fit_logistic, search_inverse_strength
from irfer_clip.maple import MapleModel
from irfer_clip.pca import Logits, PcaModel
from irfer_clip.pca_params import PcaParams
from irfer_clip.prompt_classifier import Batch
from irfer_clip.prompting import encode_image, encode_text, normalize, place_context
from irfer_clip.prompts import prompt_texts
from irfer_clip.texts import load_sentences
from tests.benchmarks.harness import processor_seconds

CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")


@lru_cache(maxsize=2)
def backbone(tiny: bool, *, width: int = 192, layers: int = 4) -> Backbone:
    """A frozen CLIP with random weights; the text tower's width is two thirds of the image's."""
    torch.manual_seed(0)
    layers, text = 1 if tiny else layers, 2 * width // 3
    clip = CLIP(
        embed_dim=text,
        vision_cfg={"image_size": 224, "patch_size": 16, "width": width, "layers": layers},
        text_cfg={"context_length": 77, "vocab_size": 49408, "width": text, "heads": text // 64,
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


def maple_epoch(tiny: bool, *, bf16: bool = False) -> tuple[float, float]:
    """Steps of MaPLe on batches of 4: short texts against all 77 positions in fp32."""
    own, (images, labels) = backbone(tiny), _images(4 if tiny else 24)
    model = MapleModel(own.clip, k=2, layers=1 if tiny else 3, clone_init=True)
    ids = prompt_texts(own, "a photo of a {}.", CLASSES, k=2)

    def epoch(texts: Callable[[], Tensor], bf16: bool) -> Callable[[], list[Tensor]]:
        def work() -> list[Tensor]:
            made = []
            for x, y in zip(images.split(4), labels.split(4), strict=True):
                with _autocast(bf16):
                    logits = scaled_cosine(model.images(own.clip, x), texts(), own.scale)
                made += [logits.detach(), _step(model, logits, y)]
            return made

        return work

    def whole() -> Tensor:
        return normalize(encode_text(own.clip, ids, model.prompts.text(), truncate=False))

    ours = epoch(lambda: model.texts(own.clip, ids), bf16)
    return _compare(ours, epoch(whole, bf16=False), bf16=bf16)


class KeptPca(PcaModel):
    """Keeps the logits of each batch, so that both sides can be compared."""

    seen: tuple[Tensor, ...] = ()

    def logits(self, x: Tensor, o: Tensor, s: Tensor) -> Logits:
        """Those of both branches, and of both together as at test time."""
        got = super().logits(x, o, s)
        self.seen += (self.combine(got).detach(),)
        return got


class WholePca(KeptPca):
    """Texts at all 77 positions."""

    def texts(self, clip: Any, ids: Tensor) -> Tensor:
        slots = self.prompts.text() if self.prompts else ()
        return normalize(encode_text(clip, ids, slots, truncate=False))


def pca_epoch(tiny: bool, *, bf16: bool = False) -> tuple[float, float]:
    """A step of PCA's epochs (32 + 32 images, fixed views) against PDA's way of it, in fp32.

    The towers have ViT-B/16's widths and three of its twelve blocks.
    There the plain towers encode each batch and the sentences, of 77 positions, in every step, and
    the banks take the features. Ours encodes them once, of which each epoch bears its share.
    """
    own = backbone(tiny) if tiny else backbone(tiny, width=768, layers=3)
    params, (n, size) = PcaParams(J=1 if tiny else 3), (4, 2) if tiny else (32, 32)
    domains = {name: _images(n, seed) for seed, name in enumerate(("source", "target"))}
    ids = prompt_texts(own, "a photo of a {}.", CLASSES, k=params.k)
    torch.manual_seed(0)
    ours = KeptPca(params, own.clip, len(CLASSES))
    theirs = WholePca(params, own.clip, len(CLASSES))
    theirs.load_state_dict(ours.state_dict())
    kept: dict[str, Tensor] = {}

    @torch.no_grad()
    def encode(start: int, stop: int, *, truncate: bool, model: PcaModel) -> None:
        plain = normalize(encode_text(own.clip, ids, truncate=truncate))
        for name, (images, labels) in domains.items():
            kept.setdefault(name, torch.zeros(n, plain.shape[1]))[start:stop] = normalize(
                encode_image(own.clip, images[start:stop])[0])
            p = zero_shot_logits(own.scale, kept[name], plain).softmax(dim=-1)
            bank = build_bank(kept[name], p, labels, size=params.N)
            model.get_buffer(f"{name}_centres").copy_(bank.centres)

    def epoch(model: KeptPca, *, again: bool, bf16: bool) -> list[Tensor]:
        made: list[Tensor] = []
        for start in range(0, n, size):
            model.seen, stop = (), start + size
            if again:
                encode(start, stop, truncate=False, model=model)
            batches = {d: Batch(x[start:stop], y[start:stop]) for d, (x, y) in domains.items()}
            made.append(_pca_step(model, own, ids, batches, bf16=bf16))
            made += model.seen
        return made

    once = processor_seconds(lambda: encode(0, n, truncate=True, model=ours))
    taken, other = _compare(
        lambda: epoch(ours, again=False, bf16=bf16),
        lambda: epoch(theirs, again=True, bf16=False), bf16=bf16)
    return taken + once / params.epochs, other


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


def _compare(
    ours: Callable[[], list[Tensor]], other: Callable[[], list[Tensor]], *, bf16: bool = False
) -> tuple[float, float]:
    rtol, atol = (2e-2, 1e-1) if bf16 else (1e-4, 1e-5)
    for one, two in zip(ours(), other(), strict=True):
        torch.testing.assert_close(one, two, rtol=rtol, atol=atol)
    return processor_seconds(ours), processor_seconds(other)


def _autocast(bf16: bool) -> torch.autocast:
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16)


def _step(model: Any, logits: Tensor, labels: Tensor) -> Tensor:
    """Loss and gradients of a batch; the optimiser's step is the same on both sides."""
    model.zero_grad(set_to_none=True)
    loss = F.cross_entropy(logits, labels)
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.detach()


def _pca_step(
    model: PcaModel, own: Backbone, ids: Tensor, batches: Mapping[str, Batch], *, bf16: bool
) -> Tensor:
    """Loss and gradients of a batch of each domain."""
    model.zero_grad(set_to_none=True)
    with _autocast(bf16):
        loss = model.loss(own.clip, ids, batches, own.scale)
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.detach()


def _images(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(count, 3, 224, 224, generator=generator)
    return images, torch.arange(count) % len(CLASSES)
