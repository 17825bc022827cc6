"""How MMA-DFER's network is put together, and which files its encoders are read from."""

from __future__ import annotations

from pathlib import Path

import pytest

from irfer_dynamic import mma_dfer
from irfer_dynamic.mma_dfer_model import MMADFER
from irfer_dynamic.mma_dfer_params import MMADFERParams
from tests.irfer_dynamic.voices import mma, params

FACE, VOICE = Path("face.pth"), Path("voice.pth")


def test_only_the_last_fusion_leaves_patches_alone() -> None:
    fusion = MMADFER(params(), 3).fusion
    assert [each.last for each in fusion] == [False] * (len(fusion) - 1) + [True]


@pytest.mark.parametrize(
    ("files", "whole"),
    [((FACE, VOICE), True), ((FACE, None), False), ((None, VOICE), False), ((None, None), False)],
)
def test_encoders_are_frozen_parts_only_where_both_are_read_from_files(
    files: tuple[Path | None, Path | None], whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spectrogram's grid is not square."""
    read = []
    monkeypatch.setattr(MMADFERParams, "start", lambda self, weights: None)
    monkeypatch.setattr(MMADFERParams, "encoders", lambda self, weights: files)
    monkeypatch.setattr(
        mma_dfer, "load_encoder", lambda encoder, path, square: read.append((path, square)))
    method = mma()
    assert method.load(method.network(2), Path()) == whole
    assert read == [pair for pair in ((files[0], True), (files[1], False)) if pair[0]]
