"""MMA-DFER's equations written out: bottleneck, prompts between blocks, joint sequence."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from irfer_dynamic.encoder_params import EncoderShape
from irfer_dynamic.fusion import FusionBottleneck, GatedMean, make_fusion
from irfer_dynamic.mae_encoder import MAEEncoder
from irfer_dynamic.mma_dfer_model import MMADFER
from tests.irfer_dynamic.voices import CLASSES, params

B, T, N, M, D = 2, 3, 5, 4, 12


def tokens() -> tuple[Tensor, Tensor]:
    torch.manual_seed(2)
    return torch.randn(B * T, N, D), torch.randn(B, M, D)


def opened(fusion: Any) -> Any:
    """With gates of their own on both sides."""
    torch.nn.init.constant_(fusion.vision_gate, 0.7)
    torch.nn.init.constant_(fusion.audio_gate, -0.4)
    return fusion.eval()


def test_the_bottleneck_adds_what_the_other_modality_says_on_average() -> None:
    torch.manual_seed(1)
    fusion, (v, a) = opened(FusionBottleneck(D, 6)), tokens()
    with torch.no_grad():
        new_v, new_a = fusion(v, a, T)
        low_v, low_a = fusion.vision_down(v), fusion.audio_down(a)
        for b in range(B):
            own = range(b * T, (b + 1) * T)
            mean_v, mean_a = low_v[own].mean((0, 1)), low_a[b].mean(0)
            for frame in own:
                added = F.gelu(fusion.vision_up(low_v[frame] + mean_a))
                expected = v[frame] + torch.tanh(torch.tensor(0.7)) * added
                torch.testing.assert_close(new_v[frame], expected)
            added = F.gelu(fusion.audio_up(low_a[b] + mean_v))
            torch.testing.assert_close(new_a[b], a[b] + torch.tanh(torch.tensor(-0.4)) * added)


def test_gated_means() -> None:
    fusion, (v, a) = opened(GatedMean()), tokens()
    with torch.no_grad():
        new_v, new_a = fusion(v, a, T)
    gates = torch.tanh(torch.tensor([0.7, -0.4]))
    for b in range(B):
        own = slice(b * T, (b + 1) * T)
        torch.testing.assert_close(new_v[own], v[own] + gates[0] * a[b].mean(0))
        torch.testing.assert_close(new_a[b], a[b] + gates[1] * v[own].mean((0, 1)))


KINDS: list[dict[str, Any]] = [
    {"fusion": "fb"}, {"fusion": "add"}, {"fusion": "mult"}, {"fusion": "mult_concat"},
    {"fusion": "ita"}, {"fusion": "ita", "ita_dim": 16},
]  # fmt: skip


@pytest.mark.parametrize("given", KINDS, ids=str)
def test_a_clip_hears_its_own_audio_and_sees_its_own_frames(given: dict[str, Any]) -> None:
    torch.manual_seed(1)
    fusion, (v, a) = opened(make_fusion(params(frames=T, **given), D, last=False)), tokens()
    with torch.no_grad():
        whole = fusion(v.clone(), a.clone(), T)
        for b in range(B):
            own = slice(b * T, (b + 1) * T)
            alone = fusion(v[own].clone(), a[b : b + 1].clone(), T)
            torch.testing.assert_close(whole[0][own], alone[0])
            torch.testing.assert_close(whole[1][b : b + 1], alone[1])
        louder = a.clone()
        louder[1] += torch.randn(M, D)
        changed = fusion(v.clone(), louder, T)
        assert torch.equal(changed[0][:T], whole[0][:T])
        assert not torch.allclose(changed[0][T:], whole[0][T:], atol=1e-4)
        brighter = v.clone()
        brighter[-1] += torch.randn(N, D)
        assert not torch.allclose(fusion(brighter, a, T)[1][1], whole[1][1], atol=1e-4)


@pytest.mark.parametrize("given", [KINDS[0], *KINDS[4:]], ids=str)
def test_the_last_bottleneck_computes_class_tokens_alone(given: dict[str, Any]) -> None:
    torch.manual_seed(1)
    usual = opened(make_fusion(params(frames=T, **given), D, last=False))
    last = make_fusion(params(frames=T, **given), D, last=True)
    last.load_state_dict(usual.state_dict())
    v, a = tokens()
    with torch.no_grad():
        full, short = usual(v.clone(), a.clone(), T), last(v.clone(), a.clone(), T)
    for whole, cls in zip(full, short, strict=True):
        assert cls.shape[1] == 1
        torch.testing.assert_close(cls, whole[:, :1])


@pytest.mark.parametrize("given", KINDS[4:], ids=str)
def test_temporal_attention_lets_frames_meet(given: dict[str, Any]) -> None:
    torch.manual_seed(1)
    fusion, (v, a) = opened(make_fusion(params(frames=T, **given), D, last=False)), tokens()
    other = v.clone()
    other[2, 0] += 1.0  # the class token of the first clip's last frame
    weights = fusion.state_dict()
    plain = opened(FusionBottleneck(D, 8))
    plain.load_state_dict({k: w for k, w in weights.items() if k.split(".")[0] not in (
        "temporal", "around")})
    with torch.no_grad():
        # Other tokens are those of the plain bottleneck; the class token is not.
        new, bare = fusion(v.clone(), a, T)[0], plain(v.clone(), a, T)[0]
        torch.testing.assert_close(new[:, 1:], bare[:, 1:])
        assert not torch.allclose(new[:, 0], bare[:, 0], atol=1e-4)
        # Beyond what the audio's mean does, class tokens of other frames move each other.
        moved = fusion(other.clone(), a, T)[0][0, 0] - new[0, 0]
        unmoved = plain(other.clone(), a, T)[0][0, 0] - bare[0, 0]
    torch.testing.assert_close(unmoved, torch.zeros(D), atol=1e-6, rtol=0)
    assert float(moved.abs().max()) > 1e-6


def test_prompts_are_added_behind_their_blocks_to_their_tokens() -> None:
    shape = EncoderShape(width=D, depth=6, heads=2, patch=8)
    encoder = MAEEncoder(shape, (16, 16), 3, tokens=6, updates=3, spread=0.5)
    x = torch.zeros(2, 5 + 6, D)
    added = []
    with torch.no_grad():
        for i in range(6):
            after = encoder.update(i, x.clone())
            added.append(after[0])
    for i in (1, 3, 5):
        assert not added[i].any()
    for j, i in enumerate((0, 2, 4)):
        expected = torch.zeros(11, D)
        expected[5 + 2 * j : 7 + 2 * j] = encoder.progressive[j]
        torch.testing.assert_close(added[i], expected)
    single = MAEEncoder(EncoderShape(D, 1, 2, 8), (16, 16), 3, tokens=2, updates=1)
    assert not single.update(0, torch.zeros(1, 7, D)).any()  # behind the last block


def test_tokens_are_class_patches_prompts_with_positions() -> None:
    torch.manual_seed(0)
    shape = EncoderShape(width=64, depth=2, heads=2, patch=8)
    encoder = MAEEncoder(shape, (16, 24), 1, tokens=40, updates=0, spread=0.5, drop_path=0.4)
    positions, prompts = encoder.pos_embed.detach(), encoder.prompts.detach()
    assert float(positions[:, 7:].std()) == pytest.approx(0.5, rel=0.1)
    assert float(positions[:, :7].std()) == pytest.approx(0.02, rel=0.3)
    assert float(prompts.std()) == pytest.approx(64**-0.5, rel=0.1)
    images = torch.randn(3, 1, 16, 24)
    with torch.no_grad():
        found = encoder.embed(images) - encoder.pos_embed
        torch.testing.assert_close(found[:, 1:7], encoder.patch_embed(images))
        torch.testing.assert_close(found[2, 7:], encoder.prompts.data)
        torch.testing.assert_close(found[1, :1], encoder.cls_token[0].data, atol=1e-6, rtol=0)
    rates = [block.drop_path1.drop_prob for block in encoder.blocks[1:]]
    assert rates == [0.4]
    assert isinstance(encoder.blocks[0].drop_path1, torch.nn.Identity)


@pytest.mark.parametrize("mtt", ["on", "off"])
def test_frames_and_audio_are_summed_before_the_joint_projection(mtt: str) -> None:
    torch.manual_seed(0)
    model = MMADFER(params(fusion="none", prompts="none", mtt=mtt), len(CLASSES)).eval()
    frames, audio = torch.rand(2, 2, 3, 16, 16), torch.randn(2, 1, 32, 64)
    with torch.no_grad():
        z = model.joint_sequence(frames, audio)
        heard = model.audio.encode(audio)
        for t in range(2):
            expected = model.joint(model.vision.encode(frames[:, t]) + heard)
            torch.testing.assert_close(z[:, t], expected)
        expected = model.temporal(z) if model.temporal is not None else z.mean(1)
        assert (model.temporal is None) == (mtt == "off")
        torch.testing.assert_close(model.features(frames, audio), expected)
        torch.testing.assert_close(model(frames, audio), model.classifier(expected))
