"""A batch in parts, one thread each: a small network's operations do not fill several cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeAlias

import torch
from torch import Tensor

Run: TypeAlias = Callable[..., Tensor]
"""Tensors whose first axis is the batch -> a tensor whose first axis is the batch."""


@contextmanager
def in_parts(run: Run, parameters: Sequence[Tensor], parts: int) -> Iterator[Run]:
    """`run` for whole batches, of which each of `parts` threads computes one part.

    Gradients reach `parameters` alone, not the inputs, and are the sums over the parts, always in
    the same order. `run` may not draw random numbers nor mix the items of a batch.

    Args:
        parts: 0 for the threads that torch computes with; 1 gives `run` itself.
    """
    threads = torch.get_num_threads()
    parts = parts or threads
    if parts == 1:
        yield run
        return
    pool = ThreadPoolExecutor(parts, "parts", initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield lambda *inputs: _Parts.apply(
            run, pool, parts, len(inputs), *inputs, *parameters
        )
    finally:
        pool.shutdown()
        torch.set_num_threads(threads)  # MKL has one number for the whole process


class _Parts(torch.autograd.Function):
    """The forward pass keeps one graph per part, the backward pass walks each in its thread."""

    @staticmethod
    def forward(
        ctx: Any, run: Run, pool: ThreadPoolExecutor, parts: int, count: int, *tensors: Tensor
    ) -> Tensor:
        inputs, ctx.parameters = tensors[:count], tensors[count:]
        needed = any(ctx.needs_input_grad)

        def forward(*own: Tensor) -> Tensor:
            with torch.set_grad_enabled(needed):
                return run(*own)

        split = [each.detach().tensor_split(parts) for each in inputs]
        ctx.pool, ctx.outputs = pool, list(pool.map(forward, *split))
        return torch.cat([output.detach() for output in ctx.outputs])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        """Nothing for what is no parameter, then one gradient per parameter."""

        def backward(output: Tensor, gradient: Tensor) -> tuple[Tensor | None, ...]:
            found: tuple[Tensor | None, ...] = torch.autograd.grad(
                output, ctx.parameters, gradient, allow_unused=True
            )
            return found

        sizes = [len(output) for output in ctx.outputs]
        found = list(ctx.pool.map(backward, ctx.outputs, torch.split(gradients[0], sizes)))
        ctx.outputs = []
        own = ([one for one in grads if one is not None] for grads in zip(*found, strict=True))
        summed = [sum(grads[1:], grads[0]) if grads else None for grads in own]
        others = len(ctx.needs_input_grad) - len(summed)
        return (*[None] * others, *summed)
