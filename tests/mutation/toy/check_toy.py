"""The toy's tests; not collected with the others, since their name does not begin with test_."""

import subprocess
import sys

from mutation_toy import larger, waits


def test_larger() -> None:
    assert larger(1, 2) == 2
    assert larger(5, 3) == 5


def test_waits() -> None:
    assert waits(3) == 0


def test_in_another_process() -> None:
    code = "import mutation_toy as toy; assert toy.larger(5, 3) == 5"
    subprocess.run([sys.executable, "-c", code], check=True)
