"""What prompt methods read of videos: the next batch while one computes, and nothing twice."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irfer_bench.api import Clips
from irfer_bench.testing.memory import ClipList
from irfer_clip import prompt_classifier
from tests.decoded_frames import Decoded, Waiting, store_jpegs
from tests.irfer_clip.small import NONE, PROMPTED, announced, context, data, make
from tests.irfer_clip.tiny import clips, training

CLIPS, FRAMES, BATCH, EPOCHS = 6, 4, 6, 2


@pytest.fixture
def stored(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    """Each frame of one grey: a file is kept only where it is smaller than its pixels."""
    grey = np.arange(0, 10 * FRAMES, 10, dtype=np.uint8)[:, None, None, None]
    facts: dict[str, Any] = {"positions": tuple(range(FRAMES)), "length": FRAMES}
    made = (
        replace(clip, frames=np.tile(grey + 20 * k, (1, 32, 32, 3)), **facts)
        for k, clip in enumerate(clips(CLIPS, seed=1))
    )
    return store_jpegs(tmp_path_factory.mktemp("stored"), made)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Decoded:
    return Decoded.watch(monkeypatch)


@pytest.mark.parametrize("name", ["coop", "maple", "vpt"])
def test_the_next_batch_is_read_while_one_computes(
    name: str, folder: Path, stored: Any, decoded: Decoded
) -> None:
    """Methods that read no frame beside their batches, so that every decoded one is counted."""
    ctx = Waiting(decoded, BATCH, seed=3, weights=folder, owners=announced(name).parts)
    make(name, batch=BATCH, epochs=EPOCHS).fit(training(NONE, stored), ctx)
    frames = EPOCHS * CLIPS * FRAMES
    assert ctx.ready == [True] * (frames // BATCH - 1)
    assert len(decoded.frames) == frames
    assert threading.current_thread().name not in decoded.threads


def test_fixed_views_are_read_once_before_the_first_step(
    folder: Path, stored: Any, decoded: Decoded
) -> None:
    make("coop", batch=BATCH, epochs=EPOCHS, views=1).fit(
        training(NONE, stored), context("coop", folder))
    assert len(decoded.frames) == len(set(decoded.frames)) == CLIPS * FRAMES
    assert decoded.threads == {threading.current_thread().name}


@pytest.mark.parametrize("name", PROMPTED)
def test_reading_ahead_changes_no_number(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = data(clips(18, seed=1, frames=2), ClipList(clips(6, seed=2, spectrum="nir")))

    def weights() -> dict[str, Any]:
        method = make(name)
        method.fit(given, context(name, folder))
        return dict(method.state().tensors)

    with_thread = weights()
    monkeypatch.setattr(prompt_classifier, "AHEAD", 0)
    assert with_thread
    for key, value in weights().items():
        np.testing.assert_array_equal(value, with_thread[key])
