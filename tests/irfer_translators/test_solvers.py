"""Fast solvers: their first step, their order on a known ODE, their place among NFER-SDE's rows."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from irfer_bench.testing.memory import ClipList
from irfer_translators.diffusion.process import Solver, VPProcess, spaced
from irfer_translators.diffusion.sampling import SamplerStep, guided_eps, sample
from irfer_translators.diffusion.solvers import make_step
from tests.irfer_translators.toys import clip
from tests.irfer_translators.translations import fitted, frames, with_params

SOLVERS: tuple[Solver, ...] = ("ddim", "dpmpp", "unipc")
FULL = VPProcess.linear()
STD = 0.3
"""Deviation of the toy's data, a normal distribution around 0, whose noise prediction is known."""


def walk(solver: Solver, steps: int, x: Tensor, pull: float = 0.0) -> list[SamplerStep]:
    """From level 500; `pull` is lambda of the energy |x|^2 / 2, whose gradient is x."""
    process = FULL.respaced(spaced(500, steps))

    def eps(x: Tensor, i: int) -> Tensor:
        abar = float(process.abar[i])
        return x * math.sqrt(1 - abar) / (abar * STD**2 + 1 - abar)

    def no_noise() -> Tensor:
        raise AssertionError("a solver without noise asked for some")

    seen: list[SamplerStep] = []
    guidance = (lambda x, i: pull * x) if pull else None
    sample(eps, x, process, no_noise, solver=solver, guidance=guidance, callback=seen.append)
    return seen


def exact(x: Tensor) -> Tensor:
    """The ODE keeps every point's place in units of the marginal's deviation."""
    abar = float(FULL.abar[499])
    return x * STD / math.sqrt(abar * STD**2 + 1 - abar)


@pytest.fixture
def x() -> Tensor:
    generator = torch.Generator().manual_seed(4)
    return torch.randn(2, 3, 4, 4, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("pull", [0.0, 0.5])
def test_the_first_step_of_each_is_that_of_ddim(x: Tensor, pull: float) -> None:
    first = [walk(solver, 25, x, pull)[0].x_next for solver in SOLVERS]
    assert float((first[0] - first[1]).abs().max()) < 1e-6
    if pull == 0:  # UniPC corrects at the next step, which sees the same first one
        assert float((first[0] - first[2]).abs().max()) < 1e-6


def test_they_converge_to_the_solution_and_the_second_order_ones_sooner(x: Tensor) -> None:
    # With 25 steps the first-order one is as good here: their last steps lie far apart.
    def off(solver: Solver, steps: int) -> float:
        return float((walk(solver, steps, x)[-1].x_next - exact(x)).square().mean().sqrt())

    errors = {solver: [off(solver, steps) for steps in (25, 100)] for solver in SOLVERS}
    for solver, (few, many) in errors.items():
        assert many < 0.4 * few < 0.02, solver
    for solver in ("dpmpp", "unipc"):
        assert errors[solver][1] < 0.5 * errors["ddim"][1], solver


@pytest.mark.parametrize("solver", SOLVERS)
def test_guidance_moves_them_down_the_energy(x: Tensor, solver: Solver) -> None:
    free, guided = (walk(solver, 25, x, pull)[-1].x_next for pull in (0.0, 0.5))
    assert float(guided.norm()) < 0.8 * float(free.norm())
    step = walk(solver, 25, x, 0.5)[0]
    process = FULL.respaced(spaced(500, 25))
    hat = guided_eps(step.eps, 0.5 * x, process, 24)
    expected = make_step(process, solver)(x, hat, 24, None)
    assert torch.equal(step.x_next, expected)


def test_the_variants_are_rows_of_their_own_with_the_ancestral_networks() -> None:
    full = fitted()
    clips = ClipList([clip("v1"), clip("v2")])
    shown = [frames(full, clips)]
    for solver in SOLVERS:
        fast = with_params(full, f"{solver}25", steps=5)
        assert fast.solver == solver
        both, alone = frames(fast, clips), frames(fast, ClipList([clip("v2")]))
        assert abs(both[1].astype(int) - alone[0]).max() <= 1, "a walk saw another's memory"
        assert all((both[0] != other[0]).any() for other in shown)
        shown.append(both)
    assert with_params(full, "dpmpp25", steps=25).params.steps == 25
