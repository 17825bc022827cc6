"""Landmarks given by the user."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from irfer_bench.data.landmarks import read_landmarks
from irfer_bench.errors import DamagedError, MissingError


def test_one_array_per_item(tmp_path: Path) -> None:
    arrays = {"a": np.ones((2, 68, 2), np.float32), "b": np.zeros((1, 68, 2), np.float32)}
    save_file(arrays, tmp_path / "l.safetensors")
    found = read_landmarks(tmp_path / "l.safetensors")
    assert found.keys() == arrays.keys() and (found["a"] == 1).all()


@pytest.mark.parametrize(
    "array",
    [
        np.ones((68, 2), np.float32),
        np.ones((1, 68, 3), np.float32),
        np.ones((1, 68, 2), np.float64),
    ],
)
def test_another_form_is_named(tmp_path: Path, array: np.ndarray) -> None:
    save_file({"face7": array}, tmp_path / "l.safetensors")
    with pytest.raises(DamagedError, match="face7 is float"):
        read_landmarks(tmp_path / "l.safetensors")


def test_no_file_and_no_safetensors(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such file"):
        read_landmarks(tmp_path / "none")
    (tmp_path / "l.safetensors").write_bytes(b"npz")
    with pytest.raises(DamagedError, match="cannot be read"):
        read_landmarks(tmp_path / "l.safetensors")
