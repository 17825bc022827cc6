"""Base class of diffusion translators: networks, state, noise, frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from torch import Tensor, nn

from irfer_bench.api import Clip, Clips, Context, ContractError, Spectrum, State, TranslationData
from irfer_bench.nn.device import autocast
from irfer_bench.nn.training import load_module, module_state
from irfer_translators.diffusion.diagnostics import GuidanceToNoise, channel_spread, check_finite
from irfer_translators.diffusion.diffusion_params import DiffusionParams
from irfer_translators.diffusion.frames import translate_clips
from irfer_translators.diffusion.pipeline import Usage, write_pipeline
from irfer_translators.diffusion.process import Solver, VPProcess, spaced
from irfer_translators.diffusion.sampling import Callback, ItemNoise, TimedNet
from irfer_translators.diffusion.score_training import (
    UNCONDITIONAL,
    ScoreTask,
    check_domain,
    check_pairs,
    score_net,
)
from irfer_translators.diffusion.unet import build_unet, freeze
from irfer_translators.spectra import target_spectrum

P = TypeVar("P", bound=DiffusionParams)
BATCH_PIXELS = 64 * 48 * 48
"""Frames per batch follow from this; it changes the speed and no pixel."""
SEED_NAME = "nfer_sde"
"""First name of the noise's seeds in all methods, so that they can be compared on equal noise."""


class ClipNoise:
    """Streams of noise for a batch, keyed by item, so that neighbours change no pixel.

    All frames of a clip get the noise of its first frame: noise of their own would make a
    translated video flicker.

    Args:
        items: id of the item that each frame belongs to. shape: of one frame, (C, H, W).
    """

    def __init__(self, items: Sequence[str], shape: Sequence[int], ctx: Context) -> None:
        self._items, self._shape, self._ctx = items, shape, ctx

    def stream(self, name: str) -> ItemNoise:
        """Draws of one purpose; drawing from one stream changes none of the others."""
        seeds = [self._ctx.seed_for(SEED_NAME, name, item, "0") for item in self._items]
        return ItemNoise(seeds, self._shape, self._ctx.device)


class DiffusionTranslator(ABC, Generic[P]):
    """Base of the diffusion translators: a method gives `sample`, and its parts if it has more.

    Attributes:
        nets: frozen networks by name; `score` is always one of them.
        name: of the method, for messages. advice: what to do where a result is not finite.
        joined: the network's input where it is conditional, in order. clips: each predicted x_0
            is clipped. left_out: what else steers `sample`, for the readers of an export.
        without_pairs: what to do where a method that learns from pairs finds none.
    """

    name: ClassVar[str]
    advice: ClassVar[str] = "take more steps"
    without_pairs: ClassVar[str] = "use a paired dataset"
    joined: ClassVar[tuple[str, str]] = ("x_t", "source")
    clips: ClassVar[bool] = False
    left_out: ClassVar[str] = ""

    def __init__(self, params: P) -> None:
        self.params = params
        self.nets: dict[str, nn.Module] = {}
        self.spectrum: Spectrum = "nir"

    @abstractmethod
    def sample(self, c: Tensor, noise: ClipNoise, ctx: Context, callback: Callback) -> Tensor:
        """Translate a batch (B, 3, S, S) in [-1, 1]; the result is clipped later."""

    def task(self) -> ScoreTask:
        """What the score network learns; the network that all share unless overridden."""
        return UNCONDITIONAL

    def check(self, data: TranslationData) -> None:
        """Refuse data that the score network cannot learn from; one from a file needs none.

        Raises:
            UsageError: it learns from a domain that is empty, or from pairs and there are none.
        """
        if self.params.weights:
            return
        check_domain(data.target, data.target_domain, self.name)
        if self.task().conditional:
            check_domain(data.source, data.source_domain, self.name)
            check_pairs(data, self.name, self.without_pairs)

    def train(self, data: TranslationData, ctx: Context) -> Mapping[str, State]:
        """Get or train the networks by name; the score network alone unless overridden."""
        return {"score": score_net(self.params, data, ctx, self.task())}

    def build(self, name: str) -> nn.Module:
        """An untrained network of this name."""
        task = self.task()
        return build_unet(self.params.net, self.params.size, task.inputs, task.outputs)

    @property
    def solver(self) -> Solver:
        """The solver of `sample`."""
        return "ancestral"

    @property
    def learns_variance(self) -> bool:
        """Whether half of the score network's output is the range of the variance."""
        return self.task().outputs > 3

    def trained(self) -> VPProcess:
        """All levels that the network learns, and what it is given at each."""
        p = self.params
        return VPProcess.linear(p.timesteps, p.beta_start, p.beta_end, p.variance)

    def visited(self) -> Sequence[int]:
        """Indices of the trained levels that sampling visits, ascending."""
        return spaced(self.top(), self.params.steps)

    def start(self) -> int | None:
        """Index to which the source is noised before the first step; None starts from noise."""
        return self.visited()[-1]

    def process(self) -> VPProcess:
        """The levels that sampling visits, up to `start_level`."""
        return self.trained().respaced(self.visited())

    def top(self) -> int:
        """How many of the levels lie below the start."""
        return self.params.start_level

    def fit(self, data: TranslationData, ctx: Context) -> None:
        """Get or train the networks and report their losses."""
        self.spectrum = target_spectrum(data.target_domain)
        self.check(data)
        parts = self.train(data, ctx)
        for part in parts.values():
            for fact, value in part.scalars.items():
                ctx.report(fact, value)
        self._load(parts)

    def translate(self, clips: Clips, ctx: Context) -> Iterator[Clip]:
        """Clips of the target spectrum at the input's size.

        Raises:
            ContractError: called before `fit` or `restore`. CellError: a result is not finite.
        """
        if not self.nets:
            raise ContractError(f"{self.name}: translate was called before fit or restore")
        p = self.params
        guidance = GuidanceToNoise(self.process(), self.solver)
        spread: list[float] = []

        def translate_batch(c: Tensor, items: Sequence[tuple[str, int]]) -> Tensor:
            noise = ClipNoise([item for item, _ in items], c.shape[1:], ctx)
            x = self.sample(c.to(ctx.device), noise, ctx, guidance)
            check_finite(x, self.name, items, self.advice)
            spread.extend(channel_spread(x))
            return x.mean(1, keepdim=True).expand_as(x) if p.collapse == "mean" else x

        yield from translate_clips(
            clips, translate_batch, size=p.size, batch=max(1, BATCH_PIXELS // p.size**2),
            spectrum=self.spectrum, ctx=ctx,
        )
        guidance.report(ctx)
        if spread:
            ctx.report("channel_spread", sum(spread) / len(spread))

    def net(self, name: str, ctx: Context) -> TimedNet:
        """A network on the context's device, in its precision; updates stay in float32."""
        module = self.nets[name].to(ctx.device)

        def autocast_net(x: Tensor, t: Tensor) -> Tensor:
            with autocast(ctx):
                y: Tensor = module(x, t)
            return y

        return autocast_net

    def state(self) -> State:
        """All networks and the target spectrum."""
        if not self.nets:
            raise ContractError(f"{self.name}: nothing is fitted yet")
        tensors: dict[str, Any] = {}
        for name, net in self.nets.items():
            tensors |= module_state(net, f"{name}.")
        return State(tensors, {"spectrum": self.spectrum})

    def usage(self) -> Usage:
        """How another program samples with the score network."""
        return Usage(
            self.trained(), self.visited(), self.start(), self.params.prediction,
            inputs=self.joined if self.task().conditional else ("x_t",), clip=self.clips,
            learned_range=self.learns_variance, solver=self.solver, left_out=self.left_out,
        )

    def export(self, folder: Path) -> str:
        """Put the score network there as a pipeline of diffusers, where it is one of theirs."""
        if write_pipeline(self.nets["score"], self.usage(), folder / "diffusers"):
            return ""
        return f"the U-Net {self.params.net!r} is not one of diffusers': no such folder is written"

    def restore(self, state: State) -> None:
        """Put back what `state` gave."""
        self.spectrum = target_spectrum(state.scalars["spectrum"])
        groups: dict[str, State] = {}
        for name in dict.fromkeys(key.split(".", 1)[0] for key in state.tensors):
            own = {k.removeprefix(f"{name}."): v for k, v in state.tensors.items()
                   if k.startswith(f"{name}.")}
            groups[name] = State(own)
        self._load(groups)

    def _load(self, parts: Mapping[str, State]) -> None:
        for name, part in parts.items():
            net = self.build(name)
            load_module(net, part.tensors)
            self.nets[name] = freeze(net)
