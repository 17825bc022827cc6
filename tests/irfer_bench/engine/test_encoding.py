"""Features of a frozen encoder: computed once for a stored artefact, gathered for each view."""

from __future__ import annotations

import numpy as np
import pytest

from irfer_bench.api import Clip
from irfer_bench.data.clips import StoredClips, write_clips
from irfer_bench.engine.context import StepContext
from irfer_bench.errors import ContractError
from irfer_bench.store.artefacts import Store
from irfer_bench.testing.memory import ClipList


@pytest.fixture
def context(tmp_path):
    return StepContext(
        Store(tmp_path / "store"), "step", "fit", lambda name: "owner", 0, "cpu", "fp32", tmp_path,
        lambda *told: None,
    )  # fmt: skip


def test_the_rows_of_a_view_are_those_of_its_clips(context, tmp_path):
    """Frame after frame, in the order of the view."""
    counts = (1, 3, 2)
    clips = [
        Clip(f"c{i}", np.full((n, 2, 2, 3), 10 * i, np.uint8) + np.arange(n, dtype=np.uint8)
             .reshape(-1, 1, 1, 1), "nir", label="anger")
        for i, n in enumerate(counts)
    ]  # fmt: skip
    write_clips(tmp_path, clips)
    view = StoredClips(tmp_path, "key").view().pick([2, 1])

    def encode(whole):
        assert whole.labels == [None] * 3
        return np.concatenate([clip.frames[:, 0, 0, :1] for clip in whole]).astype(np.float32)

    assert context.encode("tower", view, {}, encode).ravel().tolist() == [20, 21, 10, 11, 12]
    assert context.encode("tower", view.pick([]), {}, encode).shape == (0, 1)
    with pytest.raises(ContractError, match=r"not one row for each of 6 frames"):
        context.encode("other", view, {}, lambda whole: np.zeros((3, 2), np.float32))
    with pytest.raises(ContractError, match="ClipList"):
        context.encode("tower", ClipList(clips), {}, encode)


def test_only_scored_frames_are_encoded_where_asked_for(context, tmp_path):
    clips = [
        Clip(f"c{i}", np.arange(10 * i, 10 * i + n, dtype=np.uint8).repeat(12).reshape(n, 2, 2, 3),
             "nir", label="anger", positions=tuple(range(n)), length=n)
        for i, n in enumerate((5, 4))
    ]  # fmt: skip
    write_clips(tmp_path, clips)
    seen = []

    def encode(whole):
        rows = np.concatenate([clip.scored_frames()[:, 0, 0, :1] for clip in whole])
        seen.append(len(rows))
        return rows.astype(np.float32)

    for rule, expected in (
        ("uniform(2)", [0, 4, 10, 13]), ("uniform(3)", [0, 2, 4, 10, 12, 13]),
    ):  # fmt: skip
        view = StoredClips(tmp_path, "key", rule).view()
        both = context.encode("tower", view, {}, encode, scored=True)
        second = context.encode("tower", view.pick([1]), {}, encode, scored=True)
        assert both.ravel().tolist() == expected
        assert second.ravel().tolist() == [row for row in expected if row >= 10]
    assert seen == [4, 6], "each rule's frames once"
    with pytest.raises(ContractError, match=r"not one row for each of 9 frames"):
        context.encode("tower", view, {}, encode)
