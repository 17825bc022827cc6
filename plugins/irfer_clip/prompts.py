"""Prompts that learn: Cross-modal Prompt Transfer (CPT), eqs (1) to (6) of the PCA letter."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn

from irfer_bench.api import UsageError
from irfer_clip.backbone import Backbone
from irfer_clip.pca_params import PcaParams
from irfer_clip.prompting import CLIP, depth, widths

SHARED_TWELFTHS = 7  # PDA couples the first 7 of 12 layers and frees the rest


class CoupledPrompts(nn.Module):
    """Q_l for the text tower and P_l = T_l(Q_l) for the image tower.

    Args:
        k: tokens per layer. depth: J, layers with text prompts, the input layer included.
        coupled: layers whose visual prompts come from T_l; later ones of `visual_depth` are free.
        per_domain: a second set of T_l for source images; test images use the first.
    """

    def __init__(
        self,
        *,
        k: int,
        depth: int,
        text_width: int,
        visual_width: int,
        coupled: int | None = None,
        visual_depth: int | None = None,
        per_domain: bool = False,
    ) -> None:
        super().__init__()
        coupled = depth if coupled is None else coupled
        self.text_prompts = nn.ParameterList(
            nn.Parameter(torch.randn(k, text_width) * 0.02) for _ in range(depth)
        )
        self.vl_proj = _maps(coupled, text_width, visual_width)
        self.vl_proj_source = _maps(coupled if per_domain else 0, text_width, visual_width)
        self.free_visual = nn.ParameterList(
            nn.Parameter(torch.randn(k, visual_width) * 0.02)
            for _ in range((visual_depth or coupled) - coupled)
        )

    def text(self) -> list[Tensor]:
        """Q_0 .. Q_{J-1}, each (k, text width)."""
        return list(self.text_prompts)

    def visual(self, sources: int = 0, total: int = 0) -> list[Tensor]:
        """P_l = T_l(Q_l), each (k, visual width), then the free ones.

        With maps of their own for source images: (total, k, visual width), of which the first
        `sources` are of the source domain.
        """
        own = [*_apply(self.vl_proj, self.text_prompts), *self.free_visual]
        if not sources or not len(self.vl_proj_source):
            return own
        source = [*_apply(self.vl_proj_source, self.text_prompts), *self.free_visual]
        return [
            torch.cat([s.expand(sources, -1, -1), t.expand(total - sources, -1, -1)])
            for s, t in zip(source, own, strict=True)
        ]


def make_prompts(params: PcaParams, clip: CLIP) -> CoupledPrompts:
    """PCA's prompts for the widths and depths of a CLIP.

    Raises:
        UsageError: more layers are to be prompted than it has.
    """
    visual, text, _ = widths(clip)
    J, coupled, deep = prompt_depths(J=params.J, mixed=params.pda_mixed, layers=depth(clip))
    return CoupledPrompts(
        k=params.k, depth=J, text_width=text, visual_width=visual, coupled=coupled,
        visual_depth=deep, per_domain=params.prompt_sharing == "per_domain",
    )


def prompt_depths(*, J: int, mixed: bool, layers: tuple[int, int]) -> tuple[int, int, int]:
    """Text depth, coupled depth and visual depth for towers of (visual, text) layers.

    `mixed` is PDA's layout: text prompts in every layer, the first 7/12 of the visual ones coupled.

    Raises:
        UsageError: J is more than the backbone has layers.
    """
    visual, text = layers
    if mixed:
        both = min(visual, text)
        return text, min(both, -(-visual * SHARED_TWELFTHS // 12)), visual
    if min(layers) < J:
        raise UsageError(
            f"J = {J} prompted layers, but the backbone has {visual} visual and {text} text layers",
            f"use at most {min(layers)}",
        )
    return J, J, J


@lru_cache(maxsize=4)
def prompt_texts(
    backbone: Backbone, template: str, words: tuple[str, ...], *, k: int
) -> Tensor:
    """(C, L) token ids whose positions 1..k the prompts overwrite.

    Raises:
        UsageError: the prompts would overwrite the class name, or a text exceeds the context.
    """
    before = template.partition("{}")[0]
    room = len(backbone.tokenizer.encode(before))
    if k > room:
        raise UsageError(
            f"k = {k} learned tokens would overwrite the class name: {before!r} has {room} tokens",
            "lower k, or take a longer template (pca: prefix_style=learned_only)",
        )
    return backbone.tokenize([template.replace("{}", word) for word in words])


def word_vectors(backbone: Backbone, text: str, n: int) -> Tensor:
    """(n, text width) embeddings of the first n tokens of a text.

    Raises:
        UsageError: it has fewer.
    """
    ids = backbone.tokenizer.encode(text)[:n]
    if len(ids) < n:
        raise UsageError(
            f"{text!r} has {len(ids)} tokens, too few for {n} learned ones",
            "give a longer ctx_init, or an empty one for random vectors",
        )
    embedded: Tensor = backbone.clip.token_embedding(torch.tensor(ids, device=backbone.device))
    return embedded.detach().clone()


@torch.no_grad()
def nearest_words(
    backbone: Backbone, vectors: Tensor, most: int = 5
) -> list[tuple[tuple[str, float], ...]]:
    """Per learned vector the nearest words and their Euclidean distances to its embedding.

    As CoOp's authors read their prompts (Zhou et al., IJCV 2022, and its public code).

    Args:
        vectors: (n, text width).
    """
    embedded: Tensor = backbone.clip.token_embedding.weight.float()
    far = torch.cdist(vectors.float().to(embedded.device), embedded)
    near = far.topk(min(most, far.shape[1]), dim=1, largest=False)
    words = backbone.tokenizer.decoder
    return [
        tuple((str(words[i]).removesuffix("</w>"), round(d, 4))
              for i, d in zip(index, distance, strict=True))
        for index, distance in zip(near.indices.tolist(), near.values.tolist(), strict=True)
    ]  # fmt: skip


def _apply(maps: nn.ModuleList, prompts: nn.ParameterList) -> list[Tensor]:
    return [t(q) for t, q in zip(maps, prompts, strict=False)]


def _maps(number: int, text_width: int, visual_width: int) -> nn.ModuleList:
    return nn.ModuleList(nn.Linear(text_width, visual_width) for _ in range(number))
