"""MMA-DFER's step and forward pass against the structure of its public code, same weights.

The networks have the geometry of the paper's (patches of 16 pixels, 12 blocks, a bottleneck of a
sixth of the width), a quarter as wide. Both sides compute the same logits and losses: checked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional as F

from irfer_bench.nn.training import add_gradients
from irfer_dynamic.encoder_inputs import Example
from irfer_dynamic.encoder_params import PAIRS, EncoderPair, EncoderShape
from irfer_dynamic.encoder_recognizer import loss_terms
from irfer_dynamic.fusion import FusionBottleneck
from irfer_dynamic.mma_dfer_model import MMADFER
from irfer_dynamic.mma_dfer_params import MMADFERParams
from tests.benchmarks.harness import processor_seconds
from tests.benchmarks.memory import TensorMemory

Forward = Callable[[Tensor, Tensor], Tensor]


def network(tiny: bool = False) -> MMADFER:
    """Random weights, gates open."""
    torch.manual_seed(0)
    width, depth, size, frames = (48, 6, 32, 2) if tiny else (192, 12, 112, 16)
    params = MMADFERParams(frames=frames, latent=width // 6, temporal_width=2 * width // 3)
    pair = EncoderPair(EncoderShape(width, depth, 3, 16), size, 32 if tiny else 512, 128)
    model = MMADFER(params, 7, pair)
    for name, parameter in model.named_parameters():
        if name.endswith("_gate"):
            torch.nn.init.constant_(parameter, 0.2)
    return model.eval()


def batch(model: MMADFER, clips: int) -> tuple[Tensor, Tensor, Tensor]:
    """Frames, spectrograms and labels."""
    torch.manual_seed(1)
    size, window, mels = (
        side * 16 for side in (model.vision.grid[0], model.audio.grid[0], model.audio.grid[1]))
    t = 2 if size == 32 else 16
    return (
        torch.rand(clips, t, 3, size, size), torch.randn(clips, 1, window, mels),
        torch.arange(clips) % 7,
    )


def published(model: MMADFER) -> Forward:
    """The order of operations of the public code: nothing is left out or computed again."""

    def forward(frames: Tensor, audio: Tensor) -> Tensor:
        t = frames.shape[1]
        v, a = model.vision.embed(frames.flatten(0, 1)), model.audio.embed(audio)
        for i, fuse in enumerate(model.fusion):
            assert isinstance(fuse, FusionBottleneck)
            v, a = model.vision.blocks[i](v), model.audio.blocks[i](a)
            v_low, a_low = fuse.vision_down(v), fuse.audio_down(a)
            v_in = v_low + a_low.mean(1).unsqueeze(1).repeat_interleave(t, 0)
            frames_low = v_low.view(len(a), t, *v_low.shape[1:])
            a_in = a_low + frames_low.mean(1).mean(1).unsqueeze(1)
            v = v + fuse.vision_gate.tanh() * F.gelu(fuse.vision_up(v_in))
            a = a + fuse.audio_gate.tanh() * F.gelu(fuse.audio_up(a_in))
            for encoder, x in ((model.vision, v), (model.audio, a)):
                if i % encoder.period == 0:
                    added = encoder.progressive[i // encoder.period]
                    start = encoder.first + i // encoder.period * len(added)
                    rows = slice(start, start + len(added))
                    x[:, rows] = x[:, rows] + added.expand(len(x), -1, -1)
        v, a = model.vision.norm(v)[:, 0], model.audio.norm(a)[:, 0]
        z = model.joint(v.view(-1, t, v.shape[-1]) + a.unsqueeze(1))
        assert model.temporal is not None
        logits: Tensor = model.classifier(model.temporal(z))
        return logits

    return forward


def step(forward: Forward, model: MMADFER, drawn: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """One loss and its gradients, of the whole batch at once."""
    model.zero_grad(set_to_none=True)
    return add_gradients(F.cross_entropy(forward(*drawn[:2]).float(), drawn[2])).detach()


def step_of_ours(
    forward: Forward, model: MMADFER, drawn: tuple[Tensor, Tensor, Tensor]
) -> Tensor:
    """One loss and its gradients, part of the batch by part, as `mma_dfer` is trained."""
    model.zero_grad(set_to_none=True)
    return add_gradients(loss_terms(forward, Example(*drawn[:2]), drawn[2]))


def step_seconds(tiny: bool) -> tuple[float, float]:
    """A training step in fp32, processor time."""
    model = network(tiny)
    drawn, theirs = batch(model, 1 if tiny else 8), published(model)
    one, two = step_of_ours(model, model, drawn), step(theirs, model, drawn)
    torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-5)
    return (
        processor_seconds(lambda: step_of_ours(model, model, drawn)),
        processor_seconds(lambda: step(theirs, model, drawn)),
    )


@torch.no_grad()
def forward_seconds(tiny: bool) -> tuple[float, float]:
    """A forward pass in fp32, processor time."""
    model = network(tiny)
    frames, audio, _ = batch(model, 1 if tiny else 2)
    theirs = published(model)
    torch.testing.assert_close(model(frames, audio), theirs(frames, audio), rtol=1e-4, atol=1e-5)
    return (
        processor_seconds(lambda: model(frames, audio)),
        processor_seconds(lambda: theirs(frames, audio)),
    )


def in_bf16(model: MMADFER) -> Forward:
    """The forward pass under autocast, as `--precision bf16` runs it."""

    def forward(frames: Tensor, audio: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits: Tensor = model(frames, audio)
        return logits

    return forward


def bf16_step_seconds(tiny: bool) -> tuple[float, float]:
    """A training step in bf16 against the public code's fp32, processor time."""
    model = network(tiny)
    drawn, theirs, ours = batch(model, 1 if tiny else 8), published(model), in_bf16(model)
    step_of_ours(ours, model, drawn)
    return (
        processor_seconds(lambda: step_of_ours(ours, model, drawn)),
        processor_seconds(lambda: step(theirs, model, drawn)),
    )


@torch.no_grad()
def bf16_forward_seconds(tiny: bool) -> tuple[float, float]:
    """A forward pass in bf16 against the public code's fp32, processor time."""
    model = network(tiny)
    frames, audio, _ = batch(model, 1 if tiny else 2)
    theirs, ours = published(model), in_bf16(model)
    ours(frames, audio)
    return (
        processor_seconds(lambda: ours(frames, audio)),
        processor_seconds(lambda: theirs(frames, audio)),
    )


def peak_of_the_papers_step(tiny: bool, *, bf16: bool) -> tuple[float, float]:
    """Peak memory of a step in GiB, counted on tensors without values.

    The paper's largest network: two ViT-B/16, 224 px, 16 frames, 8 clips. Ours in bf16 or fp32,
    the public code's order in fp32.
    """
    with torch.device("meta"):
        model = MMADFER(MMADFERParams(), 7, PAIRS["b16"]).eval()
    with FakeTensorMode(allow_non_fake_inputs=True):
        model.to_empty(device="cpu")
        clips = 1 if tiny else 8
        drawn = (
            torch.empty(clips, 16, 3, 224, 224), torch.empty(clips, 1, 512, 128),
            torch.zeros(clips, dtype=torch.long),
        )
        peaks = []
        ours = partial(step_of_ours, in_bf16(model) if bf16 else model)
        for take_step in (ours, partial(step, published(model))):
            with TensorMemory([*model.parameters(), *model.buffers(), *drawn]) as memory:
                take_step(model, drawn)
            peaks.append(memory.peak / 2**30)
    return peaks[0], peaks[1]
