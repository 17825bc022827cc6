"""`python -m tests.benchmarks.refit [OUT [REFERENCE]]`: fold 1 of every row, fitted again.

Runs `leaderboards/synth.toml` on fold 1 with one thread and prints every metric that differs by
more than 1e-6 from the committed record and has the same version. With OUT it compares records
that are there; with REFERENCE it compares them with another folder's, such as those of an older
commit on the same processor: training on another kind of processor ends elsewhere. About half an
hour of one core.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BOARDS = ROOT / "leaderboards"
TOLERANCE = 1e-6
Key = tuple[str, str, str, int, int]


def main(out: str = "", reference: str = "") -> int:
    """Fit, compare, print; 1 where a metric moved or a row is missing."""
    old = read(Path(reference) if reference else BOARDS)
    if out:
        return report(compare(old, read(Path(out))))
    with tempfile.TemporaryDirectory() as name:
        words = ["run", str(BOARDS / "synth.toml"), "--fold", "1", "--threads", "1"]
        command = [sys.executable, "-m", "irfer_bench", *words, "--out", name, "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return report(compare(old, read(Path(name))))


def read(folder: Path) -> dict[Key, Mapping[str, Any]]:
    """Metrics of every record of fold 1, by setting, translator, recognizer, fold and seed."""
    found: dict[Key, Mapping[str, Any]] = {}
    for path in sorted(folder.glob("records/*/*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        cell = record["cell"]
        names = (cell["setting"], cell["translator"], cell["recognizer"])
        if cell["fold"] == 1:
            found[(*names, cell["fold"], cell["seed"])] = record["metrics"]
    return found


def compare(
    old: Mapping[Key, Mapping[str, Any]], new: Mapping[Key, Mapping[str, Any]]
) -> Iterator[str]:
    """One line per metric that moved and per row that is missing, then how many agree."""
    same = 0
    raised: set[str] = set()
    for key, metrics in old.items():
        if key not in new:
            yield f"{key}: not fitted"
            continue
        for name, value in metrics.items():
            if new[key].get(name, {}).get("version", "1") != value.get("version", "1"):
                raised.add(name)
                continue
            for end in ("value", "low", "high"):
                was, now = value.get(end), new[key].get(name, {}).get(end)
                if was is None and now is None:
                    continue
                if was is None or now is None or abs(was - now) > TOLERANCE:
                    yield f"{key} {name} {end}: {was} is now {now}"
                else:
                    same += 1
    others = f"; of another version: {', '.join(sorted(raised))}" if raised else ""
    yield f"{same} values agree to {TOLERANCE}{others}"


def report(lines: Iterator[str]) -> int:
    """Print the lines; 1 where there is more than the count."""
    told = list(lines)
    sys.stdout.write("\n".join(told) + "\n")
    return int(len(told) > 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
