"""Preparation over several processes, killed and resumed: nothing lost, nothing done twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.contracts.params import Params
from irfer_bench.contracts.values import Item
from irfer_bench.data.arrow import Shard
from irfer_bench.data.clips import SHARDS, StoredClips
from irfer_bench.data.preparation.rules import Rules
from irfer_bench.data.preparation.shards import Recipe, move_shards, prepare_shards
from irfer_bench.errors import DamagedError
from irfer_bench.registry import load
from tests.irfer_datasets.trees import folder_tree, image

RULES = Rules(size=16)


def recipe_of(root: Path) -> tuple[Recipe, list[Item]]:
    registry = load()
    component = registry.get("dataset", "folder")
    recipe = Recipe(component, Params(), root, RULES, Path("weights"))
    return recipe, sorted(registry.create(component).index(root), key=lambda item: item.id)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """480 images."""
    return folder_tree(tmp_path_factory.mktemp("many"), ("a", "b", "c"), each=40)


def digests(place: Path) -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in sorted(place.glob(SHARDS))]


def silent(name: str, done: int, total: int) -> None: ...


def test_two_processes_make_what_one_makes(root: Path, tmp_path: Path) -> None:
    recipe, items = recipe_of(root)
    told: list[int] = []
    made = {}
    for workers in (1, 2):
        place = tmp_path / str(workers)
        made[workers] = prepare_shards(
            recipe, items, items, place, lambda _, done, total: told.append(done), workers
        )
        assert told[-1] == len(items) == 480
    assert digests(tmp_path / "1") == digests(tmp_path / "2")
    assert made[1] == made[2] and list(made[1]) == [item.id for item in items]
    move_shards(tmp_path / "1", folder := tmp_path)
    assert StoredClips(folder, "key").view().ids == [f"{item.id}.0" for item in items]


def test_finished_files_are_not_made_again(root: Path, tmp_path: Path) -> None:
    recipe, items = recipe_of(root)
    prepare_shards(recipe, items, items, tmp_path, silent, 1)
    whole = digests(tmp_path)
    kept, lost = sorted(tmp_path.glob(SHARDS))[0], sorted(tmp_path.glob(SHARDS))[1]
    before = kept.stat().st_mtime_ns
    lost.unlink()
    prepare_shards(recipe, items, items, tmp_path, silent, 1)
    assert digests(tmp_path) == whole and kept.stat().st_mtime_ns == before


@pytest.mark.parametrize("workers", [1, 2])
def test_a_damaged_image_is_named_by_whichever_process_met_it(
    workers: int, tmp_path: Path
) -> None:
    root = folder_tree(tmp_path / "tree", ("a", "b", "c"), each=40)
    bad = root / "nir" / "c" / "anger" / "39.png"
    bad.write_bytes(bad.read_bytes()[:60])
    recipe, items = recipe_of(root)
    with pytest.raises(DamagedError, match=r"nir/c/anger/39.png cannot be decoded.*restore"):
        prepare_shards(recipe, items, items, tmp_path / "place", silent, workers)
    image(bad)
    prepare_shards(recipe, items, items, tmp_path / "place", silent, workers)
    assert sum(len(Shard(p)) for p in (tmp_path / "place").glob(SHARDS)) == 480


PROGRAM = """
import sys
from pathlib import Path
from tests.irfer_bench.data.test_shards import recipe_of, silent
from irfer_bench.data.preparation.shards import prepare_shards
if __name__ == "__main__":
    recipe, items = recipe_of(Path(sys.argv[1]))
    prepare_shards(recipe, items, items, Path(sys.argv[2]), silent, int(sys.argv[3]))
"""


@pytest.mark.slow
def test_killed_at_random_and_resumed_it_loses_and_repeats_nothing(
    root: Path, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    recipe, items = recipe_of(root)
    prepare_shards(recipe, items, items, tmp_path / "whole", silent, 1)
    place, rng = tmp_path / "place", random.Random(0)
    command = [sys.executable, str(program), str(root), str(place), "2"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    stamps: dict[str, Any] = {}
    for _ in range(4):
        process = subprocess.Popen(command, env=environment, start_new_session=True)
        time.sleep(rng.uniform(0.8, 2.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for path in place.glob(SHARDS):
            stamp = path.stat().st_mtime_ns
            assert stamps.setdefault(path.name, stamp) == stamp, f"{path.name} was made twice"
    subprocess.run(command, env=environment, check=True)
    assert digests(place) == digests(tmp_path / "whole")
    assert _facts(place) == _facts(tmp_path / "whole")


def _facts(place: Path) -> list[Any]:
    return [json.loads(path.read_text()) for path in sorted(place.glob("clips-*.json"))]
