"""Frames that MMA-DFER's and DFER-CLIP's public code takes of a clip, number by number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from irfer_bench.nn.frame_sampling import FrameSampling
from tests.parity.fixtures import fixtures, load


@pytest.mark.parametrize("path", fixtures("recognizers", "frame_sampling"))
def test_positions_of_every_length(path: Path) -> None:
    t, _ = load(path)
    checked: set[str] = set()
    for name in t:
        kind, _, rest = name.partition(".seg")
        if kind not in ("train_idx", "test_idx"):
            continue
        segments, _, seed = rest.partition(".np_seed")
        sampling = FrameSampling(int(segments))
        for length, expected in zip(t["lengths"], t[name], strict=True):
            if kind == "test_idx":
                found = sampling.test(int(length))
            else:
                legacy = np.random.RandomState(int(seed))
                found = sampling.train(
                    int(length), lambda high, size, of=legacy: of.randint(high, size=size))
            assert np.array_equal(found, expected), (name, int(length))
            checked.add(kind)
    assert checked == {"train_idx", "test_idx"}
