"""The mini masked autoencoders: their maths."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from irfer_synth import pretrain_mae
from irfer_synth.mae import AUDIO, FACE, MaskedAutoencoder, attend_locally, place

TINY = {"size": (32, 32), "masked": 0.75, "width": 16, "depth": 2, "decoder_width": 16}


def tiny(**given: object) -> MaskedAutoencoder:
    torch.manual_seed(0)
    return MaskedAutoencoder(replace(FACE, **(TINY | given)))  # type: ignore[arg-type]


def test_patches_are_the_image_cut_in_reading_order() -> None:
    x = torch.randn(2, 3, 32, 32)
    patches = tiny().patches(x)
    assert patches.shape == (2, 16, 192)
    third = x[:, :, 0:8, 16:24].permute(0, 2, 3, 1).flatten(1)
    assert torch.equal(patches[:, 2], third)


def test_the_encoder_sees_a_quarter_and_nothing_of_the_rest() -> None:
    model, x = tiny().eval(), torch.randn(1, 3, 32, 32)
    seen = torch.tensor([[0, 5, 9, 15]])
    changed = x.clone()
    changed[:, :, 0:8, 8:16] = 7.0
    assert model.encode(x, seen).shape == (1, 5, 16)
    assert torch.equal(model.encode(x, seen), model.encode(changed, seen))
    assert not torch.equal(model.encode(x), model.encode(changed))


def test_the_loss_is_of_normalised_pixels_of_hidden_patches() -> None:
    """Against the equation, patch by patch."""
    model, x = tiny().eval(), torch.randn(3, 3, 32, 32)
    found = model(x, torch.Generator().manual_seed(4))
    order = torch.rand(3, 16, generator=torch.Generator().manual_seed(4)).argsort(dim=1)
    predicted = model.decode(model.encode(x, order[:, :4]), order)
    losses = []
    for n in range(3):
        for p in order[n, 4:].tolist():
            pixels = model.patches(x)[n, p]
            target = (pixels - pixels.mean()) / (pixels.var() + 1e-6).sqrt()
            losses.append((predicted[n, p] - target).square().mean())
    assert len(losses) == 3 * 12
    assert torch.allclose(found, torch.stack(losses).mean(), atol=1e-5)


def test_predictions_come_back_in_reading_order() -> None:
    """Which patches are seen is shuffled; where they lie is not."""
    model, x = tiny().eval(), torch.randn(1, 3, 32, 32)
    order = torch.arange(16)[None]
    other = torch.cat([torch.tensor([[3, 1, 0, 2]]), order[:, 4:].flip(1)], dim=1)
    one = model.decode(model.encode(x, order[:, :4]), order)
    two = model.decode(model.encode(x, other[:, :4]), other)
    assert torch.allclose(one, two, atol=1e-5)


@pytest.mark.parametrize("shifted", [False, True])
def test_local_attention_reaches_its_window_alone(shifted: bool) -> None:
    block = tiny().decoder_blocks[0].eval()
    tokens = torch.randn(1, 12 * 8, 16)
    changed = tokens.clone()
    changed[0, 5 * 8 + 1] += 1.0
    moved = attend_locally(block, changed, (12, 8), shifted=shifted) != attend_locally(
        block, tokens, (12, 8), shifted=shifted)
    rows, columns = torch.where(moved.any(-1)[0].view(12, 8))
    first = 2 if shifted else 4
    assert (rows.min(), rows.max()) == (first, first + 3)
    assert (columns.min(), columns.max()) == (0, 3)


def test_positions_are_those_of_the_grid() -> None:
    """Sines of the column first; the class token has none."""
    waves = place((4, 8), 16)[0]
    assert waves.shape == (33, 16)
    assert not waves[0].any()
    assert waves[1 + 2 * 8 + 3, 0] == pytest.approx(torch.tensor(3.0).sin().item())
    assert waves[1 + 2 * 8 + 3, 8] == pytest.approx(torch.tensor(2.0).sin().item())


@pytest.mark.slow
def test_a_few_steps_learn_something() -> None:
    torch.manual_seed(0)
    wave = (torch.arange(32).float() / 3).sin().expand(16, 1, 32, 32)
    x = wave + 0.1 * torch.randn(wave.shape)
    for local in (False, True):
        model = tiny(channels=1, local=local)
        optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
        losses = []
        for _ in range(60):
            loss = model(x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert sum(losses[-5:]) < 0.7 * sum(losses[:5]), local


def test_drawn_voices_and_faces_are_of_other_people_and_one_shape() -> None:
    voices = pretrain_mae.draw_voices(range(3, 4), ("anger", "sadness"))
    assert voices.shape == (2, 1, *AUDIO.size) and torch.isfinite(voices).all()
    faces = pretrain_mae.draw_faces(range(3, 4), ("anger", "sadness"))
    assert faces.shape == (2, 3, *FACE.size)
    views = pretrain_mae.augment_faces(faces), pretrain_mae.augment_voices(voices)
    assert [v.shape for v in views] == [faces.shape, voices.shape]
