"""Run benchmarks, take medians, write the table of docs/performance.md."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"
MARK = "<!-- measured: python -m tests.benchmarks -->"


@dataclass(frozen=True)
class Benchmark:
    """One line of the table.

    Args:
        name: what is measured. ours, other: what stands on either side.
        run: `run(tiny)` returns (our seconds, the other's seconds or None).
        repeat: how often; the median counts.
        budget: what the figures must not exceed, in words.
        unit: of the figures; `GiB` of what is counted in memory, `times` of what is a ratio.
        lacking: why this machine cannot measure it, in words; empty where it can.
        parts: what our figure consists of, in words.
        clips: how many clips each side reads; the table then says how many a second.
    """

    name: str
    ours: str
    other: str
    run: Callable[[bool], tuple[float, float | None]]
    repeat: int = 5
    budget: str = ""
    unit: Literal["s", "GiB", "times"] = "s"
    lacking: Callable[[], str] = str
    parts: Callable[[], str] = str
    clips: int = 0


def no_matrix_units() -> str:
    """Empty where the processor multiplies matrices of bf16 in units of its own (AMX)."""
    flags = Path("/proc/cpuinfo")
    has = flags.exists() and "amx_bf16" in flags.read_text().split()
    return "" if has else "this processor has no bf16 matrix units"


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def processor_seconds(work: Callable[[], object]) -> float:
    """Processor time of one call."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def measure(benchmark: Benchmark) -> list[str]:
    """One line of the table: medians, and how many times as long the other takes.

    Where the machine lacks what it needs, the line says so in place of figures.
    """
    lacking = benchmark.lacking()
    if lacking:
        return [benchmark.name, f"skipped: {lacking}", "", "", benchmark.budget]
    pairs = [benchmark.run(False) for _ in range(benchmark.repeat)]
    ours = statistics.median(pair[0] for pair in pairs)
    others = [pair[1] for pair in pairs if pair[1] is not None]
    other = statistics.median(others) if others else None
    unit, parts, clips = benchmark.unit, benchmark.parts(), benchmark.clips
    own = f"{benchmark.ours}: {shown(ours, unit)}{rate(clips, ours)}"
    return [
        benchmark.name,
        own + (f" ({parts})" if parts else ""),
        f"{benchmark.other}: {shown(other, unit)}{rate(clips, other)}"
        if other is not None else benchmark.other,
        f"{other / ours:.2g}" if other is not None else "",
        benchmark.budget,
    ]


def shown(value: float, unit: str = "s") -> str:
    """Seconds or milliseconds, or another unit; three digits."""
    if unit != "s":
        return f"{value:.3g} {unit}"
    return f"{value:.3g} s" if value >= 1 else f"{1000 * value:.3g} ms"


def rate(clips: int, taken: float) -> str:
    """Clips a second, in three digits or whole; empty where no clips are counted."""
    if not clips:
        return ""
    number = clips / taken
    return f", {number:,.0f} clips/s" if number >= 1000 else f", {number:.3g} clips/s"


def table(lines: Iterable[list[str]]) -> str:
    """The lines as one Markdown table."""
    from tabulate import tabulate

    headers = ["what", "ours", "the other", "other / ours", "aim"]
    return str(tabulate(lines, headers, tablefmt="github", disable_numparse=True))


def machine() -> str:
    """Where the table was measured, in one sentence."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load {os.getloadavg()[0]:.1f} when it ended" if hasattr(os, "getloadavg") else ""
    day = time.strftime("%Y-%m-%d", time.gmtime())
    return f"Medians on {cores} cores ({platform.machine()}){load}, {day}."


def write(lines: Iterable[list[str]], document: Path = DOCUMENT) -> None:
    """Put the table below the document's mark, in place of the last one."""
    text = document.read_text(encoding="utf-8")
    head, mark, _ = text.partition(MARK)
    if not mark:
        raise SystemExit(f"{document} has no line {MARK}")
    document.write_text(f"{head}{MARK}\n\n{table(lines)}\n\n{machine()}\n", encoding="utf-8")
