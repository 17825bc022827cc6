"""CoOp and CoCoOp: where the context stands, what it starts from, and fixed views."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.api import UsageError
from irfer_bench.testing.memory import MemoryContext
from irfer_clip import frozen_tower
from irfer_clip.backbone import load_backbone
from irfer_clip.prompting import encode_text, place_context, trim
from tests.irfer_clip.small import TEST, context, data, make, run
from tests.irfer_clip.tiny import CLASSES


@pytest.mark.parametrize(
    ("position", "expected"),
    [("end", "S123ab.E--"), ("middle", "S1ab23.E--"), ("front", "Sab123.E--")],
)
def test_the_context_stands_where_it_was_asked_to(position: Any, expected: str) -> None:
    """A sequence of numbered tokens: three learned ones, a name of two, a full stop."""
    given = torch.tensor([[ord(c) for c in "SXXXab.E--"]]).float()[..., None]
    ctx = torch.tensor([ord(c) for c in "123"]).float()[:, None]
    got = place_context(given, ctx, [2], position)
    assert "".join(chr(int(c)) for c in got[0, :, 0]) == expected
    per_image = place_context(given, torch.stack([ctx, ctx + 3])[:, None], [2], position)
    assert per_image.shape == (2, 1, 10, 1)
    assert torch.equal(per_image[0], got)


def test_without_training_words_give_the_unprompted_sentence(folder: Path) -> None:
    """One token per word: a context that starts from the words is the sentence itself."""
    backbone = load_backbone("tiny.safetensors", "", MemoryContext(weights=folder))
    method, ctx = make("coop", ctx_init="a a", epochs=1), context("coop", folder)
    method.fit(data(), ctx)
    ids = backbone.tokenize([f"a a {name}." for name in CLASSES])
    plain = torch.nn.functional.normalize(encode_text(backbone.clip, trim(ids)), dim=-1)
    _, model, texts = method._restored(ctx)
    assert model.ctx.shape == (2, 16)
    assert torch.allclose(texts, plain, atol=1e-3)  # a warm-up at rate 1e-5


SWITCHES: list[dict[str, Any]] = [
    {"position": "middle"}, {"position": "front"}, {"csc": True}, {"ctx_init": "a a a"},
    {"n_ctx": 2}, {"views": 1}, {"views": 3}, {"transforms": "face"},
]  # fmt: skip


@pytest.mark.parametrize("switch", SWITCHES, ids=str)
def test_every_switch_changes_the_scores(folder: Path, switch: dict[str, Any]) -> None:
    _, usual = run("coop", folder, data(), lr=0.1)
    _, other = run("coop", folder, data(), lr=0.1, **switch)
    assert not np.allclose(usual, other, atol=1e-6)


@pytest.mark.parametrize("name", ["coop", "cocoop"])
def test_it_learns_from_fixed_views_without_encoding_them_again(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen_tower, "encode_image", lambda *_: pytest.fail("encoded again"))
    truth = [CLASSES.index(label or "") for label in TEST.labels]
    _, before = run(name, folder, data(), views=1, epochs=1, lr=1e-9)
    _, scores = run(name, folder, data(), views=1, epochs=20, lr=1.0, csc=True) if (
        name == "coop") else run(name, folder, data(), views=1, epochs=20, lr=0.3)
    learnt, chance = ((s.argmax(axis=1) == truth).mean() for s in (scores, before))
    assert learnt >= max(0.6, chance + 0.2)


def test_adamw_learns_at_a_rate_at_which_sgd_stands_still(folder: Path) -> None:
    losses = {}
    for optimizer in ("sgd", "adamw"):
        method, ctx = make("coop", epochs=8, lr=0.02, optimizer=optimizer), context("coop", folder)
        method.fit(data(), ctx)
        losses[optimizer] = float(ctx.reports["final_loss"])
    assert losses["adamw"] < losses["sgd"] - 0.05


def test_the_context_of_cocoop_moves_with_the_image(folder: Path) -> None:
    method, ctx = make("cocoop"), context("cocoop", folder)
    method.fit(data(), ctx)
    backbone, model, ids = method._restored(ctx)
    x = torch.nn.functional.normalize(torch.randn(2, 16), dim=-1)
    texts = model.texts(backbone.clip, ids, x, [0] * len(ids))
    assert texts.shape == (2, 3, 16)
    assert not torch.allclose(texts[0], texts[1], atol=1e-5)
    alone = model.texts(backbone.clip, ids, x[1:], [0] * len(ids))
    assert torch.allclose(alone[0], texts[1], atol=1e-5)


def test_a_context_that_leaves_no_room_for_the_name_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"has \d+ tokens, the backbone takes 130"):
        run("coop", folder, data(), n_ctx=64, ctx_init=" ".join(["anger"] * 40))
