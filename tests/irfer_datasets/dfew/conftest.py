"""One drawn DFEW for all tests, and a copy of it to be damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.irfer_datasets.dfew_tree import dfew_tree


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The official crops and original videos; to be copied before it is changed."""
    return dfew_tree(tmp_path_factory.mktemp("dfew") / "DFEW")


@pytest.fixture
def tree(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "DFEW"))
