"""Expression names and their spellings, by their names in this family."""

from irfer_bench.api import canonical, nearest

__all__ = ["canonical", "nearest"]
