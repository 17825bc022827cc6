"""What plugin authors import in their tests."""

from irfer_bench.testing.memory import ClipList, MemoryContext

__all__ = ["ClipList", "MemoryContext"]
