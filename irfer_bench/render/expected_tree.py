"""The folders and files that a dataset expects, as text."""

from __future__ import annotations

from irfer_bench.contracts.component import Component
from irfer_bench.render.escape import terminal


def tree_lines(component: Component) -> list[str]:
    """A heading and the expected tree below it, safe for a terminal; else nothing."""
    lines = component.tree.splitlines()
    return ["expected below the root:", *(f"  {terminal(line)}" for line in lines)] if lines else []
