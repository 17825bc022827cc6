"""What benchmarks find out beside time: that both sides compute the same, FLOPs and shares."""

from __future__ import annotations

import re

import pytest
import torch

from tests.benchmarks import clip, clip_bf16, peak

VIT = "ViT-B/16 forward, 8 images"


@pytest.mark.parametrize("epoch", [clip.maple_epoch, clip.pca_epoch])
@pytest.mark.parametrize("bf16", [False, True])
def test_sides_whose_logits_differ_are_refused(epoch, bf16, monkeypatch):
    whole = clip.encode_text

    def shifted(*given, truncate=True, **more):
        made = whole(*given, truncate=truncate, **more)
        return made if truncate else made.flip(0)

    monkeypatch.setattr(clip, "encode_text", shifted)
    with pytest.raises(AssertionError, match="not close"):
        epoch(True, bf16=bf16)


def test_accuracies_that_differ_are_refused(monkeypatch):
    found = {"fp32": 0.8, "bf16": 0.74}
    monkeypatch.setattr(clip_bf16, "accuracy", lambda name, precision, tiny: found[precision])
    with pytest.raises(AssertionError, match=r"pca: 0\.800 in fp32, 0\.740 in bf16"):
        clip_bf16.bf16_epoch("pca", True)


def test_flops_are_those_of_all_products():
    """Of the tiny image tower: patches, a block with its attention, the projection."""
    patches, tokens, width = 196, 197, 192
    block = 2 * tokens * width * (3 + 1 + 4 + 4) * width + 2 * 2 * tokens**2 * width
    expected = 2 * patches * 3 * 16**2 * width + block + 2 * width * 128
    assert peak.counted(VIT, True) == expected


def test_a_share_is_that_of_the_peak(monkeypatch):
    monkeypatch.setattr(peak, "matmul_peak", lambda tiny: 1e9)
    taken, at_peak = peak.against_peak(VIT, True)
    assert taken > 0
    assert at_peak == pytest.approx(peak.counted(VIT, True) / 1e9)


def test_parts_of_the_time_add_up():
    words = peak.parts("MMA-DFER on two ViT-B/16, a step of one clip", True)
    shares = [int(share) for share in re.findall(r"(\d+) %", words)]
    assert sum(shares) == pytest.approx(100, abs=4)
    assert shares == sorted(shares, reverse=True)
    assert {"matrix products", "GELU", "LayerNorm", "attention"} <= set(
        re.findall(r"([a-zA-Z][a-zA-Z ]*) \d+ %", words))


def test_networks_of_the_shares_have_the_real_size():
    with torch.device("meta"):
        own, (model, _) = peak.full_backbone.__wrapped__(), peak.video_network.__wrapped__(False)
    assert sum(p.numel() for p in own.clip.visual.parameters()) == 86_192_640
    assert len(model.vision.blocks) == len(model.audio.blocks) == 12
    assert model.vision.pos_embed.shape[-1] == 768
