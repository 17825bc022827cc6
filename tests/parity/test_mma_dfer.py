"""MMA-DFER against official code: every block, the joint sequence, logits, loss and gradients."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from irfer_dynamic.encoder_params import EncoderPair, EncoderShape
from irfer_dynamic.mae_encoder import resize_positions
from irfer_dynamic.mma_dfer_model import MMADFER, from_published
from irfer_dynamic.mma_dfer_params import MMADFERParams
from tests.parity.clip_fixtures import tensors_of
from tests.parity.fixtures import error, fixtures

LOGITS, GRADS = 1e-5, 2e-5
CASES = fixtures("recognizers", "mma_dfer")


@pytest.mark.parametrize("path", CASES)
def test_logits_loss_and_gradients(path: Path) -> None:
    t, metadata = tensors_of(path)
    model = _model(t, metadata)
    seen: dict[str, Tensor] = {}
    blocks = {key for key in t if "_after_block." in key}
    for name, encoder in (("image", model.vision), ("audio", model.audio)):
        for i, following in enumerate(encoder.blocks[1:]):
            key = f"output.{name}_after_block.{i}"
            following.register_forward_pre_hook(
                lambda _, given, key=key: seen.update({key: given[0].detach().clone()})  # type: ignore[misc]
            )
        # The public code's last output is the normalised class token.
        last = f"output.{name}_after_block.{len(encoder.blocks) - 1}"
        encoder.norm.register_forward_hook(
            lambda _, given, made, key=last: seen.update({key: made.detach().clone()})  # type: ignore[misc]
        )
    frames, audio = t["input.image"], t["input.audio_fbank"]
    z = model.joint_sequence(frames, audio)
    assert blocks
    for key in sorted(blocks):
        assert error(seen[key], t[key]) < LOGITS, key
    assert error(z, t["output.joint_sequence"]) < LOGITS
    assert error(model.features(frames, audio), t["output.video_features"]) < LOGITS
    logits = model(frames, audio)
    assert error(logits, t["output.logits"]) < LOGITS
    loss = F.cross_entropy(logits, t["input.label"])
    assert error(loss, t["output.loss"]) < LOGITS
    loss.backward()  # type: ignore[no-untyped-call]
    depth = len(model.vision.blocks)
    official = {key.removeprefix("grad."): x for key, x in t.items() if key.startswith("grad.")}
    expected = from_published(official, depth)
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    assert trained.keys() == expected.keys()
    for name, parameter in trained.items():
        assert error(parameter.grad, expected[name]) < GRADS, name


@pytest.mark.parametrize("path", CASES)
def test_what_is_trained_is_what_the_public_code_trains(path: Path) -> None:
    t, metadata = tensors_of(path)
    model = _model(t, metadata)
    names = {name: torch.zeros(0) for name in json.loads(metadata["trainable"])}
    expected = from_published(names, len(model.vision.blocks))
    assert {n for n, p in model.named_parameters() if p.requires_grad} == expected.keys()


@pytest.mark.parametrize("path", CASES)
def test_positions_of_another_grid(path: Path) -> None:
    t, metadata = tensors_of(path)
    c = json.loads(metadata["config"])
    p = c["p"]
    for name, old, new in (
        ("image", (c["img0"] // p, c["img0"] // p), (c["img"] // p, c["img"] // p)),
        ("audio", (c["at0"] // p, c["af"] // p), (c["at"] // p, c["af"] // p)),
    ):
        made = resize_positions(t[f"posembed.{name}_ckpt"], old, new)
        assert error(made, t[f"posembed.{name}_interp_first_tokens"]) < LOGITS


def _model(t: dict[str, Tensor], metadata: dict[str, str]) -> MMADFER:
    """Every size from the file."""
    c = json.loads(metadata["config"])
    state = {k.removeprefix("state_dict."): x for k, x in t.items() if k.startswith("state_dict.")}
    depth = 1 + max(int(k.split(".")[2]) for k in state if k.startswith("image_encoder.blocks."))
    updates = sum(k.startswith("image_encoder.learnable_prompts_progr.") for k in state)
    layers = {k.split(".")[3] for k in state if k.startswith("temporal_net.temporal_transformer")}
    params = MMADFERParams(
        frames=c["t"], latent=c["ld"], updates=updates, update_tokens=c["np"],
        temporal_width=c["td"], temporal_depth=len(layers), temporal_heads=c["th"],
        temporal_head=c["tdh"], temporal_hidden=c["tm"],
    )  # fmt: skip
    shape = EncoderShape(c["d"], depth, c["h"], c["p"])
    model = MMADFER(params, c["C"], EncoderPair(shape, c["img"], c["at"], c["af"]))
    model.load_state_dict(from_published(state, depth), strict=True)
    return model.eval()
