"""Tools for the tests of plugin authors."""

from irfer_bench.testing.memory import ClipList, MemoryContext

__all__ = ["ClipList", "MemoryContext"]
