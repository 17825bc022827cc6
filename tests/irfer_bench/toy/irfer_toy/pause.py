"""Where tests stop, count and slow the toy: `TOY_LOG` a file, `TOY_PAUSE` `stage=folder`,
`TOY_SLOW` seconds per translated clip."""

import os
import time
from pathlib import Path


def reach(stage):
    """Say in the log that this stage was reached, and wait there if a test asks for it."""
    if log := os.environ.get("TOY_LOG"):
        with Path(log).open("a") as stream:
            stream.write(f"{stage}\n")
    if stage == "clip" and (slow := os.environ.get("TOY_SLOW")):
        time.sleep(float(slow))
    wanted, _, folder = os.environ.get("TOY_PAUSE", "").partition("=")
    if wanted == stage:
        Path(folder, "reached").touch()
        while not Path(folder, "go").exists():
            time.sleep(0.01)
