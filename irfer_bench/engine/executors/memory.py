"""Memory of a process group, and the number of processes that the kernel killed for memory."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
COUNTED = ("RssAnon:", "RssShmem:")
"""Resident memory without mapped files: many processes map the same stored clips."""


def can_measure() -> bool:
    """Whether this system reports the memory of other processes."""
    return (PROC / "self" / "status").is_file()


def group_mb(group: int) -> float:
    """Resident memory of all processes of a group, in MB; 0 for an empty group."""
    total = 0
    for entry in os.scandir(PROC):
        if entry.name.isdecimal():
            with suppress(OSError, IndexError, ValueError):  # a process may end at any moment
                stat = (PROC / entry.name / "stat").read_text()
                if int(stat.rpartition(")")[2].split()[2]) == group:
                    total += _resident(PROC / entry.name / "status")
    return total / 1024


def _resident(status: Path) -> int:
    lines = (line.split() for line in status.read_text().splitlines())
    return sum(int(words[1]) for words in lines if words and words[0] in COUNTED)


def system_kills() -> int:
    """Number of out-of-memory kills in this process's control group (Linux)."""
    with suppress(OSError, ValueError, IndexError):
        group = (PROC / "self" / "cgroup").read_text().strip().splitlines()[-1].split("::")[1]
        events = Path("/sys/fs/cgroup") / group.lstrip("/") / "memory.events"
        for line in events.read_text().splitlines():
            name, count = line.split()
            if name == "oom_kill":
                return int(count)
    return 0
