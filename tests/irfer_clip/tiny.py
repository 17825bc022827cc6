"""A tiny CLIP checkpoint and a few clips, made on the spot."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from open_clip.model import CLIP
from safetensors.torch import save_file

from irfer_bench.api import BASIC, Clip, TrainingData
from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_clip.pca import Pca
from irfer_clip.pca_params import PcaParams

CLASSES = BASIC[:3]
MERGES = "#version\na n\nan g</w>\nan</w> d"
ARCHITECTURE: dict[str, Any] = {
    "embed_dim": 16,
    "quick_gelu": True,
    "vision_cfg": {"image_size": 16, "patch_size": 8, "width": 24, "layers": 3, "head_width": 12},
    "text_cfg": {"context_length": 130, "vocab_size": 517, "width": 16, "heads": 2, "layers": 3},
}


def tiny_clip(seed: int = 0) -> CLIP:
    """open_clip's CLIP with random weights, far enough from its initialisation to disagree."""
    torch.manual_seed(seed)
    clip = CLIP(**ARCHITECTURE)
    with torch.no_grad():
        for parameter in clip.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        clip.logit_scale.fill_(2.0)
    return clip.eval()


def write_tiny(folder: Path, seed: int = 0) -> Path:
    """The checkpoint as safetensors with its architecture, and the merges beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.txt.gz").write_bytes(gzip.compress(MERGES.encode(), mtime=0))
    path = folder / "tiny.safetensors"
    state = {k: v.contiguous() for k, v in tiny_clip(seed).state_dict().items()}
    save_file(state, path, {"architecture": json.dumps(ARCHITECTURE), "merges": "tiny.txt.gz"})
    return path


def clips(number: int, *, seed: int, spectrum: Any = "vis", frames: int = 1) -> ClipList:
    """Clips whose level tells the class, noisy; labels cycle through `CLASSES`."""
    rng = np.random.default_rng(seed)
    made = []
    for i in range(number):
        label = i % len(CLASSES)
        level = rng.normal(60 + 60 * label, 25, size=(frames, 16, 16, 3))
        made.append(
            Clip(
                id=f"{spectrum}{seed}-{i}",
                frames=np.clip(level, 0, 255).astype(np.uint8),
                spectrum=spectrum,
                label=CLASSES[label],
                subject=f"s{i % 4}",
            )
        )
    return ClipList(made)


def training(
    source: ClipList, target: ClipList, unlabelled: ClipList | None = None
) -> TrainingData:
    return TrainingData(source, target, unlabelled or ClipList([]), ClipList([]), CLASSES)


def params(folder: Path, variant: str = "", **given: Any) -> PcaParams:
    small = {"backbone": "tiny.safetensors", "J": 2, "epochs": 2, "batch": 6, "N": 2}
    return resolve(PcaParams, component="pca", variant=variant, given=small | given)


def fitted(folder: Path, data: TrainingData, **given: Any) -> tuple[Pca, MemoryContext]:
    """PCA fitted on `data`, with the context it was fitted in."""
    context = MemoryContext(seed=3, weights=folder)
    pca = Pca(params(folder, **given))
    pca.fit(data, context)
    return pca, context


def relabelled(given: ClipList, label: str | None) -> ClipList:
    return ClipList([replace(clip, label=label) for clip in given])
