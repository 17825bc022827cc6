"""The sandbox itself: every rule that it checks is noticed when it is broken."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.fuzz.probe import NEEDED, ROOT

BREAK = """
import os, sys, time
from pathlib import Path
from tests.fuzz import sandbox
from irfer_bench.errors import CellError, DamagedError

home, decoy = Path(sys.argv[1]), Path(sys.argv[2])
sandbox.SECONDS, sandbox.MEMORY = 0.3, 200 * 2**20

def spin():
    while True:
        pass

def refuse(error):
    raise error

BROKEN = {
    "an exception": (lambda: {}["key"], "KeyError"),
    "a write outside": (lambda: decoy.write_text("overwritten"), "open writes"),
    "a folder outside": (lambda: (decoy.parent / "new").mkdir(), "os.mkdir writes"),
    "a file removed": (lambda: os.remove(decoy), "os.remove writes"),
    "another program": (lambda: os.system("true"), "os.system"),
    "the net": (lambda: __import__("socket").getaddrinfo("localhost", 1), "socket.getaddrinfo"),
    "time": (spin, "took more than"),
    "memory": (lambda: bytearray(400 * 2**20), "MemoryError"),
    "an exit code": (lambda: refuse(CellError("the plugin raised it")), "exit code 1"),
    "escapes": (lambda: print("\\x1b[31m"), "printed"),
    "a traceback": (lambda: print("Traceback (most recent call last)"), "printed a traceback"),
}
guard = sandbox.Guard((home,))
for name, (call, fault) in BROKEN.items():
    found = guard.judge(call, (2, 3, 4))
    assert found.outcome == "fault" and found.fault.startswith(fault), (name, found)
for call, outcome in (
    (lambda: (home / "file").touch(), "accepted"),
    (lambda: refuse(DamagedError("no image")), "refused"),
    (lambda: sys.exit(2), "refused"),
):
    found = guard.judge(call, (2, 3, 4))
    assert (found.outcome, found.fault) == (outcome, ""), found
print("all noticed")
"""


@pytest.fixture
def folders(tmp_path):
    for name in ("home", "decoy"):
        (tmp_path / name).mkdir()
    (tmp_path / "decoy" / "file").write_text("left alone")
    return tmp_path / "home", tmp_path / "decoy" / "file"


def test_every_broken_rule_is_noticed(folders):
    given = {name: os.environ[name] for name in NEEDED if name in os.environ}
    given["PYTHONPATH"] = os.pathsep.join(map(str, (ROOT, ROOT / "plugins")))
    done = subprocess.run(
        [sys.executable, "-c", BREAK, *map(str, folders)], env=given, text=True, timeout=300,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.stdout == "all noticed\n", done.stderr


def test_a_process_that_dies_is_a_fault_of_its_input_alone(probe):
    list(probe.feed("images", [b""]))
    probe._child.kill()
    (first, second) = probe.feed("images", [b"", b"\x89PNG"])
    assert first.fault.startswith("the process ended with")
    assert (second.outcome, second.code) == ("refused", 4)
