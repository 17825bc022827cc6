"""Which share of the machine's matmul peak networks of ViT-B/16 reach, and where the rest goes.

fp32 on one thread in processor time; the peak is that of large square matrices in the same run.
The weights are random and of the real size: nothing but time is measured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import open_clip
import torch
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from irfer_clip.backbone import MEAN, STD, Backbone
from irfer_clip.pca import PcaModel
from irfer_clip.pca_params import PcaParams
from irfer_clip.prompt_classifier import Batch
from irfer_clip.prompting import encode_image
from irfer_clip.prompts import prompt_texts
from irfer_dynamic.encoder_params import PAIRS
from irfer_dynamic.mma_dfer_model import MMADFER
from irfer_dynamic.mma_dfer_params import MMADFERParams
from tests.benchmarks import mma_dfer
from tests.benchmarks.clip import CLASSES, backbone
from tests.benchmarks.diffusion import cpu_seconds

PARTS = {
    "matrix products": ("addmm", "mm", "bmm", "baddbmm", "mkldnn_convolution", "convolution"),
    "attention": (
        "_scaled_dot_product_flash_attention_for_cpu", "_softmax",
        "_scaled_dot_product_flash_attention_for_cpu_backward", "_transform_bias_rescale_qkv",
    ),
    "GELU": ("gelu", "gelu_backward", "sigmoid", "sigmoid_backward", "mul"),
    "LayerNorm": ("native_layer_norm", "native_layer_norm_backward"),
    "copies": ("copy_", "cat", "clone", "fill_", "zero_", "slice_backward", "index"),
}
"""Operators by part; `mul` stands in QuickGELU, and hardly anywhere else."""


def matmul_peak(tiny: bool = False) -> float:
    """FLOP/s of the fastest product of two square matrices."""
    best = 0.0
    for n in (64,) if tiny else (1024, 1536, 2048):
        a, b = torch.rand(2, n, n)
        for _ in range(4):
            taken = max(cpu_seconds(partial(torch.matmul, a, b)), 1e-6)
            best = max(best, 2 * n**3 / taken)
    return best


def against_peak(name: str, tiny: bool) -> tuple[float, float]:
    """Seconds of one run, and of its FLOPs at the peak: the quotient is the share."""
    work, flops = WORKS[name](tiny), counted(name, tiny)
    peak, taken = matmul_peak(tiny), cpu_seconds(work)
    return taken, flops / max(peak, matmul_peak(tiny))


@lru_cache
def counted(name: str, tiny: bool) -> float:
    """FLOPs of one run, two per multiply-add."""
    work, fused = WORKS[name](tiny), torch.backends.mha.get_fastpath_enabled()
    # PyTorch counts nothing in its fused attention layer of inference, whose FLOPs are the same.
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with FlopCounterMode(display=False) as counter:
            work()
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
    return float(counter.get_total_flops())


def parts(name: str, tiny: bool = False) -> str:
    """The shares of a run's time by part, largest first, as PyTorch's profiler sees it."""
    work, spent = WORKS[name](tiny), Counter[str]()
    owner = {f"aten::{operator}": part for part, names in PARTS.items() for operator in names}
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        work()
    for event in seen.key_averages():
        spent[owner.get(event.key, "other")] += event.self_cpu_time_total
    return ", ".join(
        f"{part} {100 * time / spent.total():.0f} %" for part, time in spent.most_common())


@lru_cache
def full_backbone() -> Backbone:
    """CLIP's ViT-B/16 with random weights."""
    config = open_clip.get_model_config("ViT-B-16-quickgelu")
    assert config is not None
    torch.manual_seed(0)
    clip = CLIP(**{k: config[k] for k in ("embed_dim", "vision_cfg", "text_cfg", "quick_gelu")})
    return Backbone(
        clip.eval().requires_grad_(False), SimpleTokenizer(), 224, MEAN, STD, "random", "cpu")


@lru_cache
def vit_forward(tiny: bool) -> Callable[[], Any]:
    """A forward pass of CLIP's image tower on 8 images."""
    own = backbone(True) if tiny else full_backbone()
    images = torch.rand(1 if tiny else 8, 3, 224, 224)

    @torch.no_grad()
    def work() -> Tensor:
        return encode_image(own.clip, images)[0]

    return work


@lru_cache
def pca_step(tiny: bool) -> Callable[[], Any]:
    """A training step of PCA on four visible and four infrared images."""
    own, params = backbone(True) if tiny else full_backbone(), PcaParams(J=1 if tiny else 9)
    model, n = PcaModel(params, own.clip, len(CLASSES)), 2 if tiny else 4
    ids = prompt_texts(own, "a photo of a {}.", CLASSES, k=params.k)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    images, labels = torch.rand(2, n, 3, 224, 224), torch.arange(n)
    batches = {"source": Batch(images[0], labels), "target": Batch(images[1], labels)}

    def work() -> None:
        optimizer.zero_grad(set_to_none=True)
        loss = model.loss(own.clip, ids, batches, own.scale)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return work


@lru_cache
def video_network(tiny: bool) -> tuple[MMADFER, tuple[Tensor, Tensor, Tensor]]:
    """MMA-DFER on two ViT-B/16 with a clip of 16 frames at 224 px and 5 s of sound."""
    model = mma_dfer.network(True) if tiny else MMADFER(MMADFERParams(), 7, PAIRS["b16"]).eval()
    return model, mma_dfer.batch(model, 1)


@lru_cache
def mma_dfer_step(tiny: bool) -> Callable[[], Any]:
    """A training step of MMA-DFER on one clip."""
    model, drawn = video_network(tiny)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad])

    def work() -> None:
        mma_dfer.step(model, model, drawn)
        optimizer.step()

    return work


@lru_cache
def mma_dfer_forward(tiny: bool) -> Callable[[], Any]:
    """A forward pass of MMA-DFER on one clip."""
    model, (frames, audio, _) = video_network(tiny)

    @torch.no_grad()
    def work() -> Tensor:
        logits: Tensor = model(frames, audio)
        return logits

    return work


WORKS: dict[str, Callable[[bool], Callable[[], Any]]] = {
    "ViT-B/16 forward, 8 images": vit_forward,
    "PCA on ViT-B/16, a step of 4 + 4 images": pca_step,
    "MMA-DFER on two ViT-B/16, a clip forward": mma_dfer_forward,
    "MMA-DFER on two ViT-B/16, a step of one clip": mma_dfer_step,
}
"""What is run, by its name in the table."""
