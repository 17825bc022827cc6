"""`data check` on a tree as large as DFEW: 900,000 empty frames in 16,372 folders.

`python -m tests.benchmarks.check [CLIPS]` makes the tree, checks it in a process of its own and
prints wall time, processor time and memory. Budget: 30 s and 1 GB. A tree that lies there already
is named after CLIPS.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLIPS, FRAMES, PARTS = 16_372, 55, 11
SECONDS, MEGABYTES = 30.0, 1000.0


def draw_names(root: Path, clips: int) -> int:
    """Empty frames in eleven parts, as DFEW's archives unpack, and its lists; how many files."""
    for clip in range(1, clips + 1):
        part = root / "Clip/clip_224x224" / f"clip_224x224_part_{clip % PARTS + 1}"
        (part / f"{clip:05d}").mkdir(parents=True)
        for frame in range(1, FRAMES + 1):
            (part / f"{clip:05d}/{clip:05d}_{frame:05d}.jpg").touch()
    for fold in range(1, 6):
        for side in ("train", "test"):
            own = [n for n in range(1, clips + 1) if (n % 5 + 1 == fold) == (side == "test")]
            place = root / f"EmoLabel_DataSplit/{side}(single-labeled)"
            place.mkdir(parents=True, exist_ok=True)
            rows = "".join(f"{clip:05d},{clip % 7 + 1}\n" for clip in own)
            (place / f"set_{fold}.csv").write_text(f"video_name,label\n{rows}")
    return clips * FRAMES


def measure(root: Path, home: Path) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak megabytes of one `data check`."""
    words = ["data", "check", "dfew", "--data-root", str(root)]
    environment = os.environ | {"IRFER_BENCH_HOME": str(home)}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "irfer_bench", *words],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 4, done.stderr  # every frame is empty, and that is told
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, spent, after.ru_maxrss / 1024


def main(clips: int = CLIPS, tree: str = "") -> None:
    """Make the tree (or use one), measure, and say whether the budget was kept."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(tree or f"{folder}/DFEW")
        files = clips * FRAMES if tree else draw_names(root, clips)
        wall, spent, memory = measure(root, Path(folder) / "home")
    kept = "kept" if wall <= SECONDS and memory <= MEGABYTES else "exceeded"
    said = f"{files:,} files: {wall:.1f} s, {spent:.1f} s of processor time, {memory:.0f} MB"
    sys.stdout.write(f"{said}; budget {kept}\n")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:2]), *sys.argv[2:3])
