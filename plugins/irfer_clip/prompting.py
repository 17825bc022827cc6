"""The one place that puts tokens into CLIP's towers.

Pure functions on an open_clip `CLIP` module (3.x, batch-first blocks), using public attributes
only. CoOp, MaPLe, IVLP, VPT, PDA, PCA and MPA-FER differ in what they inject and where; they all
inject it through `encode_image` and `encode_text`.

    method          visual tokens per layer                     text slots 1..k per layer
    plain, VPT      -, or 1..12 before ln_pre                   -
    CoOp            -                                           layer 0, or whole embeddings
    MaPLe, PCA      layers 0..J-1, T_l(Q_l), before ln_pre      layers 0..J-1, Q_l
    IVLP, PDA       every layer, before ln_pre                  every layer
    MPA-FER         every layer, after ln_pre, outputs dropped  layer 0

Sources: CLIP (Radford et al., ICML 2021), CoOp (IJCV 2022), MaPLe and IVLP (CVPR 2023), VPT (ECCV
2022), PDA (AAAI 2024), MPA-FER (ICCV 2025) and the public code of those that have one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Iterable

CLIP: TypeAlias = Any  # open_clip.model.CLIP; open_clip ships no types
Tokens: TypeAlias = "Sequence[Tensor | None]"
Position = Literal["end", "middle", "front"]


def encode_image(
    clip: CLIP,
    images: Tensor,
    tokens: Tokens = (),
    *,
    before_ln_pre: bool = True,
    propagate: bool = True,
    class_token: Tensor | None = None,
    project: bool = True,
) -> tuple[Tensor, Tensor]:
    """Image features and patch tokens, with extra tokens at the input of some blocks.

    Args:
        images: (B, 3, H, W), normalised.
        tokens: `tokens[i]`, (n, width) or (B, n, width), stands behind the patches at the input of
            block i in place of the extra tokens already there; None leaves those as they are.
            Visual tokens carry no position and attention is full, so their place is irrelevant.
        before_ln_pre: whether the tokens of block 0 pass `ln_pre` (MaPLe, VPT) or not (MPA-FER).
        propagate: whether a block's outputs at the extra tokens go on; if not, they are dropped.
        class_token: (width,) in place of CLIP's class embedding.
        project: whether the class token passes `proj`; without, it is (B, width).

    Returns:
        (B, embed) projected, un-normalised class token, and (B, M, width) patch tokens of the last
        block before `ln_post`; `project_patches` takes them on.
    """
    visual = clip.visual
    x = _embed_patches(visual, images, class_token)
    own = x.shape[1]
    for i, block in enumerate(visual.transformer.resblocks):
        new = tokens[i] if i < len(tokens) else None
        if new is not None:
            if i == 0 and before_ln_pre:
                new = visual.ln_pre(new)
            x = torch.cat([x[:, :own], _per_image(new, x)], dim=1)
        x = _through(block, x)
        if not propagate:
            x = x[:, :own]
    first = visual.ln_post(x[:, 0])
    return first @ visual.proj if project else first, x[:, 1:own]


def project_patches(clip: CLIP, patches: Tensor) -> Tensor:
    """(B, M, width) patch tokens through the class token's `ln_post` and `proj`: (B, M, embed)."""
    visual = clip.visual
    projected: Tensor = visual.ln_post(patches) @ visual.proj
    return projected


def encode_text(
    clip: CLIP,
    ids: Tensor,
    slots: Tokens = (),
    *,
    embeddings: Tensor | None = None,
    truncate: bool = True,
) -> Tensor:
    """Text features, with positions 1..k replaced at the input of some blocks.

    Args:
        ids: (C, L) token ids; the end-of-text id is the largest, so its place is the arg-max.
        slots: `slots[i]`, (k, width) or (C, k, width), overwrites positions 1..k at the input of
            block i. Those of block 0 get positional embeddings, the deeper ones do not.
        embeddings: (C, L, width) in place of the embedded ids (CoOp's middle and front positions).
        truncate: cut behind the last end-of-text; exact, because the mask is causal.

    Returns:
        (C, embed) un-normalised features at the end-of-text position.
    """
    end = ids.argmax(dim=-1)
    length = int(end.max()) + 1 if truncate else ids.shape[1]
    x = clip.token_embedding(ids[:, :length]) if embeddings is None else embeddings[:, :length]
    if slots and slots[0] is not None:
        x = _overwrite(x, slots[0])
    x = x + clip.positional_embedding[:length]
    mask = clip.attn_mask[:length, :length]
    for i, block in enumerate(clip.transformer.resblocks):
        deep = slots[i] if 0 < i < len(slots) else None
        if deep is not None:
            x = _overwrite(x, deep)
        x = _through(block, x, mask)
    x = clip.ln_final(x)
    features: Tensor = x[torch.arange(len(x), device=x.device), end] @ clip.text_projection
    return features


def trim(ids: Tensor) -> Tensor:
    """(C, L) token ids cut behind the last end-of-text; exact, because the mask is causal."""
    return ids[:, : int(ids.argmax(dim=-1).max()) + 1]


def place_context(
    embeddings: Tensor, ctx: Tensor, names: Sequence[int], position: Position = "end"
) -> Tensor:
    """CoOp's prompts: learned vectors in the place of the first words, before or about the name.

    Args:
        embeddings: (C, L, width) of "[n words] [name].", start-of-text first.
        ctx: (n, width), (C, n, width) or (B, C, n, width).
        names: tokens of each class name.
        position: where the name stands: at the end, behind n // 2 vectors, or in front.

    Returns:
        (C, L, width), or (B, C, L, width) for a context per image.
    """
    n, length = ctx.shape[-2], embeddings.shape[1]
    shape = (*ctx.shape[:-3], len(embeddings), -1, -1)
    ctx = ctx.expand(shape)
    x = torch.cat([embeddings[:, :1].expand(shape), ctx, embeddings[:, 1 + n :].expand(shape)], -2)
    if position == "end":
        return x
    before = {"middle": n // 2, "front": 0}[position]
    order = [
        [*range(1 + before), *range(1 + n, 1 + n + m), *range(1 + before, 1 + n),
         *range(1 + n + m, length)]
        for m in names
    ]  # fmt: skip
    index = torch.tensor(order, device=x.device)[..., None]
    return x.gather(-2, index.expand(x.shape))


def encode_templates(clip: CLIP, ids: Iterable[Tensor]) -> Tensor:
    """(C, embed) unit text features; templates are normalized, averaged, normalized again."""
    each = [normalize(encode_text(clip, one)) for one in ids]
    return each[0] if len(each) == 1 else normalize(torch.stack(each).mean(dim=0))


def normalize(x: Tensor) -> Tensor:
    """L2-normalised along the last axis, n(.) in the papers."""
    return F.normalize(x, dim=-1)


def depth(clip: CLIP) -> tuple[int, int]:
    """Number of blocks of the image and of the text tower."""
    return len(clip.visual.transformer.resblocks), len(clip.transformer.resblocks)


def widths(clip: CLIP) -> tuple[int, int, int]:
    """Widths of the image tower, the text tower and the shared embedding."""
    return clip.visual.proj.shape[0], clip.text_projection.shape[0], clip.text_projection.shape[1]


def _through(block: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """A block of open_clip; in training with an attention whose products are not cut into tokens.

    `nn.MultiheadAttention` transposes batch-first input, so that its projection becomes one small
    product per token. Without gradients PyTorch's fused layer is as fast.
    """
    if not (x.requires_grad and isinstance(block.attn, nn.MultiheadAttention)):
        passed: Tensor = block(x) if mask is None else block(x, attn_mask=mask)
        return passed
    x = x + block.ls_1(_attend(block.attn, block.ln_1(x), mask))
    trained: Tensor = x + block.ls_2(block.mlp(block.ln_2(x)))
    return trained


def _attend(attention: nn.MultiheadAttention, x: Tensor, mask: Tensor | None) -> Tensor:
    """Self-attention of (B, N, width) with the layer's weights, without dropout."""
    packed = F.linear(x, attention.in_proj_weight, attention.in_proj_bias)
    q, k, v = packed.view(*x.shape[:-1], 3, attention.num_heads, -1).permute(2, 0, 3, 1, 4)
    mask = None if mask is None else mask.to(q.dtype)
    joined = F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)
    return F.linear(joined, attention.out_proj.weight, attention.out_proj.bias)


def _embed_patches(visual: Any, images: Tensor, class_token: Tensor | None) -> Tensor:
    x = visual.conv1(images).flatten(2).transpose(1, 2)
    first = visual.class_embedding if class_token is None else class_token
    x = torch.cat([_per_image(first[None].to(x.dtype), x), x], dim=1)
    embedded: Tensor = visual.ln_pre(x + visual.positional_embedding)
    return embedded


def _per_image(tokens: Tensor, x: Tensor) -> Tensor:
    return tokens.to(x.dtype) if tokens.ndim == 3 else tokens.to(x.dtype).expand(len(x), -1, -1)


def _overwrite(x: Tensor, new: Tensor) -> Tensor:
    k = new.shape[-2]
    return torch.cat([x[:, :1], _per_image(new, x), x[:, 1 + k :]], dim=1)
