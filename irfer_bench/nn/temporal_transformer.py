"""Transformer over the frames of a clip, as Former-DFER, DFER-CLIP and MMA-DFER have it.

    y = x + W_o softmax(Q K^T / sqrt(d)) V    with Q, K, V of LN(x), without biases
    x' = y + W_2 GELU(W_1 LN(y))              with GELU's tanh form

A class token stands in front, positions are added, and nothing normalises the output. Sources:
Zhao and Liu, "Former-DFER", ACM Multimedia 2021; Zhao and Patras, "DFER-CLIP", BMVC 2023;
Chumachenko et al., "MMA-DFER", CVPRW 2024; and their public code.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Multi-head self-attention of (B, N, width).

    Args:
        fused: one matrix gives Q, K and V (Former-DFER, DFER-CLIP); otherwise one gives Q and
            another K and V (MMA-DFER). The function is the same, the names of weights are not.
    """

    def __init__(self, width: int, heads: int, head_width: int, *, fused: bool) -> None:
        super().__init__()
        self.heads, inner = heads, heads * head_width
        if fused:
            self.qkv = nn.Linear(width, 3 * inner, bias=False)
        else:
            self.q = nn.Linear(width, inner, bias=False)
            self.kv = nn.Linear(width, 2 * inner, bias=False)
        self.fused = fused
        self.out = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, width) to the same shape."""
        joint = self.qkv(x) if self.fused else torch.cat([self.q(x), self.kv(x)], -1)
        q, k, v = (y.unflatten(-1, (self.heads, -1)).transpose(1, 2) for y in joint.chunk(3, -1))
        attended = F.scaled_dot_product_attention(q, k, v)
        out: Tensor = self.out(attended.transpose(1, 2).flatten(2))
        return out


class TransformerLayer(nn.Module):
    """One pre-norm layer: attention, then a perceptron of `hidden` units."""

    def __init__(
        self, width: int, heads: int, head_width: int, hidden: int, *, fused: bool
    ) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads, head_width, fused=fused)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, hidden), nn.GELU(approximate="tanh"), nn.Linear(hidden, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, width) to the same shape."""
        x = x + self.attention(self.attention_norm(x))
        last: Tensor = x + self.mlp(self.mlp_norm(x))
        return last


class TemporalTransformer(nn.Module):
    """(B, frames, width) to the class token, (B, width), after `depth` layers.

    Args:
        frames: most frames of a clip; a shorter one takes the first positions.
        fused: see `Attention`.

    Class token and positions start from N(0, 1), as in the public code.
    """

    def __init__(
        self,
        width: int,
        frames: int,
        *,
        depth: int,
        heads: int,
        head_width: int,
        hidden: int,
        fused: bool = True,
    ) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.randn(1, 1, width))
        self.positions = nn.Parameter(torch.randn(1, frames + 1, width))
        self.layers = nn.ModuleList(
            TransformerLayer(width, heads, head_width, hidden, fused=fused) for _ in range(depth)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, width) features of frames to (B, width), T being at most `frames`."""
        x = torch.cat([self.cls_token.to(x.dtype).expand(len(x), -1, -1), x], dim=1)
        x = x + self.positions[:, : x.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return x[:, 0]


OFFICIAL = {
    ".0.fn.fn.to_qkv.": ".attention.qkv.", ".0.fn.fn.to_q.": ".attention.q.",
    ".0.fn.fn.to_kv.": ".attention.kv.", ".0.fn.fn.to_out.0.": ".attention.out.",
    ".0.fn.norm.": ".attention_norm.", ".1.fn.fn.net.0.": ".mlp.0.",
    ".1.fn.fn.net.3.": ".mlp.2.", ".1.fn.norm.": ".mlp_norm.",
}  # fmt: skip
"""Names of weights in the public code, inside a layer, and here."""


def from_official(
    tensors: Mapping[str, Tensor], prefix: str = "temporal_net."
) -> dict[str, Tensor]:
    """The public code's tensors under `prefix` by the names of `TemporalTransformer`.

    MMA-DFER's second norms (`norm2`), which its forward pass never uses, are left out.
    """
    renamed = {}
    for name, value in tensors.items():
        if not name.startswith(prefix) or ".norm2." in name:
            continue
        name = name.removeprefix(prefix).replace("pos_embedding", "positions")
        name = name.replace("temporal_transformer.", "").replace("spatial_transformer.", "")
        for theirs, ours in OFFICIAL.items():
            name = name.replace(theirs, ours)
        renamed[name] = value
    return renamed
