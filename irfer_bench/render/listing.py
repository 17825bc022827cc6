"""All components as text: settings by dataset, the others by family, what can run here marked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from irfer_bench.render.layout import listed, wrapped

HERE, ABSENT = "✓", " "


@dataclass(frozen=True)
class Entry:
    """One line of a listing.

    Args:
        group: what it is listed under. here: whether it can run on this machine.
        lacking: what is missing, as text.
    """

    name: str
    text: str
    group: str
    here: bool
    lacking: str = ""


def render_entries(
    title: str, entries: Sequence[Entry], width: int, heading: Callable[[str], str] = str
) -> Iterator[str]:
    """A kind of components: its groups in order, those that can run here first.

    Args:
        heading: the line above a group.
    """
    yield title
    groups = dict.fromkeys(entry.group for entry in entries)
    for group in sorted(groups, key=lambda name: (not _some(entries, name), name)):
        own = sorted((e for e in entries if e.group == group), key=lambda e: natural(e.name))
        if len(groups) > 1 or group:
            yield from wrapped(heading(group), width, "  ")
        rows = [
            (f"{HERE if entry.here else ABSENT} {entry.name}",
             f"{entry.text} ({entry.lacking})".strip() if entry.lacking else entry.text)
            for entry in own
        ]  # fmt: skip
        yield from listed(rows, width, indent="    " if len(groups) > 1 or group else "  ")


def natural(name: str) -> list[object]:
    """A key that sorts `weak2` before `weak10`."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def _some(entries: Sequence[Entry], group: str) -> bool:
    return any(entry.here for entry in entries if entry.group == group)
