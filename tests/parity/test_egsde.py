"""EGSDE against the official sampler: from stored outputs, and by both networks and energies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from irfer_bench.nn.images import to_frames
from irfer_translators.diffusion.egsde import independent_energy, specific_energy
from irfer_translators.diffusion.process import Variance, VPProcess
from irfer_translators.diffusion.sampling import SamplerStep, guided_eps, sample
from tests.parity.egsde_files import Spec, make_file
from tests.parity.fixtures import error, fixtures, load

TRAJECTORIES = fixtures("translators", "egsde_traj")


def read_process(metadata: dict[str, str]) -> VPProcess:
    return VPProcess.linear(
        int(metadata["T"]), float(metadata["beta_start"]), float(metadata["beta_end"]),
        cast("Variance", metadata["var_type"]),
    )


def draw(noise: Iterator[Tensor]) -> Tensor:
    return next(noise).double()


@pytest.mark.parametrize("path", TRAJECTORIES)
def test_tables(path: Path) -> None:
    tensors, metadata = load(path)
    process = read_process(metadata)
    assert error(process.betas, tensors["betas"]) < 1e-6
    # Index 0 has no posterior variance: the official table holds a floor there that is never used.
    assert error(np.log(process.step_variance)[1:], tensors["logvar"][1:]) < 1e-5


@pytest.mark.parametrize("path", TRAJECTORIES)
def test_sampling_from_stored_outputs(path: Path) -> None:
    raw, metadata = load(path)
    t = {name: torch.from_numpy(value) for name, value in raw.items()}
    M, rounds = int(metadata["M"]), int(metadata["K"])
    ls, li = float(metadata["lambda_s"]), float(metadata["lambda_i"])
    full = read_process(metadata)
    process = full.respaced(range(M))
    x = t["source"].double()
    for k in range(rounds):
        noise = iter(t["noise"][k * (M + 1) :])
        e = next(noise)
        x = process.q_sample(x, M - 1, e)

        def at(i: int, k: int = k) -> int:
            return k * M + (M - 1 - i)

        def eps(x: Tensor, i: int) -> Tensor:
            return t["eps"][at(i)].to(x)

        def guidance(x: Tensor, i: int) -> Tensor:
            gradients = ls * t["grad_specific"][at(i)] + li * t["grad_independent"][at(i)]
            return gradients.to(x)

        def check(step: SamplerStep, e: Tensor = e) -> None:
            s = at(step.i)
            assert float(t["t"][s][0]) == process.levels[step.i]
            assert error(step.x, t["y_in"][s]) < 1e-5, step.i
            assert error(step.x_next, t["y_out"][s]) < 1e-5, step.i
            c_t = process.q_sample(t["source"].double(), step.i, e)
            assert error(c_t, t["source_t"][s]) < 1e-5

        x = sample(eps, x, process, partial(draw, noise), guidance=guidance, callback=check)
    assert np.abs(to_frames(x).astype(int) - raw["final_uint8"]).max() <= 1
    assert (to_frames(x) == raw["final_uint8"]).mean() > 0.999


@pytest.mark.parametrize("path", TRAJECTORIES)
def test_both_energies_and_their_gradients(path: Path) -> None:
    spec = Spec(path)
    t = spec.t
    for s in range(len(t["y_in"])):
        y, c_t, time = (t[key][s] for key in ("y_in", "source_t", "t"))
        E_s, g_s = specific_energy(spec.domain, y.double(), c_t.double(), time, spec.form_s)
        E_i, g_i = independent_energy(spec.A, y.double(), c_t.double(), spec.form_i)
        for found, key in ((E_s.sum(), "energy_specific_sum"), (g_s, "grad_specific"),
                           (E_i.sum(), "energy_independent_sum"), (g_i, "grad_independent")):
            assert error(found, t[key][s]) < 1e-5, (key, s)


@pytest.mark.parametrize("path", TRAJECTORIES)
def test_whole_trajectory_by_both_networks(path: Path) -> None:
    spec = Spec(path)
    steps = spec.run()
    assert len(steps) == len(spec.t["y_in"]) == spec.M * spec.rounds
    for s, step in enumerate(steps):
        assert error(step.x, spec.t["y_in"][s]) < 1e-5, s
        assert error(step.eps, spec.t["eps"][s]) < 1e-5, s
        assert error(step.x_next, spec.t["y_out"][s]) < 1e-5, s
    assert (to_frames(steps[-1].x_next) == spec.raw["final_uint8"]).mean() > 0.999


@pytest.mark.parametrize(
    "changed",
    [{"lambda_s": -500.0}, {"E": None}, {"lambda_i": -2.0}, {"A": None}, {"form_s": "neg_l2"}],
    ids=["sign of E_s", "no E_s", "sign of E_i", "no E_i", "other similarity"],
)
@pytest.mark.parametrize("path", TRAJECTORIES)
def test_the_fixture_notices(path: Path, changed: dict[str, Any]) -> None:
    spec = Spec(path)
    if changed.get("form_s") == spec.form_s:
        changed = {"form_s": "cosine"}
    assert error(spec.run(**changed)[-1].x_next, spec.t["y_out"][-1]) > 1e-4


BRANCHES = {
    "both forms the other way": {"s1": "neg_l2", "s2": "cosine", "lambda_s": "0.5"},
    "two rounds and the larger variance": {"K": "2", "var_type": "fixedlarge", "M": "3"},
    "two rounds without E_s": {"K": "2", "lambda_s": "0.0", "s1": "neg_l2"},
}


@pytest.mark.parametrize("name", BRANCHES)
@pytest.mark.parametrize("path", TRAJECTORIES[:1])
def test_branches_that_no_given_file_switches(path: Path, name: str, tmp_path: Path) -> None:
    made = make_file(path, tmp_path, **BRANCHES[name])
    test_tables(made)
    test_sampling_from_stored_outputs(made)
    test_both_energies_and_their_gradients(made)
    test_whole_trajectory_by_both_networks(made)


@pytest.mark.parametrize("path", TRAJECTORIES)
def test_guidance_adds_to_the_noise_prediction(path: Path) -> None:
    """`mean -= lambda * beta / sqrt(alpha) * grad` is the plain step with eps_hat."""
    raw, metadata = load(path)
    process = read_process(metadata)
    i = int(raw["t"][0][0]) - 1
    keys = ("y_in", "eps", "grad_independent")
    x, eps, g = (torch.from_numpy(raw[key][1]).double() for key in keys)
    beta = process.betas[i]
    literal = process.ancestral_step(x, eps, i, None) - beta / np.sqrt(1 - beta) * g
    guided = process.ancestral_step(x, guided_eps(eps, g, process, i), i, None)
    assert error(guided, literal) < 1e-12
