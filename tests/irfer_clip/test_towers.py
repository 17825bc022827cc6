"""Methods on a CLIP whose towers differ from each other in every size, as those of ViT-L/14 do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from open_clip.model import CLIP

from irfer_bench.api import UsageError
from irfer_clip.pda_model import PdaLayout, PdaModel
from irfer_clip.prompts import prompt_depths
from tests.irfer_clip import tiny
from tests.irfer_clip.small import PROMPTED, TEST, make, recorded

UNEQUAL: dict[str, Any] = {
    "embed_dim": 12,
    "quick_gelu": True,
    "vision_cfg": {"image_size": 16, "patch_size": 8, "width": 24, "layers": 3, "head_width": 12},
    "text_cfg": {"context_length": 130, "vocab_size": 517, "width": 20, "heads": 2, "layers": 5},
}


@pytest.fixture(scope="module")
def unequal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with that CLIP's checkpoint."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiny, "ARCHITECTURE", UNEQUAL)
        folder = tmp_path_factory.mktemp("unequal")
        tiny.write_tiny(folder)
    return folder


@pytest.mark.parametrize("name", PROMPTED)
def test_prompts_are_as_wide_as_the_tower_that_reads_them(
    name: str, unequal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, method, ctx = recorded(name, unequal, monkeypatch)
    scores, features = method.predict_and_embed(TEST, ctx)
    assert np.isfinite(scores).all()
    assert (scores.shape, features.shape) == ((9, 3), (9, 12))
    shapes = {key: value.shape for key, value in method.state().tensors.items()}
    known = {
        "coop": {"ctx": (4, 20)},
        "cocoop": {"ctx": (2, 20), "meta_net.0.weight": (1, 12), "meta_net.0.bias": (1,),
                   "meta_net.2.weight": (20, 1), "meta_net.2.bias": (20,)},
        "vpt": {"prompts.0": (2, 24), "prompts.1": (2, 24)},
    }  # fmt: skip
    assert shapes == known.get(name, shapes)


@pytest.mark.parametrize(
    ("name", "fits", "refused", "said"),
    [
        ("vpt", {"depth": 3}, {"depth": 4}, "vpt.depth = 4, but the image tower has 3 layers"),
        ("maple", {"J": 3}, {"J": 4}, "has 3 visual and 5 text layers"),
        ("ivlp", {"depth_text": 5, "depth_visual": 3}, {"depth_text": 6},
         "ivlp.depth_text = 6, but that tower has 5 layers"),
        ("ivlp", {"depth_visual": 3}, {"depth_visual": 4},
         "ivlp.depth_visual = 4, but that tower has 3 layers"),
    ],
)  # fmt: skip
def test_every_layer_of_a_tower_may_be_prompted_and_no_more(
    name: str, fits: dict[str, int], refused: dict[str, int], said: str
) -> None:
    with torch.device("meta"):
        clip = CLIP(**UNEQUAL)
    made = make(name, **fits).build(clip, 3)
    assert len(list(made.parameters())) >= max(fits.values())
    with pytest.raises(UsageError, match=said) as caught:
        make(name, **refused).build(clip, 3)
    assert f"use at most {max(refused.values()) - 1}" in caught.value.hint


@pytest.mark.parametrize(("name", "given"), [
    ("coop", {}), ("coop", {"csc": True}), ("cocoop", {}), ("maple", {"k": 2}), ("ivlp", {"k": 2})])
def test_a_context_starts_from_the_words_that_it_is_given(
    name: str, given: dict[str, Any], unequal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, method, ctx = recorded(name, unequal, monkeypatch, ctx_init="a b", **given)
    backbone, model, _ = method._restored(ctx)
    tokens = backbone.tokenizer.encode("a b")
    words = backbone.clip.token_embedding(torch.tensor(tokens)).detach()
    assert len(tokens) == 2
    assert not torch.equal(words[0], words[1])
    found = method.contexts(model)
    assert len(found) == (3 if "csc" in given else 1)
    for context in found.values():
        torch.testing.assert_close(context.detach(), words)


@pytest.mark.parametrize(
    ("share", "deep", "maps", "free", "texts"),
    [((0, 6), None, 7, 5, 11), ((1, 6), None, 6, 5, 11), (None, None, 11, 11, 11),
     ((1, 4), (1, 8), 4, 4, 8), ((0, 0), None, 1, 11, 11)],
)  # fmt: skip
def test_pda_couples_some_layers_and_leaves_the_later_ones_free(
    share: tuple[int, int] | None, deep: tuple[int, int] | None, maps: int, free: int, texts: int
) -> None:
    """Of twelve, as in its public code: by default those up to the seventh, five are free."""
    twelve = {key: value | {"layers": 12} if key.endswith("cfg") else value
              for key, value in UNEQUAL.items()}
    with torch.device("meta"):
        made = PdaModel(CLIP(**twelve), 3, PdaLayout(tokens=2, share=share, deep_layers=deep))
    assert len(made.deep_prompt_proj) == maps
    assert made.deep_vctx is not None
    assert made.deep_ctx is not None
    assert made.deep_vctx.shape == (free, 2, 24)
    assert made.deep_ctx.shape == (texts, 2, 20)
    assert (made.proj is None) == (made.vctx is not None) == (share is None or share[0] == 1)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [((12, 12), (12, 7, 12)), ((6, 12), (12, 4, 6)), ((24, 12), (12, 12, 24)), ((7, 3), (3, 3, 7))],
)
def test_pda_couples_the_first_seven_twelfths_of_the_image_tower(
    layers: tuple[int, int], expected: tuple[int, int, int]
) -> None:
    """Text depth, coupled depth and visual depth; no more are coupled than both towers have."""
    assert prompt_depths(J=1, mixed=True, layers=layers) == expected
