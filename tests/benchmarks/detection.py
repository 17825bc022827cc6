"""Preparation with a detector: against an older checkout, and every frame against every eighth.

`python -m tests.benchmarks.detection CHECKOUT [COUNT] [TURNS]` prepares the same stills with this
code and with the other (commit 67a2a08, say), one process each, and says whether the squares are
equal. `python -m tests.benchmarks.detection clips [COUNT]` prepares clips of 64 frames both ways.
Aims: 10,000 stills at least 1.5 times as fast, 500 clips at least 4 times.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from irfer_bench.data.preparation.prepare import prepare
from irfer_bench.data.preparation.rules import Rules
from irfer_bench.registry import load
from tests.benchmarks.data import film

ROOT = Path(__file__).parents[2]
SETTING = "folder_nir_quality"
PROGRAM = """
import contextlib, io, json, os, sys, time
from irfer_bench.cli import main
out = io.StringIO()
begun = time.perf_counter(), time.process_time()
with contextlib.redirect_stdout(out):
    try:
        code = main(sys.argv[1:])
    except SystemExit as error:
        code = error.code
assert not code, out.getvalue()
wall, cpu = time.perf_counter() - begun[0], time.process_time() - begun[1]
boxes = [json.load(open(row["boxes"])) for row in json.loads(out.getvalue())["prepared"]]
print(json.dumps({"wall": wall, "cpu": cpu, "boxes": boxes}))
"""


def portraits(root: Path, count: int) -> None:
    """320x240 near-infrared and visible JPEGs of one photographed face, 95 to 150 pixels high."""
    import skimage

    path = Path(skimage.__file__).parent / "data" / "astronaut.png"
    portrait = Image.open(path).convert("RGB")
    random = np.random.default_rng(0)
    for number in range(count):
        side = int(random.integers(160, 250))
        left = int(random.integers(max(0, 270 - side), 180))
        box = (left, int(random.integers(0, 60)), left + side * 4 // 3, 0)
        box = (*box[:3], box[1] + side)
        image = portrait.crop(box).resize((320, 240), Image.Resampling.BICUBIC)
        grain = random.normal(0, 3, (240, 320, 3))
        pixels = np.clip(np.asarray(image) * random.uniform(0.5, 1) + grain, 0, 255)
        for spectrum in ("vis", "nir"):
            place = root / spectrum / f"s{number % 20:02d}" / ("anger", "fear")[number % 2]
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(place / f"{number}.jpg", quality=90)


def prepared(checkout: Path, root: Path, home: Path, *options: str) -> dict[str, Any]:
    """Seconds and squares of `data prepare` by the code of a checkout, in one process."""
    words = ["data", "prepare", "folder", "--data-root", str(root), "-s", SETTING, "--json"]
    paths = os.pathsep.join(map(str, (checkout, checkout / "plugins")))
    environment = os.environ | {
        "PYTHONPATH": paths, "IRFER_BENCH_HOME": str(home), "IRFER_BENCH_WORKERS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words, *options],
        env=environment, cwd=checkout, check=True, capture_output=True, text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def moving_portrait() -> list[Any]:
    """64 frames of 320x240 of one photographed face that moves."""
    import skimage

    path = Path(skimage.__file__).parent / "data" / "astronaut.png"
    portrait = Image.open(path).convert("RGB")
    return [
        np.asarray(
            portrait.crop((60 + k, 10, 330 + k, 212)).resize((320, 240), Image.Resampling.BICUBIC)
        )
        for k in range(64)
    ]


def clips(tiny: bool, count: int = 20) -> tuple[float, float]:
    """Processor seconds: clips of 64 frames with dlib on every eighth frame, against on all."""
    count = 1 if tiny else count
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        recipe, items = film(root, count, moving_portrait())
        registry = load()
        dataset = registry.create(recipe.dataset, recipe.dataset_params)
        detector = registry.create(registry.get("detector", "dlib"))
        detector.open(root)
        spent = []
        for every in (8, 1):
            rules = Rules(size=224, unit="item", detector="dlib", every=every)
            begun = time.process_time()
            for clip in prepare(dataset, root, items, rules, detector=detector):
                assert clip.landmarks is not None
            spent.append(time.process_time() - begun)
        return spent[0], spent[1]


def main(what: str, count: str = "", turns: str = "3") -> None:
    """Print processor seconds of both, alternating, and the median ratio."""
    if what == "clips":
        every_eighth, every = clips(False, int(count or 20))
        sys.stdout.write(
            f"{every_eighth:.1f} s and {every:.1f} s, ratio {every / every_eighth:.1f}\n"
        )
        return
    checkout = Path(what).resolve()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        portraits(root, int(count or 300) // 2)
        ratios = []
        for turn in range(int(turns)):
            ours = prepared(ROOT, root, Path(folder) / f"ours{turn}", "--detector", "opencv")
            place = Path(folder) / f"other{turn}"
            other = prepared(checkout, root, place, "--detector", "opencv")
            equal = ours["boxes"] == other["boxes"]
            ratios.append(other["cpu"] / ours["cpu"])
            sys.stdout.write(
                f"ours {ours['cpu']:.1f} s, other {other['cpu']:.1f} s of processor, "
                f"wall {ours['wall']:.1f} s and {other['wall']:.1f} s, squares equal: {equal}\n"
            )
            sys.stdout.flush()
        sys.stdout.write(f"median ratio {statistics.median(ratios):.2f}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
