"""MMA-DFER's network: two frozen encoders, prompts, fusion bottlenecks, a temporal transformer.

For frame tau of t, with Phi_v^i and Phi_a^i the frozen blocks of the vision and the audio encoder,

    (1) v_tau = [CLS, patches, P_v] + E_v         a = [CLS, patches, P_a] + E_a
    (2) v_tau <- Phi_v^i(v_tau)                   a <- Phi_a^i(a)
    (3) v_tau, a <- fusion^i(v, a)                                       (`fusion.py`)
    (4) P_v <- P_v + P_v^(i)                      P_a <- P_a + P_a^(i)   behind some blocks
    (5) z_tau = W (LN(v_tau)_CLS + LN(a)_CLS)                            joint adaptation
    (6) logits = W_c MTT(z_1 .. z_t)                                     or the mean over frames

(2) to (4) are repeated for every block i. Trained are P, E, the fusion and all behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from irfer_bench.nn.checkpoints import rename_keys
from irfer_bench.nn.temporal_transformer import TemporalTransformer, from_official
from irfer_dynamic.encoder_params import EncoderPair
from irfer_dynamic.fusion import make_fusion
from irfer_dynamic.mae_encoder import EncoderNetwork, MAEEncoder
from irfer_dynamic.mma_dfer_params import MMADFERParams


class MMADFER(EncoderNetwork):
    """Frames (B, t, 3, S, S) and spectrograms (B, 1, time, mels) to (B, classes) logits.

    Args:
        pair: the encoders, where they are not those of `params.architecture`.
    """

    def __init__(
        self, params: MMADFERParams, classes: int, pair: EncoderPair | None = None
    ) -> None:
        super().__init__()
        p, pair = params, pair or params.pair
        shape, width = pair.shape, p.temporal_width
        learned: dict[str, Any] = {
            "tokens": p.tokens, "updates": p.updates if p.prompts == "progressive" else 0,
            "spread": p.prompt_positions, "drop_path": p.drop_path,
        }  # fmt: skip
        self.vision = MAEEncoder(shape, (pair.size, pair.size), 3, **learned)
        self.audio = MAEEncoder(shape, (pair.window, pair.mels), 1, **learned)
        self.fusion = nn.ModuleList(
            make_fusion(p, shape.width, last=i == shape.depth - 1) for i in range(shape.depth)
        )
        self.joint = nn.Linear(shape.width, width)
        self.temporal: TemporalTransformer | None = None
        if p.mtt == "on":
            self.temporal = TemporalTransformer(
                width, p.frames, depth=p.temporal_depth, heads=p.temporal_heads,
                head_width=p.temporal_head, hidden=p.temporal_hidden, fused=False,
            )  # fmt: skip
        self.classifier = nn.Linear(width, classes)

    def features(self, frames: Tensor, audio: Tensor) -> Tensor:
        """(B, temporal width): what the classifier is given."""
        z = self.joint_sequence(frames, audio)
        return z.mean(dim=1) if self.temporal is None else self.temporal(z)

    def joint_sequence(self, frames: Tensor, audio: Tensor) -> Tensor:
        """z: (B, t, temporal width), equations (1) to (5)."""
        t = frames.shape[1]
        v, a = self.vision.embed(frames.flatten(0, 1)), self.audio.embed(audio)
        blocks = zip(self.vision.blocks, self.audio.blocks, self.fusion, strict=True)
        for i, (vision_block, audio_block, fuse) in enumerate(blocks):
            v, a = vision_block(v), audio_block(a)
            v, a = fuse(v, a, t)
            v, a = self.vision.update(i, v), self.audio.update(i, a)
        v, a = self.vision.norm(v[:, 0]), self.audio.norm(a[:, 0])
        z: Tensor = self.joint(v.unflatten(0, (-1, t)) + a[:, None])
        return z


def from_published(tensors: Mapping[str, Tensor], depth: int) -> dict[str, Tensor]:
    """The public code's tensors, without `module.`, by the names of `MMADFER`.

    Classifiers of the encoders and the temporal transformer's second norms, which the forward pass
    never uses, are left out.
    """
    names: dict[str, str | None] = {
        "image_encoder.": "vision.", "audio_model.": "audio.",
        "image_encoder.head.": None, "audio_model.head.": None,
        "vision_proj.": "joint.", "our_classifier.": "classifier.", "temporal_net.": None,
    }  # fmt: skip
    for theirs, ours in (("image_encoder", "vision"), ("audio_model", "audio")):
        names[f"{theirs}.learnable_prompts_init"] = f"{ours}.prompts"
        names[f"{theirs}.learnable_prompts_progr."] = f"{ours}.progressive."
        for i in range(depth):
            names[f"{theirs}.temporal_att_post.{i}.0."] = f"fusion.{i}.{ours}_up."
            names[f"{theirs}.all_gate.{i}"] = f"fusion.{i}.{ours}_gate"
    for i in range(depth):
        names[f"image_encoder.temporal_pre.{i}."] = f"fusion.{i}.vision_down.0."
        names[f"image_encoder.temporal_pre_norm.{i}."] = f"fusion.{i}.vision_down.1."
        names[f"image_encoder.audio_proj_pre.{i}."] = f"fusion.{i}.audio_down."
    temporal = {f"temporal.{name}": value for name, value in from_official(tensors).items()}
    return rename_keys(tensors, names) | temporal


def trainable(model: nn.Module) -> int:
    """How many numbers are trained."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
