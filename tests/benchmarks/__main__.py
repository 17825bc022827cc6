"""`python -m tests.benchmarks [WORD]`: measure and write the table of docs/performance.md.

With a word only the benchmarks whose name holds it are measured, and nothing is written.
"""

from __future__ import annotations

import sys

from tests.benchmarks.catalogue import BENCHMARKS
from tests.benchmarks.harness import machine, measure, table, write


def main(word: str = "") -> None:
    """Print the table; write it where everything was measured."""
    lines = []
    for benchmark in BENCHMARKS:
        if word in benchmark.name:
            lines.append(measure(benchmark))
            sys.stderr.write(" | ".join(lines[-1]) + "\n")
    sys.stdout.write(f"{table(lines)}\n\n{machine()}\n")
    if not word:
        write(lines)


if __name__ == "__main__":
    main(*sys.argv[1:])
