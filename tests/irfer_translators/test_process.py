"""The shared diffusion process: algebra that every diffusion translator leans on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from irfer_translators.diffusion.process import Prediction, Solver, VPProcess, spaced
from irfer_translators.diffusion.sampling import noise_model, sample


def noisy(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x0, noise = (
        torch.randn(2, 3, 4, 4, generator=generator, dtype=torch.float64) for _ in range(2)
    )
    return x0, noise


def test_tables_are_double_precision_where_single_fails() -> None:
    process = VPProcess.linear()
    assert process.abar.dtype == np.float64
    assert process.abar[[100, 500, 700]] == pytest.approx([0.895, 0.078, 0.007], abs=6e-4)
    assert process.step_variance[1] == pytest.approx(
        process.betas[1] * (1 - process.abar[0]) / (1 - process.abar[1]), rel=1e-12
    )


@pytest.mark.parametrize("prediction", ["eps", "v", "sample"])
@given(i=st.integers(0, 999))
@settings(max_examples=25, deadline=None)
def test_every_prediction_converts_back_to_the_noise(prediction: Prediction, i: int) -> None:
    process = VPProcess.linear()
    x0, noise = noisy()
    x = process.q_sample(x0, i, noise)
    target = process.target(prediction, x0, i, noise)
    torch.testing.assert_close(process.to_eps(prediction, target, x, i), noise, atol=1e-9, rtol=0)
    many = process.q_sample(x0, torch.tensor([i, i]), noise)
    torch.testing.assert_close(many, x)


@given(count=st.integers(1, 60), top=st.integers(1, 1000))
@settings(max_examples=50, deadline=None)
def test_respacing_keeps_the_marginals(count: int, top: int) -> None:
    kept = spaced(top, count)
    assert kept == sorted(set(kept))
    assert kept[-1] == top - 1
    assert len(kept) == min(count, top)
    process = VPProcess.linear()
    # A beta near 1 keeps its alpha to one rounding of 1, and no better.
    np.testing.assert_allclose(
        process.respaced(kept).abar, process.abar[kept], rtol=1e-12, atol=np.finfo(float).eps
    )
    assert process.respaced(kept).levels == tuple(kept)


def test_both_discretisations_agree_to_second_order_in_beta() -> None:
    process = VPProcess.linear(T=100, start=1e-4, end=1e-3)
    x0, noise = noisy()
    x = process.q_sample(x0, 50, noise)
    a, b = process.ancestral_step(x, noise, 50, None), process.em_step(x, noise, 50, None)
    beta = process.betas[50]
    assert float((a - b).abs().max()) < 3 * beta**2 * float(x.abs().max()) / 0.1
    assert float((a - x).abs().max()) > 10 * float((a - b).abs().max())


@pytest.mark.parametrize("solver", ["ancestral", "em", "ddim"])
def test_a_perfect_model_leads_back_to_the_image(solver: Solver) -> None:
    process = VPProcess.linear().respaced(spaced(500, 50))
    x0, noise = noisy()
    start = process.q_sample(x0, 49, noise)

    def perfect(x: torch.Tensor, i: int) -> torch.Tensor:
        return process.to_eps("sample", x0, x, i)

    generator = torch.Generator().manual_seed(5)
    x = sample(
        perfect, start, process,
        lambda: torch.randn(start.shape, generator=generator, dtype=torch.float64),
        solver=solver,
    )
    assert float((x - x0).abs().max()) < 1e-3


def test_the_sampler_refuses_to_keep_a_graph() -> None:
    process = VPProcess.linear(T=4)
    x = torch.zeros(1, 3, 4, 4)
    weight = torch.ones(1, requires_grad=True)
    with pytest.raises(RuntimeError, match="graph"):
        sample(lambda x, i: x, x, process, lambda: x, guidance=lambda x, i: x * weight)
    # The network's own parameters never make a graph: it is called without gradients.
    out = sample(lambda x, i: x * weight, x, process, lambda: x)
    assert not out.requires_grad


def test_no_noise_is_drawn_for_the_last_step() -> None:
    calls = []
    x = torch.zeros(1, 1, 2, 2)

    def noise() -> torch.Tensor:
        calls.append(1)
        return x

    sample(lambda x, i: x, x, VPProcess.linear(T=5), noise)
    assert len(calls) == 4


@pytest.mark.parametrize("betas", [[0.0, 0.1], [0.5, 1.0]])
def test_impossible_schedules_are_refused(betas: list[float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        VPProcess(np.array(betas), (0, 1))


def test_cosine_schedule_follows_its_formula_and_keeps_beta_below_one() -> None:
    process = VPProcess.cosine(T=1000)
    t = np.arange(1, 1001) / 1000
    expected = np.cos((t + 0.008) / 1.008 * np.pi / 2) ** 2 / np.cos(0.008 / 1.008 * np.pi / 2) ** 2
    np.testing.assert_allclose(process.abar[:990], expected[:990], rtol=1e-9)
    assert process.betas.max() == 0.999


def test_a_rescaled_process_changes_the_time_input_alone() -> None:
    process = VPProcess.linear(T=4000, end=0.005).respaced([0, 1, 3999])
    scaled = process.rescaled(1000 / 4000)
    assert scaled.levels == (0.0, 0.25, 999.75)
    np.testing.assert_array_equal(scaled.abar, process.abar)
    told: list[float] = []

    def net(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        told.append(float(t[0]))
        return x

    sample(noise_model(net, scaled), torch.zeros(1, 3, 2, 2), scaled, lambda: torch.zeros(1))
    assert told == [999.75, 0.25, 0.0]


def test_clipping_keeps_the_predicted_image_in_range() -> None:
    process = VPProcess.linear().respaced(spaced(500, 5))
    x0 = torch.tensor([[-3.0, 0.25, 2.0]], dtype=torch.float64)
    out = sample(
        lambda x, i: process.to_eps("sample", x0, x, i), torch.zeros_like(x0), process,
        lambda: torch.zeros_like(x0), clip=True,
    )
    torch.testing.assert_close(out, torch.tensor([[-1.0, 0.25, 1.0]], dtype=torch.float64))


def test_ddim_draws_no_noise() -> None:
    def forbidden() -> torch.Tensor:
        raise AssertionError("noise was drawn")

    x = torch.zeros(1, 1, 2, 2)
    sample(lambda x, i: x, x, VPProcess.linear(T=5), forbidden, solver="ddim")


def test_levels_on_a_device_are_not_fetched_from_it() -> None:
    """Fetching waits for the device at every training step; `meta` refuses it altogether."""
    x0 = torch.empty(2, 3, 4, 4, device="meta")
    t = torch.empty(2, dtype=torch.int64, device="meta")
    process = VPProcess.linear()
    assert process.q_sample(x0, t, x0).shape == x0.shape
    for prediction in ("eps", "v", "sample"):
        assert process.target(prediction, x0, t, x0).device.type == "meta"
