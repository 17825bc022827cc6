"""Large-HFE in its proposed layout, with and without metadata, and what is wrong with a tree."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from irfer_bench.api import BASIC, Item, MissingError, read_folds
from irfer_bench.cli import main
from irfer_bench.data.preparation.prepare import Rules, prepare
from irfer_bench.registry import load
from irfer_datasets.large_hfe.dataset import LargeHfe
from tests.irfer_datasets.large_hfe_tree import large_hfe_tree, write_large_hfe
from tests.irfer_datasets.trees import image

SMALL = {"missing_subject", "unexpected_count"}
"""Kinds of problems that every small tree has."""


def items(root: Path) -> dict[str, Item]:
    """What a fresh instance lists, by id."""
    return {item.id: item for item in LargeHfe().index(root)}


def kinds(root: Path) -> list[tuple[str, str]]:
    """Kinds and last path part of all problems that are not about the tree being small."""
    problems = LargeHfe().problems(root)
    return [(p.kind, p.path.split("/")[-1]) for p in problems if p.kind not in SMALL]


@pytest.mark.parametrize("above", [".", "Large-HFE", "a/b/c/Large-HFE"])
def test_the_canonical_tree_is_read_wherever_it_lies(tmp_path: Path, above: str) -> None:
    large_hfe_tree(tmp_path / above)
    assert LargeHfe().identify(tmp_path).confidence > 0.9
    found = items(tmp_path)
    assert len(found) == 2 * 2 * 6 and kinds(tmp_path) == []
    item = found["nir_s002_fear"]
    assert (item.subject, item.label, item.spectrum, item.frames) == ("S002", "fear", "nir", 4)
    assert [name.rpartition("NIR/")[2] for name in item.files] == [
        f"S002/Fear/{k:03d}.jpg" for k in range(4)
    ]
    assert LargeHfe().read(tmp_path, item, [3]).frames.shape == (1, 32, 32, 3)


def test_frames_that_correspond_are_exact_partners(tmp_path: Path) -> None:
    large_hfe_tree(tmp_path, (1,))
    found = items(tmp_path)
    assert {(i.pair, i.weak_pair) for i in found.values() if i.label == "fear"} == {
        ("s001_fear", False)
    }
    clips = {c.id: c for c in prepare(LargeHfe(), tmp_path, list(found.values()), Rules(size=16))}
    assert clips["vis_s001_fear.0"].pair == clips["nir_s001_fear.0"].pair == "s001_fear.0"


@pytest.mark.parametrize(
    "damage",
    [
        lambda root: (root / "NIR/S001/Fear/003.jpg").unlink(),
        lambda root: (root / "NIR/S001/Fear/001.jpg").unlink(),
        lambda root: (root / "NIR/S001/Fear/000.jpg").rename(root / "NIR/S001/Fear/004.jpg"),
    ],
)
def test_sequences_of_other_frames_are_weak_partners(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    large_hfe_tree(tmp_path, (1,))
    damage(tmp_path)
    weak = {item.id for item in items(tmp_path).values() if item.weak_pair}
    assert weak == {"vis_s001_fear", "nir_s001_fear"}


def test_a_sequence_of_one_camera_has_no_pair(tmp_path: Path) -> None:
    large_hfe_tree(tmp_path, (1,))
    shutil.rmtree(tmp_path / "VIS/S001/Fear")
    assert (items(tmp_path)["nir_s001_fear"].pair, kinds(tmp_path)) == (
        None,
        [("missing_expression", "Fear")],
    )


@pytest.mark.parametrize(
    ("damage", "told", "lost"),
    [
        (lambda r: (r / "NIR/S001").rename(r / "NIR/s001"), [("mis_cased", "s001")], 0),
        (lambda r: (r / "NIR").rename(r / "nir"), [("mis_cased", "nir")], 0),
        (lambda r: image(r / "NIR/S361/Fear/0.jpg"), [("unexpected_file", "0.jpg")], 0),
        (lambda r: image(r / "VIS/S001/angry/0.jpg"), [("unexpected_file", "0.jpg")], 0),
        (lambda r: image(r / "VIS/S001/Bored/0.jpg"), [("unexpected_file", "0.jpg")], 0),
        (lambda r: (r / "VIS/S001/Fear/001.jpg").unlink(), [("frame_gap", "Fear")], 0),
        (lambda r: image(r / "VIS/S001/Fear/a.jpg"), [("unexpected_file", "a.jpg")], 0),
        (lambda r: image(r / "VIS/S001/Fear/1.png"), [("duplicate_frame", "1.png")], 0),
        (lambda r: shutil.rmtree(r / "NIR"), [("missing_domain", "NIR")], 12),
        (lambda r: (r / "NIR.part1.rar").touch(), [("packed", "NIR.part1.rar")], 0),
    ],
)
def test_what_is_wrong_is_listed_and_the_rest_is_used(
    tmp_path: Path,
    damage: Callable[[Path], object],
    told: list[tuple[str, str]],
    lost: int,
) -> None:
    large_hfe_tree(tmp_path)
    damage(tmp_path)
    assert kinds(tmp_path) == told
    assert len(items(tmp_path)) == 24 - lost


def test_missing_people_are_named_and_counted(tmp_path: Path) -> None:
    large_hfe_tree(tmp_path, (1, 360))
    problems = list(LargeHfe().problems(tmp_path))
    missing = [p.path for p in problems if p.kind == "missing_subject"]
    assert missing[:358] == [f"VIS/S{n:03d}" for n in range(2, 360)]
    counts = [p.action for p in problems if p.kind == "unexpected_count"]
    assert len(counts) == 2 and counts[0].startswith("2 subjects, 360 are published")


def test_a_folder_that_is_not_the_dataset_is_told_why(tmp_path: Path) -> None:
    large_hfe_tree(tmp_path / "O", (1,))
    seen = LargeHfe().identify(tmp_path / "O/NIR")
    assert seen.confidence == 0.0 and "give the folder above it" in seen.reason
    seen = LargeHfe().identify(tmp_path / "O/NIR/S001")
    assert seen.confidence == 0.0 and "one subject" in seen.reason
    (tmp_path / "p").mkdir()
    (tmp_path / "p/Large-HFE.zip").touch()
    with pytest.raises(MissingError, match=r"Large-HFE\.zip: unpack it first"):
        list(LargeHfe().index(tmp_path / "p"))
    with pytest.raises(MissingError, match="--data-root large_hfe"):
        list(LargeHfe().index(None))


def test_the_published_folds_part_the_subjects(tmp_path: Path) -> None:
    folds = read_folds("irfer_datasets.large_hfe")
    assert [len(fold) for fold in folds] == [72] * 5
    assert sorted(s for fold in folds for s in fold) == [f"S{n:03d}" for n in range(1, 361)]
    large_hfe_tree(tmp_path, (1, 2, 6), frames={"NIR": 1})
    found = list(items(tmp_path).values())
    assert LargeHfe().folds(found)[:3] == [{"S001", "S006"}, {"S002"}, frozenset()]


def test_the_settings_say_what_the_protocol_says() -> None:
    settings = {s.name: s for s in load().settings_of("large_hfe")}
    assert list(settings) == [
        "large_hfe_nir_augmented",
        "large_hfe_nir_augmented_kdef",
        "large_hfe_nir_weak5",
        "large_hfe_nir_supervised",
        "large_hfe_nir_quality",
    ]
    first = settings["large_hfe_nir_augmented"]
    assert first.extra is not None and (first.extra.dataset, first.extra.spectrum) == (
        "cfee",
        "vis",
    )
    assert "80/20, five runs [NFER-SDE]" in first.source_text
    other = settings["large_hfe_nir_augmented_kdef"].extra
    assert other is not None and (other.dataset, other.parts) == ("kdef", ("straight",))
    for setting in settings.values():
        assert (setting.folds, setting.classes, setting.detector) == (5, BASIC, "opencv")


def test_the_command_line_lists_and_checks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    write_large_hfe(tmp_path / "data")
    where = ["--data-root", f"large_hfe={tmp_path / 'data'}"]
    assert main(["data", "check", "large_hfe", "--json", *where]) == 0
    seen = json.loads(capsys.readouterr().out)
    assert (seen["items"], seen["incomplete"]) == (36, True)
    assert seen["by_domain"] == {"nir": 18, "vis": 18}
    assert main(["data", "items", "large_hfe", *where]) == 0
    assert "nir_s001_anger,S001,anger,nir" in capsys.readouterr().out
