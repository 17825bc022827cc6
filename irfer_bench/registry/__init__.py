"""Components of all plugins: found through entry points, checked, looked up by kind and name."""

from irfer_bench.registry.announcement import KINDS, NAME
from irfer_bench.registry.catalogue import OWN, Failure, Registered, Registry
from irfer_bench.registry.discovery import GROUP, load

__all__ = ["GROUP", "KINDS", "NAME", "OWN", "Failure", "Registered", "Registry", "load"]
