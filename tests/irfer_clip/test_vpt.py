"""VPT: it learns, from either domain; its prompts alone are trained and kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from irfer_bench.api import ContractError, UsageError
from tests.irfer_clip.small import NONE, SOURCE, TARGET, TEST, context, data, make, run
from tests.irfer_clip.tiny import CLASSES, relabelled

LEARNING = {"epochs": 20, "lr": 0.1, "transforms": "face", "depth": 3, "n": 4}


@pytest.mark.parametrize("side", ["both", "source", "target"])
def test_it_learns_from_either_domain(side: str, folder: Path) -> None:
    given = data(
        source=NONE if side == "target" else SOURCE, target=NONE if side == "source" else TARGET)
    _, scores = run("vpt", folder, given, **LEARNING)
    _, before = run("vpt", folder, given, epochs=1, lr=1e-9)
    truth = [CLASSES.index(label or "") for label in TEST.labels]
    learnt, chance = ((s.argmax(axis=1) == truth).mean() for s in (scores, before))
    assert learnt >= max(0.6, chance + 0.2)


def test_only_the_prompts_are_trained_and_kept(folder: Path) -> None:
    method, ctx = make("vpt"), context("vpt", folder)
    method.fit(data(), ctx)
    assert {k: v.shape for k, v in method.state().tensors.items()} == {
        "prompts.0": (2, 24), "prompts.1": (2, 24)}
    assert ctx.reports["trained_parameters"] == 2 * 2 * 24
    other = make("vpt")
    other.restore(method.state())
    assert np.array_equal(other.predict(TEST, ctx), method.predict(TEST, ctx))


def test_the_sentences_matter_and_stay_fixed(folder: Path) -> None:
    _, single = run("vpt", folder, data())
    _, face = run("vpt", folder, data(), template="face")
    assert not np.allclose(single, face, atol=1e-4)


def test_more_layers_than_the_tower_has_are_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"vpt\.depth = 4"):
        run("vpt", folder, data(), depth=4)


def test_a_clip_without_a_label_is_refused(folder: Path) -> None:
    with pytest.raises(ContractError, match="no label"):
        run("vpt", folder, data(source=relabelled(SOURCE, None)))
