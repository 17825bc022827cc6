"""Fusion of the tokens of two encoders behind each of their blocks: MMA-DFER and its alternatives.

All take v: (B t, N, D), the tokens of t frames, and a: (B, M, D), those of the audio, and add to
both what is gated by tanh(alpha), alpha = 0 at first, one alpha per layer and modality:

    v_tau <- v_tau + tanh(alpha_v) U_v            a <- a + tanh(alpha_a) U_a

`FusionBottleneck` (`fb`) is the paper's. `add`, `mult`, `mult_concat` and `ita` are named in its
tables and described in a line each; what that line leaves open was decided here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from irfer_dynamic.mma_dfer_params import MMADFERParams

HEADS = 2


class Fusion(nn.Module, ABC):
    """Gates of one layer; `forward` gives new v and a.

    Args:
        last: nothing but the class token is used behind this layer, the others stay as they are.
    """

    def __init__(self, last: bool = False) -> None:
        super().__init__()
        self.last = last
        self.vision_gate = nn.Parameter(torch.zeros(1))
        self.audio_gate = nn.Parameter(torch.zeros(1))

    @abstractmethod
    def forward(self, v: Tensor, a: Tensor, t: int) -> tuple[Tensor, Tensor]:
        """(B t, N, D) and (B, M, D) to the same shapes; of the last layer the class tokens do."""


class NoFusion(nn.Module):
    """The encoders do not meet before the joint projection."""

    def forward(self, v: Tensor, a: Tensor, t: int) -> tuple[Tensor, Tensor]:
        """Both as they are."""
        return v, a


class FusionBottleneck(Fusion):
    """The paper's bottleneck of width d.

        v^ = LN(W_v v),  L_v = mean over tokens and frames of v^     a^, L_a likewise
        U_v = GELU(F_v(v^ + L_a))                                    U_a = GELU(F_a(a^ + L_v))

    With `ita` an attention over the class tokens of the frames, and with learned positions, comes
    between: of v^ where its width is d, and else of v, from which it leads back to U_v.
    """

    def __init__(
        self, width: int, latent: int, *, last: bool = False, ita: int = 0, frames: int = 0
    ) -> None:
        super().__init__(last)
        self.vision_down = nn.Sequential(nn.Linear(width, latent), nn.LayerNorm(latent))
        self.audio_down = nn.Sequential(nn.Linear(width, latent), nn.LayerNorm(latent))
        self.vision_up = nn.Linear(latent, width)
        self.audio_up = nn.Linear(latent, width)
        self.temporal: FrameAttention | None = None
        self.around: nn.ModuleList | None = None
        if ita:
            self.temporal = FrameAttention(ita, frames)
        if ita and ita != latent:
            self.around = nn.ModuleList([nn.Linear(width, ita), nn.Linear(ita, width)])

    def forward(self, v: Tensor, a: Tensor, t: int) -> tuple[Tensor, Tensor]:
        """The equations above."""
        v_low, a_low = self.vision_down(v), self.audio_down(a)
        l_v = v_low.reshape(len(a), -1, v_low.shape[-1]).mean(dim=1, keepdim=True)
        l_a = a_low.mean(dim=1, keepdim=True).repeat_interleave(t, dim=0)
        if self.last:
            v, a, v_low, a_low = v[:, :1], a[:, :1], v_low[:, :1], a_low[:, :1]
        attended: Tensor | None = None
        if self.temporal is not None:
            cls: Tensor = v_low[:, 0] if self.around is None else self.around[0](v[:, 0])
            attended = self.temporal(cls.reshape(len(a), t, -1)).flatten(0, 1)
            if self.around is None:
                v_low = torch.cat([(v_low[:, 0] + attended)[:, None], v_low[:, 1:]], dim=1)
        new_v = v + _raise(self.vision_up, self.vision_gate, v_low, l_a)
        new_a = a + _raise(self.audio_up, self.audio_gate, a_low, l_v)
        if self.around is not None and attended is not None:
            new_v[:, 0] += self.vision_gate.tanh() * self.around[1](attended)
        return new_v, new_a


class _Raised(torch.autograd.Function):
    """`_raise` with a gradient written out, for fp32; low: (B t, N, d), other: (B t, 1, d)."""

    @staticmethod
    def forward(
        ctx: Any, low: Tensor, other: Tensor, weight: Tensor, bias: Tensor, gate: Tensor
    ) -> Tensor:
        ctx.save_for_backward(low, other, weight, bias, gate)
        return F.gelu(F.linear(low + other, weight, bias)).mul_(gate.tanh())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, ...]:
        """Gradients of all five."""
        low, other, weight, bias, gate = ctx.saved_tensors
        given, scale = (low + other).flatten(0, -2), gate.tanh()
        raised, flat = F.linear(given, weight, bias), gradient.flatten(0, -2)
        d_gate = torch.dot(F.gelu(raised).flatten(), flat.flatten()) * (1 - scale.square())
        d_raised = torch.ops.aten.gelu_backward(flat, raised).mul_(scale)
        d_low = (d_raised @ weight).view_as(low)
        return (
            d_low, d_low.sum(dim=1, keepdim=True), d_raised.mT @ given, d_raised.sum(0), d_gate,
        )


def _raise(up: nn.Linear, gate: Tensor, low: Tensor, other: Tensor) -> Tensor:
    """tanh(alpha) GELU(F(low + other)); its D-wide values are computed again for the gradient."""

    def compute(low: Tensor, other: Tensor, weight: Tensor, bias: Tensor, gate: Tensor) -> Tensor:
        return gate.tanh() * F.gelu(F.linear(low + other, weight, bias))

    given = (low, other, up.weight, up.bias, gate)
    if not torch.is_grad_enabled():
        return compute(*given)
    if not torch.is_autocast_enabled(low.device.type):
        raised: Tensor = _Raised.apply(*given)
        return raised
    again: Tensor = checkpoint(compute, *given, use_reentrant=False, preserve_rng_state=False)
    return again


class GatedMean(Fusion):
    """`add`: U_v = mean of a over its tokens, U_a = mean of v over tokens and frames."""

    def forward(self, v: Tensor, a: Tensor, t: int) -> tuple[Tensor, Tensor]:
        """Without projections; 2 parameters."""
        mean_a = a.mean(dim=1, keepdim=True).repeat_interleave(t, dim=0)
        mean_v = v.reshape(-1, t, *v.shape[1:]).mean(dim=(1, 2))[:, None]
        return v + self.vision_gate.tanh() * mean_a, a + self.audio_gate.tanh() * mean_v


class CrossAttention(Fusion):
    """`mult`: U_v = attention of v to a, U_a = attention of a to the tokens of all frames.

    Both are normalised before; queries, keys and values have `latent` dimensions, two heads. A
    frame's tokens attend to the audio of its clip.
    """

    def __init__(self, width: int, latent: int, last: bool = False) -> None:
        super().__init__(last)
        self.vision_norm, self.audio_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.to_vision = Attention(width, latent, width)
        self.to_audio = Attention(width, latent, width)

    def forward(self, v: Tensor, a: Tensor, t: int) -> tuple[Tensor, Tensor]:
        """Cross-attention of both ways."""
        n_v = self.vision_norm(v).unflatten(0, (-1, t)).flatten(1, 2)
        n_a = self.audio_norm(a)
        u_v = self.to_vision(n_v, n_a).unflatten(1, (t, -1)).flatten(0, 1)
        u_a = self.to_audio(n_a, n_v)
        return v + self.vision_gate.tanh() * u_v, a + self.audio_gate.tanh() * u_a


class JointAttention(Fusion):
    """`mult_concat`: one transformer layer of width `latent` over all tokens of both.

    U is the mean over its tokens, led back to D dimensions and the same for both.
    """

    def __init__(self, width: int, latent: int, last: bool = False) -> None:
        super().__init__(last)
        self.down, self.up = nn.Linear(width, latent), nn.Linear(latent, width)
        self.norm, self.mlp_norm = nn.LayerNorm(latent), nn.LayerNorm(latent)
        self.attention = Attention(latent, latent, latent)
        self.mlp = nn.Sequential(
            nn.Linear(latent, 4 * latent), nn.GELU(), nn.Linear(4 * latent, latent)
        )

    def forward(self, v: Tensor, a: Tensor, t: int) -> tuple[Tensor, Tensor]:
        """One vector for all tokens of a clip."""
        frames = self.down(v).unflatten(0, (-1, t)).flatten(1, 2)
        x = torch.cat([self.down(a), frames], dim=1)
        normal = self.norm(x)
        x = x + self.attention(normal, normal)
        x = x + self.mlp(self.mlp_norm(x))
        u = self.up(x.mean(dim=1, keepdim=True))
        u_v = u.repeat_interleave(t, dim=0)
        return v + self.vision_gate.tanh() * u_v, a + self.audio_gate.tanh() * u


class Attention(nn.Module):
    """Two-head attention of queries of `width` dimensions to others, to `out` dimensions."""

    def __init__(self, width: int, inner: int, out: int) -> None:
        super().__init__()
        self.q, self.k = nn.Linear(width, inner), nn.Linear(width, inner)
        self.v, self.out = nn.Linear(width, inner), nn.Linear(inner, out)

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        """(B, N, width) and (B, M, width) to (B, N, out)."""
        rows = (self.q(x), self.k(other), self.v(other))
        q, k, v = (y.unflatten(-1, (HEADS, -1)).transpose(1, 2) for y in rows)
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        out: Tensor = self.out(attended)
        return out


class FrameAttention(nn.Module):
    """`ita`: attention of the class tokens of a clip's frames, (B, t, d), with positions."""

    def __init__(self, width: int, frames: int) -> None:
        super().__init__()
        self.positions = nn.Parameter(0.02 * torch.randn(1, frames, width))
        self.attention = Attention(width, width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, t, d) to the same shape."""
        x = x + self.positions[:, : x.shape[1]]
        out: Tensor = self.attention(x, x)
        return out


def make_fusion(params: MMADFERParams, width: int, *, last: bool) -> nn.Module:
    """The fusion of one layer behind blocks of `width` dimensions."""
    p = params
    if p.fusion in ("fb", "ita"):
        ita = p.ita_dim if p.fusion == "ita" else 0
        return FusionBottleneck(width, p.latent, last=last, ita=ita, frames=p.frames)
    if p.fusion == "mult":
        return CrossAttention(width, p.latent, last)
    if p.fusion == "mult_concat":
        return JointAttention(width, p.latent, last)
    return GatedMean(last) if p.fusion == "add" else NoFusion()
