"""Builds the fixtures' CLIP with the production loader; sizes come from metadata and shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from irfer_clip.backbone import build_clip
from tests.parity.fixtures import load


def tensors_of(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    arrays, metadata = load(path)
    return {
        k: torch.from_numpy(v.copy()) if v.ndim else torch.tensor(v.item())
        for k, v in arrays.items()
    }, metadata


def clip_of(tensors: dict[str, Tensor], config: dict[str, Any]) -> Any:
    """open_clip's CLIP with the fixture's weights: QuickGELU, vision heads of width 16."""
    state = {k.removeprefix("clip."): v for k, v in tensors.items() if k.startswith("clip.")}
    width, _, patch, _ = state["visual.conv1.weight"].shape
    grid = round((len(state["visual.positional_embedding"]) - 1) ** 0.5)
    vocabulary, text_width = state["token_embedding.weight"].shape
    vision_heads = config.get("vh") or width // 16
    model = {
        "embed_dim": state["visual.proj"].shape[1],
        "quick_gelu": True,
        "vision_cfg": {
            "image_size": grid * patch,
            "patch_size": patch,
            "width": width,
            "head_width": width // vision_heads,
            "layers": _blocks(state, "visual.transformer."),
        },
        "text_cfg": {
            "context_length": len(state["positional_embedding"]),
            "vocab_size": vocabulary,
            "width": text_width,
            "heads": config.get("transformer_heads") or config["th"],
            "layers": _blocks(state, "transformer."),
        },
    }
    return build_clip(model, state, "fixture")


def _blocks(state: dict[str, Tensor], prefix: str) -> int:
    start = f"{prefix}resblocks."
    return 1 + max(int(k.removeprefix(start).split(".")[0]) for k in state if k.startswith(start))
