"""MPA-FER's equations: soft and visual prompts, alignment losses, global-local similarity."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irfer_clip.mpa_fer_params import MpaFerParams
from irfer_clip.prompting import (
    CLIP,
    depth,
    encode_image,
    encode_text,
    normalize,
    place_context,
    project_patches,
    trim,
    widths,
)


@dataclass(frozen=True, slots=True)
class HardPrompts:
    """t*_c, frozen: (C, embed) unit text features, and (C, text width) pooled tokens."""

    features: Tensor
    pooled: Tensor


@dataclass(frozen=True, slots=True)
class Similarities:
    """S_g and S_loc, each (B, C), and (B, k, C) numbers of the patches that S_loc chose."""

    total: Tensor
    local: Tensor | None = None
    patches: Tensor | None = None


class MpaFerModel(nn.Module):
    """Soft prompts v_1 .. v_n, visual prompts p^1 .. p^K, and the prototypes p_c."""

    prototypes: Tensor

    def __init__(self, params: MpaFerParams, clip: CLIP, classes: int) -> None:
        super().__init__()
        self.params = p = params
        visual, text, embed = widths(clip)
        shape = (classes, p.n_ctx, text) if p.csc else (p.n_ctx, text)
        self.ctx = nn.Parameter(0.02 * torch.randn(shape))
        self.visual_prompts: nn.Parameter | None = None
        if p.visual_prompts:
            self.visual_prompts = nn.Parameter(
                0.02 * torch.randn(depth(clip)[0], p.n_visual, visual)
            )
        self.register_buffer("prototypes", torch.zeros(classes, embed))

    def prompts(self, clip: CLIP, ids: Tensor) -> Tensor:
        """t_c = [v_1] .. [v_n] [class c]: (C, L, text width)."""
        return place_context(clip.token_embedding(ids), self.ctx, [0] * len(ids))

    def texts(self, clip: CLIP, ids: Tensor) -> Tensor:
        """theta(t_c): (C, embed) unit features."""
        ids = trim(ids)
        return normalize(encode_text(clip, ids, embeddings=self.prompts(clip, ids)).float())

    def images(self, clip: CLIP, images: Tensor, local: bool) -> tuple[Tensor, Tensor | None]:
        """z^g: (B, embed) and z^l: (B, M, embed), un-normalised.

        [z^l, _] = phi^l([z^(l-1), p^l]): the outputs at the prompts are dropped.
        """
        tokens = () if self.visual_prompts is None else list(self.visual_prompts)
        z, patches = encode_image(
            clip, images, tokens, before_ln_pre=self.params.before_ln_pre, propagate=False
        )
        return z.float(), project_patches(clip, patches).float() if local else None

    def similarities(self, z: Tensor, patches: Tensor | None, o: Tensor) -> Similarities:
        """S_g = cos(z^g, o_c), S_loc = mean of the k largest cos(z^l_i, o_c) of each class."""
        with torch.autocast(z.device.type, enabled=False):
            whole = normalize(z) @ o.T
            if patches is None:
                return Similarities(whole)
            best = (normalize(patches) @ o.T).topk(self.params.topk or patches.shape[1], dim=1)
            local = best.values.mean(dim=1)
            total = local if self.params.align == "local" else whole + local
            return Similarities(total, local, best.indices)

    def text_loss(self, clip: CLIP, ids: Tensor, o: Tensor, hard: HardPrompts) -> Tensor:
        """L_t = L_ta + L_pa: token level and prompt level."""
        p = self.params
        loss = o.new_zeros(())
        if p.ta:
            ids = trim(ids)
            soft = pool_tokens(self.prompts(clip, ids).float(), ids)
            loss = loss + contrast(soft, hard.pooled, p.tau, p.ta_axis)
        return loss if p.pa == "off" else loss + prompt_distance(o, hard.features, p)

    def visual_loss(self, z: Tensor, labels: Tensor) -> Tensor:
        """L_v = mean_b (1 - cos(z^g_b, p_(y_b))), or the L1 distance of the two."""
        prototypes = self.prototypes[labels]
        if self.params.visual_loss == "l1":
            return (z - prototypes).abs().sum(dim=-1).mean()
        return (1 - F.cosine_similarity(z, prototypes, dim=-1)).mean()


def pool_tokens(embeddings: Tensor, ids: Tensor) -> Tensor:
    """(C, width): mean over the tokens between start-of-text and end-of-text."""
    place = torch.arange(ids.shape[1], device=ids.device)
    inside = ((place > 0) & (place < ids.argmax(dim=-1)[:, None])).to(embeddings.dtype)
    return (embeddings * inside[..., None]).sum(dim=1) / inside.sum(dim=1, keepdim=True)


def contrast(soft: Tensor, hard: Tensor, tau: float, axis: str = "soft") -> Tensor:
    """Cross-entropy of cos(soft_c, hard_d) / tau, whose targets are the pairs c = d."""
    similarity = normalize(hard) @ normalize(soft).T / tau  # row d, column c
    target = torch.arange(len(soft), device=soft.device)
    if axis == "soft":
        return F.cross_entropy(similarity, target)
    if axis == "hard":
        return F.cross_entropy(similarity.T, target)
    return (F.cross_entropy(similarity, target) + F.cross_entropy(similarity.T, target)) / 2


def prompt_distance(soft: Tensor, hard: Tensor, params: MpaFerParams) -> Tensor:
    """L_pa between (C, embed) unit features: L1 summed over dimensions, mean over classes."""
    if params.pa == "contrastive":
        return contrast(soft, hard, params.tau)
    if params.pa == "cosine":
        return (1 - (soft * hard).sum(dim=-1)).mean()
    distance = (soft - hard).abs()
    return distance.mean() if params.pa == "l1_mean" else distance.sum(dim=-1).mean()
