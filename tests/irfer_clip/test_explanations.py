"""What CLIP recognizers tell of themselves: words near their vectors, chosen patches, features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.api import BASIC, State
from irfer_bench.testing.faces import TEST, make_clip
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_clip.backbone import load_backbone
from irfer_clip.clip_zero_shot import ClipZeroShot
from irfer_clip.clip_zero_shot_params import ClipZeroShotParams
from irfer_clip.coop import Coop
from irfer_clip.coop_params import CoopParams
from irfer_clip.mpa_fer import MpaFer
from irfer_clip.mpa_fer_params import MpaFerParams
from irfer_clip.prompting import normalize
from irfer_clip.prompts import word_vectors

SIDE = 6
"""The mini tower has 6 x 6 patches."""


def test_a_vector_that_is_a_word_has_it_as_its_nearest() -> None:
    ctx = MemoryContext()
    backbone = load_backbone("mini", "", ctx)
    recognizer = Coop(CoopParams(backbone="mini", n_ctx=2, ctx_init=""))
    words = word_vectors(backbone, "eyes narrowed", 2)
    moved = words + 1e-4
    recognizer.restore(State({"ctx": moved.numpy()}, {"classes": list(BASIC)}))
    first, second = recognizer.explain_words(ctx)
    assert (first.name, second.name) == ("V1", "V2")
    assert (first.words[0][0], second.words[0][0]) == ("eyes", "narrowed")
    assert first.words[0][1] == pytest.approx(1e-4 * moved.shape[1] ** 0.5, rel=0.05)
    table = backbone.clip.token_embedding.weight
    expected = (table - moved[0]).norm(dim=1).sort().values[:5]
    assert [far for _, far in first.words] == pytest.approx(expected.tolist(), abs=1e-3)


def mpa_fer(**given: Any) -> MpaFer:
    """With untrained prompts of a fixed seed."""
    recognizer = MpaFer(MpaFerParams(backbone="mini", **given))
    backbone = load_backbone("mini", "", MemoryContext())
    torch.manual_seed(0)
    model = recognizer.build(backbone.clip, len(BASIC))
    tensors = {name: value.numpy() for name, value in model.state_dict().items()}
    recognizer.restore(State(tensors, {"classes": list(BASIC)}))
    return recognizer


def test_mpa_fer_tells_the_patches_of_its_local_similarity() -> None:
    ctx, recognizer = MemoryContext(), mpa_fer(topk=4)
    clip = make_clip(TEST[0], BASIC[3], "nir", frames=3)
    (told,) = recognizer.explain(clip, ctx)
    predicted = int(recognizer.predict(ClipList([make_still(clip, 1)]), ctx)[0].argmax())
    assert told.frame == 1
    assert told.name.endswith(f"for {BASIC[predicted]}")
    boxes = np.asarray(told.boxes) * SIDE
    assert boxes.shape == (4, 4)
    np.testing.assert_allclose(boxes, boxes.round())
    np.testing.assert_allclose(boxes[:, 2:] - boxes[:, :2], 1)
    backbone, model, o = recognizer._restored(ctx)
    from irfer_bench.nn.frames import Frame

    image = recognizer.view(backbone).evaluate([Frame(clip.frames[1], "nir")])
    with torch.no_grad():
        patches = model.images(backbone.clip, image, True)[1]
    assert patches is not None
    cosines = (normalize(patches[0]) @ o[predicted]).reshape(SIDE, SIDE)
    chosen = [float(cosines[int(top), int(left)]) for left, top, _, _ in boxes]
    assert chosen == pytest.approx(told.weights.tolist(), abs=1e-4)
    assert sorted(chosen) == pytest.approx(cosines.ravel().sort().values[-4:].tolist(), abs=1e-4)


def make_still(clip: Any, frame: int) -> Any:
    from dataclasses import replace

    return replace(clip, frames=clip.frames[frame : frame + 1].copy(), landmarks=None)


def test_without_local_similarity_there_are_no_patches() -> None:
    clip = make_clip(TEST[0], BASIC[3], "nir")
    assert mpa_fer(align="global").explain(clip, MemoryContext()) == ()


def test_plain_features_are_those_of_the_frozen_tower() -> None:
    ctx = MemoryContext()
    clips = ClipList([make_clip(TEST[0], BASIC[0], "nir", frames=2),
                      make_clip(TEST[1], BASIC[1], "vis")])  # fmt: skip
    zero = ClipZeroShot(ClipZeroShotParams(backbone="mini"))
    zero.restore(State({}, {"classes": list(BASIC)}))
    expected = zero.embed(clips, ctx)
    np.testing.assert_allclose(mpa_fer().embed_plain(clips, ctx), expected, atol=1e-6)
    assert not np.allclose(mpa_fer().embed(clips, ctx), expected, atol=1e-3)
