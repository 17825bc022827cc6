"""SR3 and T2V-DDPM written out: noise levels, losses, learned variances."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from irfer_bench.contracts.params import resolve
from irfer_translators.diffusion.learned_range import (
    _discretized_log_likelihood,
    learned_range_losses,
)
from irfer_translators.diffusion.process import VPProcess, spaced
from irfer_translators.diffusion.sampling import noise_model
from irfer_translators.diffusion.sr3 import Sr3, by_noise_level, draw_levels, sr3_loss, sr3_sample
from irfer_translators.diffusion.sr3_params import Sr3Params
from irfer_translators.diffusion.t2v_ddpm import T2vDdpm, t2v_sample
from irfer_translators.diffusion.t2v_ddpm_params import T2vDdpmParams
from tests.irfer_translators.drawn import PROCESS, SHAPE, X, drawn


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
    sr3_loss(net, x0, c, gammas, noise)
    torch.testing.assert_close(shown["level"], gammas)
    above = torch.full((2,), 1 + 1e-7)  # a level that rounding put above 1
    assert sr3_loss(net, x0, c, above, noise).isfinite()


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


@pytest.mark.parametrize(("mean", "log_scale"), [(0.1, -1.5), (0.9, -0.5), (-0.98, -3.0)])
def test_the_probabilities_of_all_256_values_add_up_to_one(mean: float, log_scale: float) -> None:
    """Neighbouring values share the border between them (Ho et al. 2020, equation 13)."""
    of_all = _discretized_log_likelihood(
        torch.linspace(-1, 1, 256, dtype=torch.float64), torch.tensor(mean),
        torch.tensor(log_scale))
    assert float(of_all.exp().sum()) == pytest.approx(1, abs=1e-6)


def test_a_process_of_one_level_has_a_learned_variance() -> None:
    std = VPProcess.linear(1, 1e-4, 0.02).learned_std(torch.ones(1, 3, 2, 2), 0)
    assert float(std.max()) == float(std.min()) == pytest.approx(1e-4**0.5, rel=1e-3)


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
    for far in (-1e3, 1e3):
        output = torch.cat([noise + far, v], 1)
        assert learned_range_losses(output, process, x0, x_t, t, noise)[1].isfinite().all()


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
