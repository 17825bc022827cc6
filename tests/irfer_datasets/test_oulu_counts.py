"""Oulu-CASIA against its published counts, half unpacked, or given one folder too deep."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from irfer_bench.cli import main
from irfer_datasets.oulu_casia.dataset import EXPRESSIONS, SUBJECTS, OuluCasia
from tests.irfer_datasets.trees import oulu_tree


def empty_light(folder: Path, frames: int = 1) -> None:
    """All 480 sequences of a light, of empty files."""
    for subject in SUBJECTS:
        for expression in EXPRESSIONS:
            place = folder / subject / expression
            place.mkdir(parents=True)
            for number in range(frames):
                (place / f"{number:03d}.jpeg").touch()


def counts(root: Path) -> list[tuple[str, str]]:
    return [(p.path, p.action) for p in OuluCasia().problems(root) if p.kind == "unexpected_count"]


def test_a_light_without_a_subject_missing_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """480 sequences per camera and light, and under Strong the frames of the listing.

    The listing (10,379 frames, `test_the_published_lengths_are_those_of_the_listing`) is replaced
    by a short one, for 20,000 files take long to write.
    """
    short = {subject: {name: [2, 3] for name in EXPRESSIONS} for subject in SUBJECTS}
    monkeypatch.setattr("irfer_datasets.oulu_casia.dataset.published_lengths", lambda: short)
    empty_light(tmp_path / "VL/Strong", frames=2)
    dataset = OuluCasia()
    assert {p.kind for p in dataset.problems(tmp_path)} == {"missing_domain"}
    assert len(list(dataset.index(tmp_path))) == 480
    (tmp_path / "VL/Strong/P080/Fear/000.jpeg").unlink()
    frames = "959 frames where the published listing has 960; all are used"
    assert counts(tmp_path) == [("VL/Strong", frames)]
    shutil.rmtree(tmp_path / "VL/Strong/P001/Anger")
    sequences = "479 sequences where 480 are published; all are used"
    assert counts(tmp_path) == [("VL/Strong", sequences)]
    shutil.rmtree(tmp_path / "VL/Strong/P080")
    assert counts(tmp_path) == [], "a missing subject says it already"


def test_frames_are_counted_of_the_original_tree_under_strong_light_only(tmp_path: Path) -> None:
    empty_light(tmp_path / "PreProcess_Img/VL_Acropped/Strong")
    empty_light(tmp_path / "PreProcess_Img/NI_Acropped/Weak")
    assert counts(tmp_path) == []


@pytest.mark.parametrize(
    ("below", "hint"),
    [
        ("NI", "give the folder above it"),
        ("NI/Strong", "give the folder two above it"),
        ("NI/Strong/P001", "give the folder three above it"),
    ],
)
def test_a_root_too_deep_is_told_how_deep(tmp_path: Path, below: str, hint: str) -> None:
    oulu_tree(tmp_path, ("P001",))
    seen = OuluCasia().identify(tmp_path / below)
    assert seen.confidence == 0.0 and hint in seen.reason


def test_a_root_whose_cameras_are_links_is_read(tmp_path: Path) -> None:
    oulu_tree(tmp_path / "elsewhere", ("P001",))
    (tmp_path / "data").mkdir()
    (tmp_path / "data/NI").symlink_to(tmp_path / "elsewhere/NI")
    assert OuluCasia().identify(tmp_path / "data").confidence > 0.9


@pytest.mark.parametrize(
    "archive", ["VL.zip", "NI/Weak.rar", "OriginalImg.7z", "B.zip.001", "B.part2.rar", "B.z01"]
)
def test_an_archive_beside_what_was_unpacked_is_named(tmp_path: Path, archive: str) -> None:
    oulu_tree(tmp_path, ("P001",))
    (tmp_path / archive).touch()
    (problem,) = [p for p in OuluCasia().problems(tmp_path) if p.kind == "packed"]
    assert problem.path == archive and "unpack it" in problem.action


def test_check_of_a_half_unpacked_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One camera is there, the last image is cut off, the other camera is still packed."""
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    root = oulu_tree(tmp_path / "data", cameras=(("NI", 6),))
    last = root / "NI/Strong/P002/Surprise/005.jpeg"
    last.write_bytes(last.read_bytes()[:200])
    (root / "NI/Strong/P002/Surprise/004.jpeg").write_bytes(b"")
    (root / "VL.zip").write_bytes(b"PK")
    assert main(["data", "check", "oulu_casia", "--data-root", str(root), "--json"]) == 4
    report = json.loads(capsys.readouterr().out)
    told = {(p["kind"], p["path"]) for p in report["problems"]}
    assert {
        ("packed", "VL.zip"),
        ("missing_domain", "VL"),
        ("missing_domain", "NI/Dark"),
        ("missing_subject", "NI/Strong/P003"),
        ("damaged", "NI/Strong/P002/Surprise/005.jpeg"),
        ("empty", "NI/Strong/P002/Surprise/004.jpeg"),
    } <= told
    assert report["incomplete"] is True and report["items"] == 12
