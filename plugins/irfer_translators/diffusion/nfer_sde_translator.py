"""NFER-SDE as a translator: its two networks, its checks, and the call of its sampling loop."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as nnf

from irfer_bench.api import Context, State, TranslationData, UsageError
from irfer_translators.diffusion.landmark_net import build_landmark_net
from irfer_translators.diffusion.landmark_training import landmark_part
from irfer_translators.diffusion.lowpass import LowPass
from irfer_translators.diffusion.nfer_sde import sample, score_loss
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.process import Solver
from irfer_translators.diffusion.sampling import Callback
from irfer_translators.diffusion.score_training import UNCONDITIONAL, ScoreTask
from irfer_translators.diffusion.translator import ClipNoise, DiffusionTranslator


class NferSde(DiffusionTranslator[NferSdeParams]):
    """Networks `score` and, unless switched off, `landmarks`."""

    name: ClassVar[str] = "nfer_sde"
    left_out: ClassVar[str] = "the energies E_h and E_f, where their weights are above 0"
    advice: ClassVar[str] = "lower lambda_h or lambda_f, or take more steps"
    without_pairs: ClassVar[str] = (
        "use a paired dataset, or nfer_sde@baseline, which needs target images alone"
    )

    def task(self) -> ScoreTask:
        """With the source as condition, or the unconditional one of the baseline."""
        return conditional_task(self.params) if self.params.conditional else UNCONDITIONAL

    def train(self, data: TranslationData, ctx: Context) -> Mapping[str, State]:
        """Get or train both networks.

        Raises:
            MissingError: landmarks are needed and not there.
        """
        p = self.params
        # The landmark network first: missing landmarks are reported before the longer training.
        landmarks = {"landmarks": landmark_part(p, data, ctx)} if p.landmark_net else {}
        return {**super().train(data, ctx), **landmarks}

    def build(self, name: str) -> nn.Module:
        """An untrained score or landmark network."""
        p = self.params
        return build_landmark_net(p.h_net, p.size) if name == "landmarks" else super().build(name)

    @property
    def solver(self) -> Solver:
        """EGSDE's update or equation 3."""
        return self.params.discretisation

    def top(self) -> int:
        """M from the source, T from noise."""
        return self.params.start_level if self.params.start == "source" else self.params.timesteps

    def start(self) -> int | None:
        """The highest level that is visited, or noise."""
        return super().start() if self.params.start == "source" else None

    def sample(self, c: Tensor, noise: ClipNoise, ctx: Context, callback: Callback) -> Tensor:
        """Translate a batch; the landmark network is never autocast, so that E_h stays exact."""
        p = self.params
        if p.lambda_h and "landmarks" not in self.nets:
            raise UsageError("lambda_h is above 0 but no landmark network is there")
        H = self.nets["landmarks"].to(ctx.device) if p.lambda_h else None
        A = LowPass(p.size, p.filter_factor or p.size // 8, p.filter_kernel)
        return sample(
            self.net("score", ctx), c, self.process(), noise.stream("start")(),
            noise.stream("step"), H=H, lambda_h=p.lambda_h, A=A if p.lambda_f else None,
            lambda_f=p.lambda_f, conditional=p.conditional, prediction=p.prediction,
            solver=self.solver, from_source=p.start == "source",
            fresh=noise.stream("fresh") if p.ct_noise == "fresh" else None,
            stable=p.energy_step == "stable", callback=callback,
        )


def conditional_task(params: NferSdeParams) -> ScoreTask:
    """The score network of pairs, by mean squared error or by the mean absolute error."""
    if params.loss == "mse":
        return ScoreTask(score_loss, conditional=True)
    absolute = partial(score_loss, distance=nnf.l1_loss)
    return ScoreTask(absolute, conditional=True, key={"loss": "l1"})
