"""The folder that holds the tiny CLIP."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.irfer_clip.tiny import write_tiny


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A weights folder with the tiny CLIP in it, and a home of its own."""
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    write_tiny(tmp_path)
    return tmp_path
