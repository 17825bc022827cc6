"""Methods at the sizes of ViT-B/16 and ViT-L/14, without weights: what is trained and fits."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import open_clip
import pytest
import torch
from open_clip.model import CLIP

from irfer_bench.contracts.params import resolve
from tests.irfer_clip.small import announced, load_named

COUNTS = {
    # ViT-B/16: 12 and 12 layers, widths 768 and 512, embedding 512; six classes.
    ("coop", "ViT-B-16"): 16 * 512,
    ("cocoop", "ViT-B-16"): 4 * 512 + (512 * 32 + 32) + (32 * 512 + 512),
    ("maple", "ViT-B-16"): 3_555_072,
    ("ivlp", "ViT-B-16"): 12 * 2 * (512 + 768),
    ("vpt", "ViT-B-16"): 12 * 8 * 768,
    ("mpa_fer", "ViT-B-16"): 78_848,
    ("pca", "ViT-B-16"): 3_954_816,
    ("linear_probe", "ViT-B-16"): 6 * (512 + 1),
    ("clip_frame_mean", "ViT-B-16"): 6 * (512 + 1),
    # ViT-B/32: the whole image tower, a layer of 512 with class token and 17 positions, the words.
    ("dfer_clip", "ViT-B-32"): 87_849_216 + 2_101_248 + 18 * 512 + 6 * 8 * 512,
    # ViT-L/14: 24 and 12 layers, widths 1024 and 768, embedding 768.
    ("coop", "ViT-L-14"): 16 * 768,
    ("cocoop", "ViT-L-14"): 4 * 768 + (768 * 48 + 48) + (48 * 768 + 768),
    ("maple", "ViT-L-14"): 9 * (2 * 768 + 768 * 1024 + 1024),
    ("ivlp", "ViT-L-14"): 12 * 2 * (768 + 1024),
    ("vpt", "ViT-L-14"): 12 * 8 * 1024,
    ("mpa_fer", "ViT-L-14"): 10 * 768 + 24 * 8 * 1024,
    ("linear_probe", "ViT-L-14"): 6 * (768 + 1),
}


@lru_cache(maxsize=2)
def _clip(name: str) -> Any:
    config = open_clip.get_model_config(name)
    assert config is not None
    with torch.device("meta"):
        return CLIP(**{k: config[k] for k in ("embed_dim", "vision_cfg", "text_cfg")})


@pytest.mark.parametrize(("name", "size"), COUNTS, ids=lambda value: str(value))
def test_trained_parameters_at_full_size(name: str, size: str) -> None:
    component = announced(name)
    method = load_named(component.factory)(resolve(load_named(component.params), component=name))
    with torch.device("meta"):
        model = method.build(_clip(size), 6)
    assert sum(p.numel() for p in model.parameters()) == COUNTS[name, size]


@pytest.mark.parametrize("name", ["maple", "ivlp", "mpa_fer", "pda", "pca"])
def test_features_have_the_shape_of_the_embedding(name: str) -> None:
    """A pass of ViT-L/14 without numbers: prompts have each layer's width in either tower."""
    component, clip = announced(name), _clip("ViT-L-14")
    method = load_named(component.factory)(resolve(load_named(component.params), component=name))
    with torch.device("meta"):
        model, images = method.build(clip, 6), torch.empty(2, 3, 224, 224)
        given = (True,) if name == "mpa_fer" else ()
        x = model.images(clip, images, *given)
    if name == "mpa_fer":
        x, patches = x
        assert patches.shape == (2, 256, 768)
    assert x.shape == (2, 768)
