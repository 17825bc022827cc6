"""Execution of the detectors that are torch networks of other packages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def steady() -> Iterator[None]:
    """Run with one thread and no gradients, so that sums keep their order and boxes are equal.

    Preparation runs one process per core; the number of threads is put back for what comes after.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            yield
    finally:
        torch.set_num_threads(threads)
