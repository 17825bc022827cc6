"""Tokens go where a method says, and nowhere else."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from irfer_clip.images import Preparation, standardize
from irfer_clip.prompting import encode_image, encode_templates, encode_text, project_patches
from tests.irfer_clip.tiny import ARCHITECTURE, tiny_clip

CLIP = tiny_clip()
WIDTH, TEXT_WIDTH = 24, 16
IMAGES = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def _ids(lengths: list[int]) -> Tensor:
    ids = torch.zeros(len(lengths), 130, dtype=torch.long)
    for row, length in zip(ids, lengths, strict=True):
        row[: length + 1] = torch.randint(1, 500, (length + 1,))
        row[0], row[length + 1] = 515, 516
    return ids


def _tokens(*layers: int, n: int = 2) -> list[Tensor | None]:
    torch.manual_seed(5)
    return [torch.randn(n, WIDTH) if i in layers else None for i in range(3)]


def test_plain_encoding_is_open_clips() -> None:
    ids = _ids([3, 8])
    with torch.no_grad():
        features, patches = encode_image(CLIP, IMAGES)
        assert torch.allclose(features, CLIP.encode_image(IMAGES), atol=1e-6)
        assert torch.allclose(encode_text(CLIP, ids), CLIP.encode_text(ids), atol=1e-5)
        assert project_patches(CLIP, patches).shape == (3, 4, ARCHITECTURE["embed_dim"])


def test_training_passes_open_clips_blocks() -> None:
    """Outputs and gradients of both towers are those of open_clip's own blocks."""
    ids, images = _ids([3, 8]), IMAGES.clone().requires_grad_()
    ours, theirs = (encode(images) for encode in (
        lambda x: encode_image(CLIP, x)[0], CLIP.encode_image))
    assert torch.allclose(ours, theirs, atol=1e-6)
    wanted, found = (torch.autograd.grad(y.square().sum(), images)[0] for y in (theirs, ours))
    assert torch.allclose(wanted, found, atol=1e-5)
    words = CLIP.token_embedding(ids).detach().requires_grad_()
    assert torch.allclose(
        encode_text(CLIP, ids, embeddings=words), CLIP.encode_text(ids), atol=1e-5)


def test_several_templates_are_averaged_as_unit_vectors() -> None:
    torch.manual_seed(3)
    ids = [_ids([3, 8]), _ids([5, 4]), _ids([2, 2])]
    with torch.no_grad():
        each = [CLIP.encode_text(one, normalize=True) for one in ids]
        for count in (1, 2, 3):
            mean = torch.stack(each[:count]).mean(0)
            expected = mean / mean.norm(dim=-1, keepdim=True)
            assert torch.allclose(encode_templates(CLIP, ids[:count]), expected, atol=1e-5)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(3, 80), min_size=1, max_size=4), st.integers(0, 2))
def test_truncated_text_equals_full_text(lengths: list[int], k: int) -> None:
    ids = _ids(lengths)
    slots = [torch.randn(k, TEXT_WIDTH) for _ in range(3)] if k else []
    with torch.no_grad():
        short = encode_text(CLIP, ids, slots)
        full = encode_text(CLIP, ids, slots, truncate=False)
    assert float((short - full).abs().max()) < 1e-5


def test_prompts_of_a_layer_change_the_features_and_none_do_not() -> None:
    with torch.no_grad():
        plain = encode_image(CLIP, IMAGES)[0]
        assert torch.equal(encode_image(CLIP, IMAGES, [None, None, None])[0], plain)
        for layer in range(3):
            prompted = encode_image(CLIP, IMAGES, _tokens(layer))[0]
            assert float((prompted - plain).abs().max()) > 1e-3


def test_deep_tokens_replace_and_do_not_add_up() -> None:
    """With tokens in every layer, what earlier prompts became never reaches a later block."""
    every = _tokens(0, 1, 2)
    with torch.no_grad():
        kept, patches = encode_image(CLIP, IMAGES, every)
        dropped, _ = encode_image(CLIP, IMAGES, every, propagate=False)
    assert torch.allclose(kept, dropped, atol=1e-6)
    assert patches.shape[1] == 4


def test_dropped_outputs_are_not_seen_by_layers_without_tokens() -> None:
    first = _tokens(0)
    with torch.no_grad():
        kept = encode_image(CLIP, IMAGES, first)[0]
        dropped = encode_image(CLIP, IMAGES, first, propagate=False)[0]
    assert float((kept - dropped).abs().max()) > 1e-4


def test_ln_pre_is_passed_only_where_asked_for() -> None:
    first = _tokens(0)
    assert first[0] is not None
    with torch.no_grad():
        before = encode_image(CLIP, IMAGES, first)[0]
        after = encode_image(CLIP, IMAGES, first, before_ln_pre=False)[0]
        by_hand = encode_image(CLIP, IMAGES, [CLIP.visual.ln_pre(first[0])], before_ln_pre=False)[0]
    assert torch.equal(before, by_hand)
    assert float((before - after).abs().max()) > 1e-4


def test_tokens_may_differ_from_image_to_image() -> None:
    one, other = _tokens(0, 1), [None if t is None else t + 1 for t in _tokens(0, 1)]
    mixed = [None if a is None else torch.stack([a, b, a]) for a, b in zip(one, other, strict=True)]
    with torch.no_grad():
        got = encode_image(CLIP, IMAGES, mixed)[0]
        for i, tokens in enumerate((one, other, one)):
            alone = encode_image(CLIP, IMAGES[i : i + 1], tokens)[0]
            assert torch.allclose(got[i : i + 1], alone, atol=1e-5)


def test_class_specific_slots_and_whole_embeddings_agree() -> None:
    ids = _ids([6, 9])
    slot = torch.randn(2, 2, TEXT_WIDTH)
    with torch.no_grad():
        embedded = CLIP.token_embedding(ids).clone()
        embedded[:, 1:3] = slot
        by_slot = encode_text(CLIP, ids, [slot])
        assert torch.allclose(by_slot, encode_text(CLIP, ids, embeddings=embedded), atol=1e-6)
        first = encode_text(CLIP, ids[:1], [slot[0]])
    assert torch.allclose(by_slot[:1], first, atol=1e-5)


@pytest.mark.parametrize("kind", ["minmax_then_clip", "per_image_std"])
def test_infrared_scaling_ignores_gain_and_leaves_visible_alone(kind: str) -> None:
    class Statistics:
        mean, std = (0.5, 0.4, 0.3), (0.2, 0.2, 0.2)

    images = torch.rand(2, 3, 8, 8) * 0.5
    infrared = torch.tensor([True, False])
    usual = standardize(images, infrared, Statistics(), "clip")  # type: ignore[arg-type]
    got = standardize(images, infrared, Statistics(), kind)  # type: ignore[arg-type]
    brighter = standardize(images * 1.5 + 0.1, infrared, Statistics(), kind)  # type: ignore[arg-type]
    assert torch.equal(got[1], usual[1])
    assert torch.allclose(got[0], brighter[0], atol=1e-4)
    assert not torch.allclose(got[0], usual[0], atol=1e-2)
    assert Preparation.__dataclass_fields__["crop"].default == (0.08, 1.0)
