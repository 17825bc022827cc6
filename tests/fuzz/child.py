"""The process that reads the inputs: one line of JSON in, one verdict out.

A process of its own, so that a crash of a decoder costs one input, and a write goes nowhere.
"""

from __future__ import annotations

import base64
import faulthandler
import importlib
import json
import os
import sys
from pathlib import Path


def serve(box: Path) -> None:
    """Answer until standard input ends.

    Args:
        box: an empty folder: home, results, places of inputs, and a decoy that stays as it is.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints from C must not end up among the answers
    faulthandler.enable()
    for name in ("home", "out", "tmp", "place", "decoy"):
        (box / name).mkdir(exist_ok=True)
    (box / "decoy" / "file").write_text("left alone")
    os.environ |= {"HOME": str(box / "decoy"), "TMPDIR": str(box / "tmp")}
    os.environ |= {"IRFER_BENCH_HOME": str(box / "home"), "IRFER_BENCH_FIGURES": "none"}
    os.environ["IRFER_BENCH_TRACEBACK"] = "1"
    from tests.fuzz.kinds import KINDS
    from tests.fuzz.sandbox import Guard

    guard = Guard((box / "home", box / "out"))
    for number, line in enumerate(sys.stdin):
        asked = json.loads(line)
        kind = KINDS[asked["kind"]]
        place = box / "place" / str(number)
        place.mkdir()
        os.chdir(place)
        feed = importlib.import_module(kind.module)
        call = feed.prepare(kind.name, base64.b64decode(asked["content"]), place)
        verdict = guard.judge(call, kind.codes, (place,) if kind.writes_beside else ())
        answers.write(json.dumps(verdict.to_builtins()) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve(Path(sys.argv[1]).resolve())
