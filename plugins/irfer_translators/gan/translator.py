"""Base class of adversarial translators: the generator, its state, frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from irfer_bench.api import Clip, Clips, Context, ContractError, Spectrum, State, TranslationData
from irfer_bench.nn.device import autocast
from irfer_bench.nn.training import load_module, module_state
from irfer_translators.diffusion.diagnostics import channel_spread, check_finite
from irfer_translators.diffusion.diffusion_params import checkpoint
from irfer_translators.diffusion.frames import translate_clips
from irfer_translators.gan.foreign import load_generator
from irfer_translators.gan.gan_params import GanParams
from irfer_translators.spectra import target_spectrum

P = TypeVar("P", bound=GanParams)
BATCH_PIXELS = 64 * 48 * 48
"""Images per batch follow from this; it changes the speed and no pixel."""


class GanTranslator(ABC, Generic[P]):
    """Base of the adversarial translators: a method gives its generator and how it is trained.

    Attributes:
        name: of the method, for messages.
    """

    name: ClassVar[str]

    def __init__(self, params: P) -> None:
        self.params = params
        self.generator: nn.Module | None = None
        self.spectrum: Spectrum = "nir"

    @abstractmethod
    def build(self) -> nn.Module:
        """An untrained generator."""

    @abstractmethod
    def train(self, data: TranslationData, ctx: Context) -> nn.Module:
        """Train all networks; the generator is what remains."""

    def fit(self, data: TranslationData, ctx: Context) -> None:
        """Train the generator, or read it from the file that `weights` names."""
        self.spectrum = target_spectrum(data.target_domain)
        path = checkpoint(self.params.weights, ctx.weights)
        if path is None:
            net = self.train(data, ctx)
        else:
            net = self.build()
            ctx.report("weights_keys", load_generator(net, path, self.name))
        self.generator = net.eval().requires_grad_(False)

    def translate(self, clips: Clips, ctx: Context) -> Iterator[Clip]:
        """Clips of the target spectrum at the input's size.

        Raises:
            ContractError: called before `fit` or `restore`. CellError: a result is not finite.
        """
        if self.generator is None:
            raise ContractError(f"{self.name}: translate was called before fit or restore")
        p, generator = self.params, self.generator.to(ctx.device)
        spread: list[float] = []

        def translate_batch(c: Tensor, items: Sequence[tuple[str, int]]) -> Tensor:
            with autocast(ctx):
                x = self.generate(generator, c.to(ctx.device), items, ctx)
            x = x.float()
            check_finite(x, self.name, items, "train it again with a lower rate")
            spread.extend(channel_spread(x))
            return x.mean(1, keepdim=True).expand_as(x) if p.collapse == "mean" else x

        yield from translate_clips(
            clips, translate_batch, size=p.size, batch=max(1, BATCH_PIXELS // p.size**2),
            spectrum=self.spectrum, ctx=ctx,
        )
        if spread:
            ctx.report("channel_spread", sum(spread) / len(spread))

    @torch.no_grad()
    def generate(
        self, generator: nn.Module, c: Tensor, items: Sequence[tuple[str, int]], ctx: Context
    ) -> Tensor:
        """Translate a batch (B, 3, S, S) in [-1, 1] of (item id, frame number)."""
        x: Tensor = generator(c)
        return x

    def state(self) -> State:
        """The generator, as named tensors that `weights` reads back, and the target spectrum."""
        if self.generator is None:
            raise ContractError(f"{self.name}: nothing is fitted yet")
        return State(module_state(self.generator, "generator."), {"spectrum": self.spectrum})

    def restore(self, state: State) -> None:
        """Put back what `state` gave."""
        self.spectrum = target_spectrum(state.scalars["spectrum"])
        net = self.build()
        load_module(net, state.tensors, "generator.")
        self.generator = net.eval().requires_grad_(False)
