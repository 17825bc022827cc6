"""Peak memory of a computation, counted on tensors without values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class TensorMemory(TorchDispatchMode):
    """The bytes of all tensors that are alive at once, each storage once.

    Under `FakeTensorMode` nothing is computed, so networks larger than the machine can be counted.
    What an operation needs inside and what the allocator keeps are not included.

    Args:
        given: tensors that exist before, such as weights and inputs.
    """

    def __init__(self, given: Iterable[Tensor] = ()) -> None:
        super().__init__()
        self.alive: dict[int, tuple[StorageWeakRef, int]] = {}
        self.total = self.peak = 0
        for x in given:
            self._add(x)

    def _add(self, x: Tensor) -> None:
        storage = x.untyped_storage()
        if storage._cdata not in self.alive:
            self.alive[storage._cdata] = (StorageWeakRef(storage), storage.nbytes())
            self.total += storage.nbytes()

    def _drop_freed(self) -> None:
        for key in [key for key, (ref, _) in self.alive.items() if ref.expired()]:
            self.total -= self.alive.pop(key)[1]

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None,
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        tensors = [x for x in tree_leaves(made) if isinstance(x, torch.Tensor)]
        if any(x.untyped_storage()._cdata in self.alive for x in tensors):
            self._drop_freed()  # an address that is used again is another storage
        for x in tensors:
            self._add(x)
        if self.total > self.peak:
            self._drop_freed()
            self.peak = max(self.peak, self.total)
        return made
