"""Steps of the samplers written out: energies, low frequencies, noise levels, starts, variances."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import MemoryContext
from irfer_translators.diffusion.diagnostics import GuidanceToNoise, channel_spread
from irfer_translators.diffusion.egsde import egsde, similarity
from irfer_translators.diffusion.ilvr import ilvr
from irfer_translators.diffusion.learned_range import learned_range_losses
from irfer_translators.diffusion.lowpass import LowPass
from irfer_translators.diffusion.nfer_sde import bounded, sample
from irfer_translators.diffusion.process import Solver, VPProcess, spaced
from irfer_translators.diffusion.sampling import SamplerStep, guided_eps, noise_model
from irfer_translators.diffusion.sr3 import Sr3, by_noise_level, draw_levels, sr3_loss, sr3_sample
from irfer_translators.diffusion.sr3_params import Sr3Params
from irfer_translators.diffusion.t2v_ddpm import T2vDdpm, t2v_sample
from irfer_translators.diffusion.t2v_ddpm_params import T2vDdpmParams

PROCESS = VPProcess.linear().respaced(spaced(500, 5))
SHAPE = (2, 3, 8, 8)


def drawn(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(SHAPE, generator=generator, dtype=torch.float64)


X, EPS, GRADIENT = drawn(1), drawn(2), drawn(3)


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


def test_sr3_draws_a_level_between_two_neighbours_and_tells_it_to_the_network() -> None:
    process = VPProcess.linear(T=4, start=0.1, end=0.5)
    edges = np.sqrt(np.append(1.0, process.abar))
    torch.manual_seed(0)
    t = torch.arange(4).repeat(100)
    gamma = draw_levels(process, t).numpy()
    for k in range(4):
        own = gamma[k::4]
        assert edges[k + 1] <= own.min() < own.max() <= edges[k]
        assert own.std() == pytest.approx((edges[k] - edges[k + 1]) / 12**0.5, rel=0.2)
    gammas = torch.tensor([0.6, 0.8], dtype=torch.float64)
    shown: dict[str, Tensor] = {}

    def net(x: Tensor, level: Tensor) -> Tensor:
        shown.update(x=x, level=level)
        return x[:, 3:]

    c, x0, noise = drawn(4), drawn(5), drawn(6)
    for norm, expected in (("l1", Tensor.abs), ("l2", Tensor.square)):
        loss = partial(sr3_loss, net, x0, c, gammas, noise, norm=norm, scale=10.0)  # type: ignore[arg-type]
        signal, sigma = gammas.view(2, 1, 1, 1), torch.tensor([0.8, 0.6]).view(2, 1, 1, 1).double()
        x = signal * x0 + sigma * noise
        for prediction, target in (
            ("eps", noise), ("sample", x0), ("v", signal * noise - sigma * x0)
        ):
            found, wanted = loss(prediction=prediction).double(), expected(x - target).mean()
            torch.testing.assert_close(found, wanted, rtol=1e-5, atol=0)
        torch.testing.assert_close(shown["x"], torch.cat([c, x], 1))
        torch.testing.assert_close(shown["level"], 10 * gammas)


def test_sr3_samples_from_noise_by_levels_of_noise_and_clips() -> None:
    process, told, c = by_noise_level(PROCESS, 1000.0), [], drawn(4)

    def net(x: Tensor, gamma: Tensor) -> Tensor:
        assert torch.equal(x[:, :3], c)
        told.append(float(gamma[0]))
        return torch.full(SHAPE, 7.0, dtype=torch.float64)

    x = sr3_sample(net, c, process, X, lambda: drawn(6), prediction="sample")
    assert told == pytest.approx(list(1000 * np.sqrt(PROCESS.abar[::-1])))
    torch.testing.assert_close(x, torch.ones(SHAPE, dtype=torch.float64))


@pytest.mark.parametrize(("draw", "alike"), [("batch", True), ("image", False)])
def test_sr3_s_intervals_are_of_the_batch_or_of_each_image(
    draw: str, alike: bool
) -> None:
    made = Sr3(resolve(Sr3Params, component="sr3", preset="quick", given={"level_draw": draw}))
    task, process = made.task(), VPProcess.linear()
    shown: list[Tensor] = []

    def net(x: Tensor, level: Tensor) -> Tensor:
        shown.append(level)
        return x[:, :3]

    x = torch.zeros(3, 3, 8, 8)
    task.loss(net, process, x, x, torch.tensor([0, 500, 999]), x, "eps")
    spread = float(shown[0].max() - shown[0].min())
    assert (spread < 1) == alike  # quick's network is given a thousand times gamma
    assert task.conditional
    assert task.process is None


def test_t2v_s_loss_and_levels() -> None:
    p = resolve(T2vDdpmParams, component="t2v", given={"vb_weight": 0.25, "timesteps": 500})
    made = T2vDdpm(p)
    task = made.task()
    process = task.process
    assert (len(process), process.levels[0], process.levels[-1]) == (100, 0.0, 998.0)
    assert task.outputs == 6
    shown: list[Tensor] = []

    def net(x: Tensor, t: Tensor) -> Tensor:
        shown.extend((x, t))
        return torch.cat([x[:, :3], 0.1 * x[:, 3:]], 1)

    x0, c, noise, t = drawn(4), drawn(5), drawn(6), torch.tensor([3, 70])
    x_t = process.q_sample(x0, t, noise)
    loss = task.loss(net, process, x0, c, t, noise, "eps")
    torch.testing.assert_close(shown[0], torch.cat([x_t, c], 1))
    assert shown[1].tolist() == pytest.approx([process.levels[3], process.levels[70]])
    both = learned_range_losses(torch.cat([x_t, 0.1 * c], 1), process, x0, x_t, t, noise)
    torch.testing.assert_close(loss, (both[0] + 0.25 * both[1]).mean())


def test_the_variational_term_is_the_divergence_of_the_two_steps_in_bits() -> None:
    process, x0, noise = VPProcess.linear(T=50, end=0.2), drawn(4), drawn(6)
    t, v = torch.tensor([7, 30]), drawn(8).tanh()
    x_t = process.q_sample(x0, t, noise)
    predicted = noise + 0.1 * drawn(9)
    simple, vlb = learned_range_losses(
        torch.cat([predicted, v], 1), process, x0, x_t, t, noise)
    torch.testing.assert_close(
        simple.double(), (predicted - noise).square().mean((1, 2, 3)), rtol=1e-5, atol=0)
    for k, i in enumerate(t.tolist()):
        true_mean = process.ancestral_step(x_t[k], noise[k], i, None)
        mean = process.ancestral_step(x_t[k], predicted[k], i, None)
        std = process.learned_std(v[k], i)
        own = Normal(true_mean, float(process.step_variance[i]) ** 0.5)
        expected = kl_divergence(own, Normal(mean, std)).mean() / np.log(2)
        torch.testing.assert_close(vlb[k].double(), expected, rtol=1e-3, atol=0)


def test_the_variational_term_teaches_the_variance_alone() -> None:
    process, x0, noise = VPProcess.linear(T=50, end=0.2), drawn(4), drawn(6)
    t = torch.tensor([0, 30])
    x_t = process.q_sample(x0, t, noise)
    output = torch.cat([noise + 0.1 * drawn(9), drawn(8).tanh()], 1).requires_grad_(True)
    _, vlb = learned_range_losses(output, process, x0, x_t, t, noise)
    (gradient,) = torch.autograd.grad(vlb.sum(), output)
    assert not gradient[:, :3].any()
    assert gradient[:, 3:].flatten(1).any(1).all()


def test_a_network_that_predicts_images_and_variances_gives_noise_and_variances() -> None:
    x, image, v = drawn(1), drawn(2), drawn(3)
    eps = noise_model(lambda x, t: torch.cat([image, v], 1), PROCESS, "sample")(x, 2)
    torch.testing.assert_close(eps, torch.cat([PROCESS.to_eps("sample", image, x, 2), v], 1))
    alone = noise_model(lambda x, t: image, PROCESS, "sample")(x, 2)
    torch.testing.assert_close(alone, PROCESS.to_eps("sample", image, x, 2))


def test_the_first_level_s_term_is_the_likelihood_of_8_bit_values() -> None:
    process = VPProcess.linear(T=50, end=0.2)
    x0 = torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0]).expand(1, 3, 5, 5).double() * 1.0
    t, noise = torch.zeros(1, dtype=torch.long), torch.full_like(x0, 0.3)
    x_t, v = process.q_sample(x0, t, noise), torch.zeros_like(x0)
    _, vlb = learned_range_losses(torch.cat([noise + 0.2, v], 1), process, x0, x_t, t, noise)
    mean = process.predicted_x0(noise + 0.2, x_t, 0)
    # The posterior's variance is 0 here: that of the next level stands in its place.
    std = float(np.exp(0.25 * (np.log(process.betas[0]) + np.log(process.step_variance[1]))))
    plus, minus = (Normal(mean, std).cdf(x0 + s / 255) for s in (1, -1))
    p = torch.where(x0 < -0.999, plus, torch.where(x0 > 0.999, 1 - minus, plus - minus))
    expected = -p.clamp_min(1e-12).log().mean() / np.log(2)
    torch.testing.assert_close(vlb[0].double(), expected, rtol=0.02, atol=0)


@pytest.mark.parametrize(("skip", "first"), [(0, 9), (4, 5)])
def test_t2v_starts_from_noise_or_from_the_source_one_level_higher(skip: int, first: int) -> None:
    process, c, e = VPProcess.linear().respaced(spaced(1000, 10)), drawn(4), drawn(5)
    shown: list[tuple[Tensor, float]] = []

    def net(x: Tensor, t: Tensor) -> Tensor:
        assert torch.equal(x[:, 3:], c)
        shown.append((x[:, :3], float(t[0])))
        return torch.cat([0.1 * x[:, :3], torch.zeros_like(c)], 1)

    t2v_sample(net, c, process, e, lambda: drawn(6), skip=skip)
    assert [level for _, level in shown] == list(process.levels[first::-1])
    torch.testing.assert_close(shown[0][0], process.q_sample(c, 6, e) if skip else e)


def test_t2v_fast_skips_the_noisiest_two_fifths() -> None:
    fast = T2vDdpm(resolve(T2vDdpmParams, component="t2v", variant="fast"))
    whole = T2vDdpm(resolve(T2vDdpmParams, component="t2v"))
    assert (len(fast.process()), len(whole.process())) == (60, 100)
    assert fast.process().levels == whole.process().levels[:60]
