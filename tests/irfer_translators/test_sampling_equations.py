"""Steps of the guided samplers written out: energies, low frequencies, starts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from irfer_bench.testing.memory import MemoryContext
from irfer_translators.diffusion.diagnostics import GuidanceToNoise, channel_spread
from irfer_translators.diffusion.egsde import egsde, similarity
from irfer_translators.diffusion.ilvr import ilvr
from irfer_translators.diffusion.lowpass import LowPass
from irfer_translators.diffusion.nfer_sde import bounded, sample
from irfer_translators.diffusion.process import Solver, VPProcess
from irfer_translators.diffusion.sampling import SamplerStep, guided_eps
from irfer_translators.diffusion.sdedit import sdedit
from tests.irfer_translators.drawn import EPS, GRADIENT, PROCESS, SHAPE, X, drawn


@pytest.mark.parametrize("solver", ["ancestral", "em"])
@pytest.mark.parametrize("i", [1, 4])
def test_scales_of_energy_and_noise_are_those_of_the_step(solver: Solver, i: int) -> None:
    """EGSDE's update beta / sqrt(alpha), or equation 3's beta; the noise's deviation."""
    plain = PROCESS.step(solver, X, EPS, i, None)
    guided = PROCESS.step(solver, X, guided_eps(EPS, GRADIENT, PROCESS, i), i, None)
    torch.testing.assert_close(plain - guided, PROCESS.energy_scale(i, solver) * GRADIENT)
    noisy = PROCESS.step(solver, X, EPS, i, GRADIENT)
    torch.testing.assert_close(noisy - plain, PROCESS.noise_scale(i, solver) * GRADIENT)
    beta = PROCESS.betas[i]
    expected = beta if solver == "em" else beta / np.sqrt(1 - beta)
    assert PROCESS.energy_scale(i, solver) == pytest.approx(expected, rel=1e-12)


def test_a_step_without_noise_has_no_scale_of_noise() -> None:
    assert PROCESS.noise_scale(0, "ancestral") == PROCESS.noise_scale(0, "em") == 0
    for solver in ("ddim", "dpmpp", "unipc"):
        assert PROCESS.noise_scale(3, solver) == 0
    large = VPProcess.linear(variance="fixedlarge")
    assert large.noise_scale(9, "ancestral") == pytest.approx(large.betas[9] ** 0.5)
    assert VPProcess.linear().noise_scale(9, "ancestral") < large.noise_scale(9, "ancestral")
    assert large.respaced([1, 5]).rescaled(0.5).variance == "fixedlarge"


def test_guidance_is_reported_as_a_share_of_the_noise() -> None:
    ctx, report = MemoryContext(), GuidanceToNoise(PROCESS, "ancestral")
    zero = torch.zeros(SHAPE)
    for i in reversed(range(5)):
        gradient = None if i == 4 else torch.full(SHAPE, float(i))
        report(SamplerStep(i, zero, zero, gradient, zero))
    report.report(ctx)
    each = [PROCESS.energy_scale(i, "ancestral") * i / PROCESS.noise_scale(i, "ancestral")
            for i in (3, 2, 1)]
    assert ctx.reports["guidance_to_noise"] == pytest.approx(np.mean(each), rel=1e-5)
    shown = str(ctx.reports["guidance_to_noise_by_level"]).split()
    levels, ratios = zip(*(one.split(":") for one in shown), strict=True)
    assert [float(level) for level in levels] == [PROCESS.levels[i] for i in (3, 2, 1)]
    assert [float(ratio) for ratio in ratios] == pytest.approx(each, rel=0.01)


def test_the_spread_of_channels_is_in_units_of_the_image() -> None:
    x = torch.zeros(2, 3, 4, 4)
    x[0, 0], x[0, 2] = -3, 1  # beyond the range of images
    x[1, 1] = 0.5
    assert channel_spread(x) == pytest.approx([1.0, 0.25])


@pytest.mark.parametrize("solver", ["ancestral", "em"])
def test_a_bounded_energy_moves_no_further_than_the_noise(solver: Solver) -> None:
    small, large = 1e-3 * GRADIENT, 1e3 * GRADIENT
    torch.testing.assert_close(bounded(small, PROCESS, 3, solver), small)
    moved = PROCESS.energy_scale(3, solver) * bounded(large, PROCESS, 3, solver)
    expected = torch.full((2,), PROCESS.betas[3] ** 0.5, dtype=torch.float64)
    torch.testing.assert_close(moved.square().mean((1, 2, 3)).sqrt(), expected)


def test_nfer_sde_perturbs_the_source_by_the_noise_of_the_start() -> None:
    """x_M = c_M exactly, so that the first step is not guided; later ones pull to c_t."""
    c, e, A = drawn(4), drawn(5), LowPass(8, 2)
    steps: list[SamplerStep] = []
    energy: dict[str, Any] = {"A": A, "lambda_f": 0.25, "conditional": False}
    sample(lambda x, t: 0.1 * x, c, PROCESS, e, lambda: drawn(6), callback=steps.append, **energy)
    torch.testing.assert_close(steps[0].x, PROCESS.q_sample(c, 4, e))
    assert steps[0].gradient is None
    for step in steps[1:]:
        d = step.x - PROCESS.q_sample(c, step.i, e)
        d.requires_grad_(True)
        (expected,) = torch.autograd.grad(0.25 * (d - A(d)).square().sum(), d)
        torch.testing.assert_close(step.gradient, expected)
    sample(lambda x, t: 0.1 * x, c, PROCESS, e, lambda: drawn(6), callback=steps.append,
           from_source=False, **energy)
    torch.testing.assert_close(steps[5].x, e)
    assert steps[5].gradient is not None


def test_nfer_sde_shows_its_network_the_clean_source_and_the_level() -> None:
    c, told = drawn(4), []

    def net(x: Tensor, t: Tensor) -> Tensor:
        assert torch.equal(x[:, 3:], c)
        told.append(t.tolist())
        return x[:, :3]

    sample(net, c, PROCESS, drawn(5), lambda: drawn(6))
    assert told == [[level] * 2 for level in reversed(PROCESS.levels)]


def test_nfer_sde_draws_no_noise_for_its_last_step() -> None:
    steps: list[SamplerStep] = []
    noise = iter([drawn(6)] * 4)
    sample(lambda x, t: 0.1 * x, drawn(4), PROCESS, drawn(5), noise.__next__, solver="em",
           conditional=False, callback=steps.append)
    last = steps[-1]
    torch.testing.assert_close(last.x_next, PROCESS.em_step(last.x, 0.1 * last.x, 0, None))


def test_nfer_sde_s_stable_step_compares_with_the_source_where_the_step_ends() -> None:
    c, e, A = drawn(4), drawn(5), LowPass(8, 2)
    steps: list[SamplerStep] = []
    sample(lambda x, t: 0.1 * x, c, PROCESS, e, lambda: drawn(6), A=A, lambda_f=0.25, stable=True,
           conditional=False, callback=steps.append)
    for step in steps:
        z = drawn(6) if step.i else None
        x = PROCESS.step("ancestral", step.x, step.eps, step.i, z)
        below = PROCESS.q_sample(c, step.i - 1, e) if step.i else c
        length = 0.25 * PROCESS.energy_scale(step.i, "ancestral")
        torch.testing.assert_close(step.x_next, A.high_pass_step(x, below, length))


def test_what_the_papers_fix_need_not_be_said() -> None:
    x0, e, A = drawn(4), drawn(5), LowPass(8, 2)
    one: dict[str, Any] = {"E": lambda x, t: x.tanh(), "A": A}

    def edit(**given: Any) -> Tensor:
        return sdedit(lambda x, i: 0.1 * x, x0, PROCESS, lambda: e, lambda: drawn(6), **given)

    def translate(**given: Any) -> Tensor:
        return egsde(lambda x, i: 0.1 * x, x0, PROCESS, lambda: e, lambda: drawn(6), **one, **given)

    torch.testing.assert_close(edit(), edit(rounds=1))
    torch.testing.assert_close(translate(), translate(lambda_s=500.0, lambda_i=2.0, rounds=1))
    assert len(VPProcess.cosine()) == len(VPProcess.linear()) == 1000


def test_ilvr_takes_low_frequencies_from_the_source_until_the_last_steps() -> None:
    y, phi, noise = drawn(4).clamp(-1, 1), LowPass(8, 4, "cubic"), drawn(7)
    for before in (True, False):
        steps: list[SamplerStep] = []
        ilvr(lambda x, i: 0.2 * x, y, PROCESS, X, lambda: drawn(6), lambda: noise, phi=phi,
             range_t=1, before=before, callback=steps.append)
        assert [step.i for step in steps] == [4, 3, 2, 1, 0]
        for step in steps:
            clipped = PROCESS.clipped(0.2 * step.x, step.x, step.i)
            x = PROCESS.step("ancestral", step.x, clipped, step.i, drawn(6) if step.i else None)
            if step.i > 1:
                y_t = PROCESS.q_sample(y, step.i if before else step.i - 1, noise)
                x = x + phi(y_t) - phi(x)
            torch.testing.assert_close(step.x_next, x)


def test_egsde_pushes_from_the_source_s_domain_and_pulls_to_its_low_frequencies() -> None:
    x0, e, A = drawn(4), drawn(5), LowPass(8, 2)

    def extract(x: Tensor, t: Tensor) -> Tensor:
        return x.tanh() * (1 + t.view(-1, 1, 1, 1) / 1000)

    steps: list[SamplerStep] = []
    egsde(lambda x, i: 0.1 * x, x0, PROCESS, lambda: e, lambda: drawn(6), E=extract, lambda_s=3.0,
          A=A, lambda_i=0.5, rounds=2, callback=steps.append)
    assert steps[0].gradient is None  # of the second round's start it is not None
    torch.testing.assert_close(steps[5].x, PROCESS.q_sample(steps[4].x_next, 4, e))
    for step in steps[1:]:
        y = step.x.clone().requires_grad_(True)
        x_t, t = PROCESS.q_sample(x0, step.i, e), torch.full((2,), PROCESS.levels[step.i])
        energy = 3.0 * similarity("cosine", extract(y, t), extract(x_t, t)).sum()
        energy = energy + 0.5 * (A(y) - A(x_t)).square().sum()
        torch.testing.assert_close(step.gradient, torch.autograd.grad(energy, y)[0])


def test_similarities_of_features() -> None:
    a, b = torch.zeros(1, 2, 2, 1), torch.zeros(1, 2, 2, 1)
    a[0, :, 0, 0], b[0, :, 0, 0] = torch.tensor([3.0, 4.0]), torch.tensor([4.0, 3.0])
    a[0, :, 1, 0], b[0, :, 1, 0] = torch.tensor([1.0, 0.0]), torch.tensor([2.0, 0.0])
    assert float(similarity("cosine", a, b)) == pytest.approx((24 / 25 + 1) / 2)
    assert float(similarity("neg_l2", a, b)) == pytest.approx(-3.0)
