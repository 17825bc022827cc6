"""The benchmark is as hard as its page says, for a recognizer outside the suite."""

from __future__ import annotations

import numpy as np
import pytest

from irfer_bench.api import BASIC, CLASSES
from irfer_synth import clip_difficulty
from irfer_synth.difficulty import learn_gradients, measure, measure_images


@pytest.mark.slow
def test_difficulty_is_the_documented_one():
    found = measure(learn_gradients, folds=2)
    assert 0.83 <= found.nir_to_nir <= 0.97
    assert found.gap >= 0.25
    assert found.neighbour_share > 0.5
    assert found.vis_to_vis > 0.8
    pairs = found.confusion[[0, 1, 2, 5], [1, 0, 5, 2]]
    assert (pairs > 0).all(), "both pairs are confused both ways"
    assert np.trace(found.confusion) / found.confusion.sum() == pytest.approx(found.nir_to_nir)


def test_the_mean_image_is_no_solution_and_identity_a_poor_one():
    identity, mean = measure_images()
    assert identity < 12
    assert 18 < mean < 22


@pytest.mark.slow
@pytest.mark.parametrize(
    ("people", "labels", "draw", "face", "voice", "gain"),
    [
        (clip_difficulty.CLIPS, BASIC, clip_difficulty.draw_voice, (0.62, 0.78), (0.75, 0.9), 0.04),
        (clip_difficulty.RECORDINGS, CLASSES[:7], clip_difficulty.draw_recording,
         (0.54, 0.72), (0.54, 0.72), 0.1),
        (clip_difficulty.RECORDINGS, CLASSES, clip_difficulty.draw_recording,
         (0.32, 0.5), (0.35, 0.53), 0.1),
    ],
    ids=["clips", "av7", "av11"],
)
def test_neither_face_nor_voice_suffices(people, labels, draw, face, voice, gain):
    found = clip_difficulty.measure(people[::2], labels, draw)
    assert face[0] <= found.face <= face[1]
    assert voice[0] <= found.voice <= voice[1]
    assert found.both > max(found.face, found.voice) + gain
