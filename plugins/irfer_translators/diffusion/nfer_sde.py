"""NFER-SDE: Facial Expression Recognition in near-infrared by a landmark- and frequency-guided SDE.

Zhang et al., AAAI 2024. A conditional score network walks a perturbed visible image c_M back to a
near-infrared one, guided by two energies between x_t and the equally perturbed source c_t:

    eps = eps_theta(cat([x_t, c]), t)                        the clean c          (equation 9)
    E_h = 1/2 ||H(x_t, t) - H(c_t, t)||^2                    landmark heat maps   (equation 6)
    E_f = ||Phi x_t - Phi c_t||^2,  Phi = I - A              high frequencies     (equation 7)
    s_hat = -eps / sqrt(1 - abar_t) - grad(lambda_h E_h + lambda_f E_f)           (equation 5)

No official code exists; open choices follow translators.md §2.1, §3 and §6: U-Net and training of
T2V-DDPM (the paper's declared base) with three output channels, no learned variance; EGSDE's
discretisation, M = 500 and shared noise of c_t; Phi with the triangle kernel and N = size / 8;
EMA 0.9999 and joint flips; H entirely.

Deviations in presets. `bench`: a 128-channel U-Net, lr 1e-4 with warm-up, 60,000 steps. `quick`,
for a laptop: 48 px; a 3.7 M U-Net on a pixel-unshuffled 12 x 12 grid that adds its input back
through predicted gains and predicts x_0 (converted to eps before guidance), trained some 260 steps,
lr 2e-3 with warm-up and linear decay, EMA 0.98; a landmark network of 0.7 M that corrects the mean
heat maps on a 24 x 24 grid, trained 110 steps on the levels below M with little augmentation; 10
evenly spaced steps instead of 500; lambda_h = 3.5, which is 100 (48 / 256)^2: the gradient of the
same heat maps falls on that many times fewer pixels, and 100 tore the picture apart (16.0 dB
against 21.2 on one network of an earlier, shorter recipe).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from irfer_bench.api import (
    CellError,
    Clip,
    Clips,
    Context,
    ContractError,
    Spectrum,
    State,
    TranslationData,
    UsageError,
)
from irfer_bench.nn.device import autocast
from irfer_bench.nn.training import load_module, module_state
from irfer_translators.diffusion.energies import (
    LowPass,
    TimedNet,
    high_pass_energy,
    landmark_energy,
)
from irfer_translators.diffusion.frames import pairs_key, translate_clips
from irfer_translators.diffusion.landmark_net import build_landmark_net
from irfer_translators.diffusion.landmark_training import landmark_key, train_landmark_net
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.process import Prediction, VPProcess, spaced
from irfer_translators.diffusion.sampling import (
    EpsModel,
    Guidance,
    ItemNoise,
    NoiseSource,
    StepFacts,
    sample,
)
from irfer_translators.diffusion.score_training import score_key, train_score_net
from irfer_translators.diffusion.unet import build_unet, freeze, levels

BATCH_PIXELS = 64 * 48 * 48
"""Frames per batch come from this; they change the speed and no pixel."""


def noise_model(
    net: TimedNet, process: VPProcess, c: Tensor | None, prediction: Prediction = "eps"
) -> EpsModel:
    """eps_theta(cat([x_t, c]), t) with the clean source c, or eps_theta(x_t, t) where c is None."""

    def eps(x: Tensor, i: int) -> Tensor:
        seen = x if c is None else torch.cat([x, c], 1)
        output = net(seen, levels(process.levels[i], x)).to(x.dtype)
        return process.to_eps(prediction, output, x, i)

    return eps


@dataclass(frozen=True)
class Energies:
    """lambda_h E_h + lambda_f E_f. A weight of 0 leaves its energy out; H may then be None."""

    lambda_h: float
    lambda_f: float
    H: TimedNet | None
    A: LowPass

    def gradient(self, x: Tensor, c_t: Tensor, t: Tensor) -> Tensor:
        """grad_x of the sum; c_t is a constant."""
        total = torch.zeros_like(x)
        if self.lambda_h > 0:
            if self.H is None:
                raise UsageError("lambda_h is above 0 but no landmark network is there")
            total = total + self.lambda_h * landmark_energy(self.H, x, c_t, t)[1]
        if self.lambda_f > 0:
            total = total + self.lambda_f * high_pass_energy(self.A, x, c_t)[1]
        return total


def guide(
    energies: Energies, process: VPProcess, c: Tensor, e: Tensor,
    fresh: NoiseSource | None = None, started_at_source: bool = True,
) -> Guidance | None:
    """Guidance by the energies against the perturbed source c_t = sqrt(abar) c + sqrt(1 - abar) e.

    Args:
        e: the noise of the start, kept for all steps unless `fresh` draws another at every step.
        started_at_source: the walk began at c_M. With shared noise x_M is then c_M, where all
            gradients are exactly zero, and the first step is left alone.
    """
    if not (energies.lambda_h > 0 or energies.lambda_f > 0):
        return None

    def gradient(x: Tensor, i: int) -> Tensor | None:
        noise = e if fresh is None else fresh()
        if i == len(process) - 1 and started_at_source and fresh is None:
            return None
        c_t = process.q_sample(c, i, noise)
        return energies.gradient(x, c_t, levels(process.levels[i], x))

    return gradient


class GuidanceToNoise:
    """Per step, the mean over items of ||energy step|| / ||noise step||; a sampler callback."""

    def __init__(self, process: VPProcess, params: NferSdeParams) -> None:
        self._process = process
        self._discretisation = params.discretisation
        self.sums: dict[int, float] = {}
        self.items = 0

    def __call__(self, step: StepFacts) -> None:
        if step.i == len(self._process) - 1:
            self.items += len(step.x)
        noise = self._process.noise_scale(step.i, self._discretisation)
        if step.gradient is None or noise == 0:
            return
        moved = self._process.energy_scale(step.i, self._discretisation) * step.gradient.flatten(1)
        # ||z|| of a standard normal vector of n entries is sqrt(n) up to a relative 1 / sqrt(2n).
        ratio = moved.norm(dim=1) / (noise * moved.shape[1] ** 0.5)
        self.sums[step.i] = self.sums.get(step.i, 0.0) + float(ratio.sum())

    def report(self, ctx: Context) -> None:
        """The mean over guided steps, and `level:ratio` of each."""
        if not self.sums or not self.items:
            return
        means = {self._process.levels[i]: total / self.items for i, total in self.sums.items()}
        ctx.report("guidance_to_noise", sum(means.values()) / len(means))
        shown = (f"{level}:{ratio:.3g}" for level, ratio in means.items())
        ctx.report("guidance_to_noise_by_level", " ".join(shown))


class NferSde:
    """The translator: parts `score_net` and `landmark_net`, then a guided walk per frame."""

    def __init__(self, params: NferSdeParams) -> None:
        self.params = params
        self.score: nn.Module | None = None
        self.H: nn.Module | None = None
        self.spectrum: Spectrum = "nir"

    def fit(self, data: TranslationData, ctx: Context) -> None:
        """Get or train the score network and, unless switched off, the landmark network.

        Raises:
            UsageError: no pairs. MissingError: landmarks are needed and not there.
        """
        p = self.params
        if p.conditional and not data.pairs:
            raise UsageError(
                "nfer_sde learns from pairs of visible and target images, and there are none",
                "use a paired dataset, or nfer_sde@baseline, which needs target images alone",
            )
        self.spectrum = _spectrum(data.target_domain)
        # The landmark network first: where landmarks are missing, nobody waits for the other.
        landmarks = State()
        if p.landmark_net:
            key = landmark_key(p, data.key, ctx)
            landmarks = ctx.part("landmark_net", key, lambda: train_landmark_net(p, data, ctx))
        paired = f"{data.key}+{pairs_key(data)}" if p.conditional else data.target.key
        key = score_key(p, paired, ctx)
        score = ctx.part("score_net", key, lambda: train_score_net(p, data, ctx))
        for part in (score, landmarks):
            for name, value in part.scalars.items():
                ctx.report(name, value)
        self._load(score.tensors, landmarks.tensors)

    def translate(self, clips: Clips, ctx: Context) -> Iterator[Clip]:
        """Clips of the target spectrum at the input's size; noise is keyed by item and frame."""
        if self.score is None:
            raise ContractError("nfer_sde: translate was called before fit or restore")
        p = self.params
        nets = [net.to(ctx.device) for net in (self.score, self.H) if net is not None]
        score, H = nets[0], nets[1] if len(nets) > 1 else None
        process = self.process()
        energies = Energies(p.lambda_h, p.lambda_f, H, self.low_pass())
        ratio = GuidanceToNoise(process, p)
        spread: list[float] = []

        def cast_net(x: Tensor, t: Tensor) -> Tensor:
            # The update and the energies stay in float32: only this network is autocast.
            with autocast(ctx):
                y: Tensor = score(x, t)
            return y

        def translate(c: Tensor, facts: Sequence[tuple[str, int]]) -> Tensor:
            c = c.to(ctx.device)
            e, z, fresh = self._noise(c, facts, ctx)
            from_source = p.start == "source"
            x = process.q_sample(c, len(process) - 1, e) if from_source else e
            seen = c if p.conditional else None
            guidance = guide(
                energies, process, c, e, fresh if p.ct_noise == "fresh" else None, from_source
            )
            x = sample(
                noise_model(cast_net, process, seen, p.prediction), x, process, z,
                guidance=guidance, discretisation=p.discretisation, callback=ratio,
            )
            check_finite(x, facts)
            spread.extend(((x.amax(1) - x.amin(1)) / 2).clamp(0, 1).flatten(1).mean(1).tolist())
            return x.mean(1, keepdim=True).expand_as(x) if p.collapse == "mean" else x

        yield from translate_clips(
            clips, translate, size=p.size, batch=max(1, BATCH_PIXELS // p.size**2),
            spectrum=self.spectrum, ctx=ctx,
        )
        ratio.report(ctx)
        if spread:
            ctx.report("channel_spread", sum(spread) / len(spread))

    def _noise(
        self, c: Tensor, facts: Sequence[tuple[str, int]], ctx: Context
    ) -> tuple[Tensor, ItemNoise, ItemNoise]:
        """Start noise e, step noise z and fresh noise of c_t: streams of their own, so that a run
        that draws from one more of them changes none of the others."""
        e, z, fresh = (
            ItemNoise(
                [ctx.seed_for("nfer_sde", stream, item, str(frame)) for item, frame in facts],
                c.shape[1:], ctx.device,
            )
            for stream in ("start", "step", "fresh")
        )
        return e(), z, fresh

    def process(self) -> VPProcess:
        """The levels that the walk visits."""
        p = self.params
        top = p.start_level if p.start == "source" else p.timesteps
        full = VPProcess.linear(p.timesteps, p.beta_start, p.beta_end, p.variance)
        return full.respaced(spaced(top, p.steps))

    def low_pass(self) -> LowPass:
        """A of Phi = I - A."""
        p = self.params
        return LowPass(p.size, p.filter_factor or p.size // 8, p.filter_kernel)

    def state(self) -> State:
        """Both networks; the landmark network only where it was trained."""
        if self.score is None:
            raise ContractError("nfer_sde: nothing is fitted yet")
        tensors = module_state(self.score, "score.")
        if self.H is not None:
            tensors |= module_state(self.H, "landmarks.")
        return State(tensors, {"spectrum": self.spectrum})

    def restore(self, state: State) -> None:
        """Put back what `state` gave."""
        self.spectrum = _spectrum(state.scalars["spectrum"])
        score, landmarks = (
            {k.removeprefix(group): v for k, v in state.tensors.items() if k.startswith(group)}
            for group in ("score.", "landmarks.")
        )
        self._load(score, landmarks)

    def _load(self, score: Mapping[str, Any], landmarks: Mapping[str, Any]) -> None:
        p = self.params
        self.score = build_unet(p.net, p.size, 6 if p.conditional else 3, 3)
        load_module(self.score, score)
        freeze(self.score)
        if landmarks:
            self.H = build_landmark_net(p.h_net, p.size)
            load_module(self.H, landmarks)
            freeze(self.H)


def check_finite(x: Tensor, facts: Sequence[tuple[str, int]]) -> None:
    """Raise CellError where a walk left the numbers: a picture of nothing must not be scored."""
    bad = ~x.isfinite().flatten(1).all(1)
    if bad.any():
        item, frame = facts[int(bad.int().argmax())]
        raise CellError(
            f"nfer_sde: the translation of item {item!r}, frame {frame}, is not finite",
            "lower lambda_h or lambda_f, or take more steps",
        )


def _spectrum(domain: str) -> Spectrum:
    known: tuple[Spectrum, ...] = ("vis", "nir", "lwir")
    for spectrum in known:
        if domain == spectrum or domain.startswith(f"{spectrum}_"):
            return spectrum
    raise UsageError(f"target domain {domain!r} is of no known spectrum", "use vis, nir or lwir")
