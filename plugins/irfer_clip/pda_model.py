"""PDA's equations: prompts, image-guided feature tuning (IFT) and the two losses.

Bai et al., "Prompt-based Distribution Alignment for Unsupervised Domain Adaptation", AAAI 2024, as
the public code (MIT) runs them. Against PCA: text prompts in every layer, free visual prompts
behind the coupled layers, Q, K and V interleaved, pseudo-labels on the target, and no lambda.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irfer_bench.api import UsageError
from irfer_clip.classifier import scaled_cosine
from irfer_clip.iga import ImageGuidedAlignment
from irfer_clip.prompting import depth, encode_image, encode_text, normalize, widths


@dataclass(frozen=True, slots=True)
class PdaLayout:
    """Which layers get which prompts, in the public configuration's terms.

    Args:
        tokens: n, per layer and tower.
        share: (first, last) visual layers whose prompts come from text prompts; first 0 couples
            the input layer too; None couples every deep layer and frees the input layer.
        coupled: whether deep visual prompts come from text prompts at all.
        deep_text, deep_visual: prompts behind the input layer.
        deep_layers: (first, last) layers with deep prompts; as in the public code all of them get
            the first row. None is every layer, each with its own row.
    """

    tokens: int = 2
    share: tuple[int, int] | None = (0, 6)
    coupled: bool = True
    deep_text: bool = True
    deep_visual: bool = True
    deep_layers: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.deep_visual and self.coupled and not self.deep_text:
            raise UsageError("coupled deep visual prompts need deep text prompts", "set deep_text")


class PdaModel(nn.Module):
    """Prompts, image-guided feature tuning (IFT) and the two banks' centres.

    The frozen CLIP is passed in. Parameters: `ctx` (n, text width); `proj` or `vctx` for the image
    tower's input; `deep_ctx` (rows, n, text width); `deep_prompt_proj`; `deep_vctx`; `ift`.
    """

    source_centres: Tensor
    target_centres: Tensor

    def __init__(
        self,
        clip: Any,
        classes: int,
        layout: PdaLayout,
        *,
        beta: float = 0.1,
        epsilon: float = 10.0,
        free_rows: int | None = None,
    ) -> None:
        super().__init__()
        self.layout, self.beta = layout, beta
        visual, text, embed = widths(clip)
        layers = depth(clip)[0]
        n, share = layout.tokens, layout.share
        rows = layers - 1
        if layout.deep_layers is not None:
            rows = layout.deep_layers[1] - layout.deep_layers[0] + 1
        self.ctx = _noise(n, text)
        couple_input = share is not None and share[0] == 0
        self.proj = nn.Linear(text, visual) if couple_input else None
        self.vctx = None if couple_input else _noise(n, visual)
        self.deep_ctx = _noise(rows, n, text) if layout.deep_text else None
        self.deep_prompt_proj = nn.ModuleList()
        self.deep_vctx: nn.Parameter | None = None
        if layout.deep_visual:
            maps, free = _rows(layout, layers) if layout.coupled else (0, rows)
            self.deep_prompt_proj.extend(nn.Linear(text, visual) for _ in range(maps))
            self.deep_vctx = _noise(free if free_rows is None else free_rows, n, visual)
        self.ift = ImageGuidedAlignment(embed, epsilon=epsilon, split="interleaved")
        self.register_buffer("source_centres", torch.zeros(classes, embed))
        self.register_buffer("target_centres", torch.zeros(classes, embed))

    def texts(self, clip: Any, ids: Tensor) -> Tensor:
        """(C, embed) unit prompted text features."""
        deep = [] if self.deep_ctx is None else list(self.deep_ctx)
        slots = self._layers(self.ctx, deep, depth(clip)[1])
        return normalize(encode_text(clip, ids, slots).float())

    def images(self, clip: Any, images: Tensor) -> Tensor:
        """(B, embed) unit prompted image features; surplus rows of `deep_vctx` are never used."""
        first = self.proj(self.ctx) if self.proj is not None else self.vctx
        assert first is not None
        deep: list[Tensor] = []
        if self.deep_ctx is not None:
            deep = [t(q) for t, q in zip(self.deep_prompt_proj, self.deep_ctx, strict=False)]
        if self.deep_vctx is not None:
            deep += list(self.deep_vctx)
        tokens = self._layers(first, deep, depth(clip)[0])
        return normalize(encode_image(clip, images, tokens)[0].float())

    def logits(self, x: Tensor, o: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
        """Base logits s x.o, and IFT logits beta s (x_s + x_t).o."""
        with torch.autocast(x.device.type, enabled=False):
            aligned, _ = self.ift(x, self.source_centres, self.target_centres)
        return scaled_cosine(x, o, scale), scaled_cosine(aligned, o, self.beta * scale)

    def combine(self, base: Tensor, ift: Tensor, weight: float = 0.5) -> Tensor:
        """Logits at test time."""
        return base + weight * ift

    def source_loss(self, clip: Any, o: Tensor, images: Tensor, labels: Tensor) -> Tensor:
        """CE(base) + CE(IFT) on labelled source images."""
        base, ift = self.logits(self.images(clip, images), o, clip.logit_scale.exp())
        return F.cross_entropy(base, labels) + F.cross_entropy(ift, labels)

    def target_loss(
        self, clip: Any, o: Tensor, images: Tensor, zero_shot: Tensor, confidence: float
    ) -> Tensor:
        """The same on images whose zero-shot probability (B, C) is at least `confidence`.

        The arg-max is the label, the mean is over those images, and without any the loss is 0.
        """
        base, ift = self.logits(self.images(clip, images), o, clip.logit_scale.exp())
        best, label = zero_shot.max(dim=-1)
        sure = (best >= confidence).float()
        each = F.cross_entropy(base, label, reduction="none") + F.cross_entropy(
            ift, label, reduction="none"
        )
        return (each * sure).sum() / sure.sum().clamp_min(1.0)

    def _layers(self, first: Tensor, deep: list[Tensor], layers: int) -> list[Tensor | None]:
        span = self.layout.deep_layers
        if span is None:
            return [first, *deep[: layers - 1]]
        return [
            first,
            *(deep[0] if deep and span[0] <= i <= span[1] else None for i in range(1, layers)),
        ]


def _rows(layout: PdaLayout, layers: int) -> tuple[int, int]:
    share, deep = layout.share, layout.deep_layers
    if share is None:
        return layers - 1, layers - 1
    last = layers - 1 if deep is None else deep[1]
    return share[1] - share[0] + 1, last - share[1]


def _noise(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape) * 0.02)
