"""The fixture finder itself: families, companions, partners, and the loud failure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.parity.fixtures import error, find, fixtures, load, partner


@pytest.fixture
def golden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "translators"
    folder.mkdir()
    for name in ("nfer_spec_dev", "nfer_spec_weights_dev", "nfer_spec_x1", "nfer_spec_weights_x1",
                 "egsde_traj_ddpm_dev", "egsde_weights_ddpm_dev", "egsde_dse_ddpm_dev"):
        save_file({"a": np.ones(2, np.float32)}, folder / f"{name}.safetensors", {"name": name})
    monkeypatch.setenv("IRFER_GOLDEN", str(tmp_path))
    return folder


def test_another_file_of_a_family_is_found_without_a_code_change(golden: Path) -> None:
    assert [p.stem for p in find("translators", "nfer_spec")] == ["nfer_spec_dev", "nfer_spec_x1"]
    assert len(find("translators", "egsde_traj")) == 1


def test_partners_share_the_suffix(golden: Path) -> None:
    second = golden / "nfer_spec_x1.safetensors"
    assert partner(second, "nfer_spec_weights").stem == "nfer_spec_weights_x1"
    trajectory = golden / "egsde_traj_ddpm_dev.safetensors"
    assert partner(trajectory, "egsde_weights").stem == "egsde_weights_ddpm_dev"
    assert load(partner(trajectory, "egsde_dse"))[1] == {"name": "egsde_dse_ddpm_dev"}
    with pytest.raises(FileNotFoundError, match="no partner"):
        partner(trajectory, "sdedit_weights")


def test_a_missing_family_fails_where_the_folder_was_named(golden: Path) -> None:
    (missing,) = fixtures("translators", "sr3")
    with pytest.raises(FileNotFoundError, match="IRFER_GOLDEN"):
        load(missing.values[0])


def test_error_is_relative_to_large_references_only() -> None:
    assert error([0.1], [0.2]) == pytest.approx(0.1)
    assert error([110.0], [100.0]) == pytest.approx(0.1)
    assert error([1.0, 2.0], [1.0]) == float("inf")
    assert error([float("nan")], [1.0]) != 0.0
