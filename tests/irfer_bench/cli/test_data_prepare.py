"""`data prepare`: made once, shown as a table, faces only where asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from irfer_bench.cli import main
from irfer_bench.data.clips import StoredClips
from tests.irfer_datasets.trees import folder_tree

Capture = pytest.CaptureFixture[str]


def test_prepare_makes_clips_once(tmp_path: Path, capsys: Capture, home: Path) -> None:
    root = folder_tree(tmp_path / "data", labels=("anger", "fear"))
    words = ["data", "prepare", "folder", "--json", "--data-root", str(root)]
    assert main(words) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["setting"], made["size"]) == ("folder_nir_weak5", 256)
    assert [(row["clips"], row["cached"]) for row in made["prepared"]] == [(4, False), (4, False)]
    clips = StoredClips(Path(made["prepared"][0]["folder"]), "key")
    assert [clip.frames.shape for clip in clips.view()] == [(1, 256, 256, 3)] * 4
    assert main(words) == 0
    again = json.loads(capsys.readouterr().out)
    assert [row["cached"] for row in again["prepared"]] == [True, True]


def test_prepare_stops_at_a_damaged_picture_whether_or_not_it_was_checked(
    tmp_path: Path, capsys: Capture
) -> None:
    root = folder_tree(tmp_path / "data")
    (root / "nir/ben/anger/0.png").write_bytes(b"\x89PNG")
    roots = ["--data-root", str(root)]
    for _ in range(2):
        assert main(["data", "prepare", "folder", *roots]) == 4
        error = capsys.readouterr().err
        assert "nir/ben/anger/0.png cannot be decoded" in error and "Traceback" not in error
        assert main(["data", "check", "folder", *roots]) == 4
        capsys.readouterr()
