"""Flicker of translated videos is measured beside their source."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from irfer_bench.api import Clip
from irfer_bench.engine.stages.frame_change import frame_change
from irfer_bench.testing.memory import ClipList
from irfer_translators.diffusion.nfer_sde_translator import NferSde
from tests.irfer_translators.translations import fitted, frames


def video(moving: NDArray[Any], name: str = "v1") -> Clip:
    return Clip(name, moving.astype(np.uint8), "vis")


def brightening(count: int = 5, side: int = 20) -> NDArray[Any]:
    base = np.random.default_rng(0).integers(40, 180, (1, side, side, 3))
    return base + 4 * np.arange(count)[:, None, None, None]


def test_the_change_is_a_share_of_the_sources() -> None:
    source = video(brightening())
    assert frame_change([source], [source]) == pytest.approx(1)
    frozen = replace(source, frames=np.repeat(source.frames[:1], 5, 0))
    assert frame_change([source], [frozen]) == 0
    jumping = replace(source, frames=source.frames[[0, 2, 0, 2, 0]])
    assert frame_change([source], [jumping]) == pytest.approx(2)
    assert frame_change([source, source], [jumping, frozen]) == pytest.approx(1)


def test_of_many_clips_some_evenly_spread_are_compared() -> None:
    source, frozen = video(brightening()), video(np.repeat(brightening(1), 5, 0))
    for count in (64, 65, 100, 128, 130):
        step = {64: 1, 65: 2, 100: 2, 128: 2, 130: 3}[count]
        picked = range(0, count, step)
        assert len(picked) <= 64
        moving = [source if k in picked else frozen for k in range(count)]
        still = [frozen] * count
        assert frame_change(moving, moving) == pytest.approx(1)
        assert frame_change(moving, still) == 0
        others = [frozen if k in picked else source for k in range(count)]
        assert frame_change(others, moving) is None, "the others are not looked at"


def test_nothing_is_said_of_stills_and_of_a_source_that_stands_still() -> None:
    still = video(brightening(1))
    assert frame_change([still], [still]) is None
    assert frame_change([], []) is None
    frozen = video(np.repeat(brightening(1), 3, 0))
    assert frame_change([frozen], [frozen]) is None


@pytest.mark.slow
def test_shared_noise_flickers_less_than_noise_of_each_frame() -> None:
    made: NferSde = fitted("baseline")
    source = video(brightening())
    alone = ClipList([video(f[None], f"v1.{k}") for k, f in enumerate(source.frames)])
    shared = replace(source, frames=frames(made, ClipList([source]))[0])
    own = replace(source, frames=np.concatenate(frames(made, alone)))
    together, apart = (frame_change([source], [each]) for each in (shared, own))
    assert together is not None and apart is not None
    assert together < 0.5 * apart, (together, apart)
