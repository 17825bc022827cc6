"""Whose folder it is: every built-in dataset knows its own tree and nobody else's."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from irfer_bench.contracts.values import Match
from irfer_bench.data.scanning import SURE
from irfer_bench.registry import load
from tests.conformance.sample_trees import SAMPLES

REGISTRY = load()
DATASETS = [
    owned.component.name
    for owned in REGISTRY.registered
    if owned.builtin and owned.component.kind == "dataset" and REGISTRY.needs_root(owned.component)
]
KINDS = ("zip", "rar", "7z", "tar", "tar.gz", "part1.rar", "z01", "zip.001")


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every sample, written once."""
    written: dict[str, Path] = {}
    for name, write in SAMPLES.items():
        written[name] = tmp_path_factory.mktemp(f"tree_of_{len(written)}")
        write(written[name])
    return written


def identify(dataset: str, root: Path) -> Match:
    recognition: Match = REGISTRY.create(REGISTRY.get("dataset", dataset)).identify(root)
    assert 0 <= recognition.confidence <= 1 and recognition.reason
    return recognition


def test_every_dataset_of_files_has_a_sample() -> None:
    assert set(SAMPLES) == set(DATASETS)


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("tree", sorted(SAMPLES))
def test_a_tree_is_its_own_datasets_and_no_others(
    dataset: str, tree: str, trees: dict[str, Path]
) -> None:
    seen = identify(dataset, trees[tree])
    assert (seen.confidence >= SURE) == (dataset == tree), seen.reason


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("tree", sorted(SAMPLES))
def test_nor_where_it_lies_one_level_deeper(
    dataset: str, tree: str, trees: dict[str, Path], tmp_path: Path
) -> None:
    """A folder too high is the official or nobody's, never another dataset's."""
    (tmp_path / "download").mkdir()
    trees[tree].rename(tmp_path / "download" / "inner")
    try:
        seen = identify(dataset, tmp_path / "download")
    finally:
        (tmp_path / "download" / "inner").rename(trees[tree])
    assert seen.confidence < SURE or dataset == tree, seen.reason


@pytest.mark.parametrize("dataset", DATASETS)
def test_nothing_is_nobodys(dataset: str, tmp_path: Path) -> None:
    assert identify(dataset, tmp_path).confidence < SURE


@pytest.mark.parametrize("dataset", DATASETS)
def test_files_of_any_kind_are_nobodys(dataset: str, tmp_path: Path) -> None:
    draw = random.Random(0)
    for number in range(60):
        depth = draw.randrange(4)
        place = tmp_path.joinpath(*(draw.choice(("a", "b 1", "2019", "img")) for _ in range(depth)))
        place.mkdir(parents=True, exist_ok=True)
        suffix = draw.choice(("jpg", "png", "mp4", "csv", "txt", "xlsx", "json", "wav", "npy"))
        name = draw.choice((f"IMG_{number:04d}", f"{number}", f"frame{number}", "list", "labels"))
        (place / f"{name}.{suffix}").write_bytes(draw.randbytes(64))
    assert identify(dataset, tmp_path).confidence < SURE


@pytest.mark.parametrize("dataset", DATASETS)
def test_archives_alone_are_nobodys_and_the_reason_says_unpack(
    dataset: str, tmp_path: Path
) -> None:
    for kind in KINDS:
        place = tmp_path / kind.replace(".", "_")
        place.mkdir()
        (place / f"everything.{kind}").write_bytes(b"PK")
        seen = identify(dataset, place)
        assert seen.confidence < SURE
        if kind == "zip" and dataset not in ("folder", "hub"):
            assert "everything.zip" in seen.reason and "unpack" in seen.reason
