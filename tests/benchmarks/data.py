"""Datasets: what preparation buys, and what a second core buys preparation."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from irfer_bench.contracts.component import BASIC
from irfer_bench.contracts.params import Params
from irfer_bench.contracts.values import Clip, Item
from irfer_bench.data.arrow import write_shard
from irfer_bench.data.clips import StoredClips, shard_name, write_clips
from irfer_bench.data.preparation.prepare import prepare
from irfer_bench.data.preparation.rules import Rules
from irfer_bench.data.preparation.shards import Recipe
from irfer_bench.registry import load
from tests.benchmarks.harness import processor_seconds, seconds
from tests.irfer_datasets.movies import movie

SIZE = 224
WIDTH, HEIGHT = 320, 240
"""Oulu-CASIA's own image size."""
CLIPS = 60
SIXTEEN = Rules(size=SIZE, frames="uniform(16)", unit="item")


def stills(tiny: bool) -> tuple[float, float]:
    """1,000 images out of the prepared store, against decoding the originals again."""
    with tempfile.TemporaryDirectory() as folder:
        recipe, items = draw_images(Path(folder) / "root", 20 if tiny else 1000)
        rules = Rules(size=SIZE)
        return _against(recipe, items, rules, Path(folder))


def clips(tiny: bool) -> tuple[float, float]:
    """60 clips of 16 frames with sound, against decoding the videos again."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        recipe, items = film(root, 2 if tiny else CLIPS)
        return _against(recipe, items, SIXTEEN, Path(folder))


def whole_clips(tiny: bool) -> tuple[float, float]:
    """16 frames of each of 60 clips that are kept whole as JPEG, against decoding the videos.

    DFEW, MAFW and FERV39k are kept so.
    """
    with tempfile.TemporaryDirectory() as folder:
        recipe, items = film(Path(folder) / "root", 2 if tiny else CLIPS)
        dataset = load().create(recipe.dataset, recipe.dataset_params)
        kept = msgspec.structs.replace(SIXTEEN, stored="all", coding="jpeg95")
        made = prepare(dataset, recipe.root, items, kept)
        write_shard(Path(folder) / shard_name(0), made, coded=True)
        view = StoredClips(Path(folder), "key", SIXTEEN.frames).view()
        _look(view[:1])
        ours = processor_seconds(lambda: _look(view))
        return ours, processor_seconds(
            lambda: _look(prepare(dataset, recipe.root, items, SIXTEEN)))


PREPARE = """
import sys, time
from pathlib import Path
from irfer_bench.data.preparation.rules import Rules
from irfer_bench.data.preparation.shards import Recipe, prepare_shards
from irfer_bench.contracts.params import Params
from irfer_bench.registry import load
if __name__ == "__main__":
    root, place, workers, size = sys.argv[1:]
    registry = load()
    folder = registry.get("dataset", "folder")
    recipe = Recipe(folder, Params(), Path(root), Rules(size=int(size)), Path(root))
    items = sorted(registry.create(folder).index(Path(root)), key=lambda item: item.id)
    begun = time.perf_counter()
    prepare_shards(recipe, items, items, Path(place), lambda *_: None, int(workers))
    print(time.perf_counter() - begun)
"""
"""A program of its own, as the command is: processes that it starts import what it imports."""


def two_cores(tiny: bool) -> tuple[float, float]:
    """10,000 images prepared by two processes, against one."""
    with tempfile.TemporaryDirectory() as folder:
        draw_images(Path(folder) / "root", 200 if tiny else 10_000)
        program = Path(folder) / "prepare.py"
        program.write_text(PREPARE)

        def make(workers: int) -> float:
            words = [Path(folder) / "root", Path(folder) / str(workers), workers, SIZE]
            done = subprocess.run(
                [sys.executable, str(program), *map(str, words)],
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
                check=True,
                capture_output=True,
                text=True,
            )
            return float(done.stdout)

        return make(2), make(1)


def _against(
    recipe: Recipe, items: Sequence[Item], rules: Rules, folder: Path
) -> tuple[float, float]:
    dataset = load().create(recipe.dataset, recipe.dataset_params)
    write_clips(folder, prepare(dataset, recipe.root, items, rules))
    _look(prepare(dataset, recipe.root, items[:20], rules))
    original = seconds(lambda: _look(prepare(dataset, recipe.root, items, rules)))
    view = StoredClips(folder, "key").view()
    _look(view)
    return seconds(lambda: _look(view)), original


def _look(clips: Iterable[Clip]) -> None:
    """Touch every pixel and sample, as a training loop does."""
    for clip in clips:
        clip.scored_frames().copy()
        if clip.audio is not None:
            clip.audio.copy()


def draw_images(
    root: Path, count: int, size: tuple[int, int] = (WIDTH, HEIGHT)
) -> tuple[Recipe, list[Item]]:
    """A `folder` dataset of JPEGs of Oulu-CASIA's size: soft blobs and grain, as of a camera."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (16, 12, 16, 3), np.uint8)
    faces = [
        np.asarray(Image.fromarray(c).resize(size, Image.Resampling.BICUBIC), np.int16)
        for c in coarse
    ]
    grain = rng.integers(-9, 10, (size[1], size[0], 1))
    for number in range(count):
        place = root / "vis" / f"s{number % 50:02d}" / ("anger", "fear")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        pixels = np.clip(faces[number % 16] + np.roll(grain, number), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(place / f"{number}.jpg", quality=90)
    registry = load()
    component = registry.get("dataset", "folder")
    recipe = Recipe(component, Params(), root, Rules(size=SIZE), root)
    return recipe, sorted(registry.create(component).index(root), key=lambda item: item.id)


def film(
    root: Path, count: int, frames: Sequence[NDArray[np.uint8]] = ()
) -> tuple[Recipe, list[Item]]:
    """A `mafw` dataset of 640x360 videos of 60 frames with sound: noise that moves, or `frames`."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (18, 32, 3), np.uint8))
    scene = np.asarray(coarse.resize((640, 360), Image.Resampling.BICUBIC))
    frames = frames or [np.roll(scene, 4 * k, axis=1) for k in range(60)]
    for number in range(count):
        path = root / f"data/clips/{number + 19:05d}.mp4"
        movie(path, len(frames), codec="libx264", audio="aac", images=frames)
    lines = [f"{number + 19:05d}.mp4 {BASIC[number % 6]}\n" for number in range(count)]
    for side, own in (("train", lines[count // 5 :]), ("test", lines[: count // 5])):
        path = root / "Train & Test Set/single/no_caption/set_1" / f"{side}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(own))
    registry = load()
    component = registry.get("dataset", "mafw")
    params = registry.params_class(component)()
    recipe = Recipe(component, params, root, Rules(size=SIZE), root)
    return recipe, sorted(registry.create(component, params).index(root), key=lambda i: i.id)
