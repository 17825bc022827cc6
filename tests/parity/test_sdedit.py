"""SDEdit's rounds against the official sampler, from stored network outputs and by our network."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch import Tensor

from irfer_translators.diffusion.process import VPProcess
from irfer_translators.diffusion.sampling import SamplerStep, noise_model
from irfer_translators.diffusion.sdedit import sdedit
from tests.parity.fixtures import error, fixtures, load, partner
from tests.parity.network_maps import timed

FIXTURES = fixtures("translators", "sdedit")


class Spec:
    """One fixture file: the process, the images, and the noise in the official order."""

    def __init__(self, path: Path) -> None:
        raw, self.metadata = load(path)
        self.t = {name: torch.from_numpy(value) for name, value in raw.items()}
        m = self.metadata
        self.M, self.rounds = int(m["M"]), int(m["K"])
        full = VPProcess.linear(int(m["T"]), float(m["beta_start"]), float(m["beta_end"]))
        self.process = full.respaced(range(self.M))
        source = 2 * (self.t["source_01"] - 0.5)
        self.x0 = source.expand(int(m["n"]), *source.shape)
        kept = self.t["mask"] == 1
        self.kept = kept if kept.any() else None
        rows = self.t["noise"].unflatten(0, (self.rounds, self.M + 1))
        # The official loop also draws noise for the last step of a round and multiplies it by 0.
        self.starts, self.steps = rows[:, 0], rows[:, 1 : self.M].flatten(0, 1)

    def run(self, eps_model: Any, rounds: int = 0) -> tuple[Tensor, list[SamplerStep]]:
        e, z, steps = iter(self.starts), iter(self.steps), list[SamplerStep]()
        x = sdedit(
            eps_model, self.x0, self.process, lambda: next(e), lambda: next(z),
            rounds=rounds or self.rounds, kept=self.kept, callback=steps.append,
        )
        return x, steps


@pytest.mark.parametrize("path", FIXTURES)
def test_rounds_from_stored_outputs(path: Path) -> None:
    spec = Spec(path)
    outputs = iter(spec.t["eps"])
    x, steps = spec.run(lambda x, i: next(outputs))
    assert len(steps) == len(spec.t["x_in"]) == spec.rounds * spec.M
    for s, step in enumerate(steps):
        assert float(spec.t["t"][s][0]) == spec.process.levels[step.i]
        assert error(step.x, spec.t["x_in"][s]) < 1e-5
        edited = slice(None) if spec.kept is None else ~spec.kept.expand_as(step.x)
        assert error(step.x_next[edited], spec.t["x_prop"][s][edited]) < 1e-5
    for k in range(spec.rounds):
        outputs = iter(spec.t["eps"])
        x, _ = spec.run(lambda x, i, outputs=outputs: next(outputs), rounds=k + 1)
        assert error(x, spec.t["result_per_round"][k]) < 1e-5


@pytest.mark.parametrize("path", FIXTURES)
def test_rounds_by_the_ddpm_network(path: Path) -> None:
    spec = Spec(path)
    x, _ = spec.run(noise_model(ddpm(path), spec.process))
    assert error(x, spec.t["result_per_round"][-1]) < 1e-5


@pytest.mark.parametrize("path", FIXTURES)
def test_the_fixture_notices_a_start_at_another_level(path: Path) -> None:
    spec = Spec(path)
    spec.process = spec.process.respaced([*range(spec.M - 2), spec.M - 1])
    spec.M -= 1
    outputs = partial(next, iter(spec.t["eps"]))
    x, _ = spec.run(lambda x, i: outputs())
    assert error(x, spec.t["result_per_round"][-1]) > 1e-3


@pytest.mark.parametrize("path", FIXTURES[:1])
def test_half_of_the_pixels_kept(path: Path, tmp_path: Path) -> None:
    """A file with `half_mask`, made by the README's formulas."""
    made = make_half_mask(path, tmp_path)
    test_rounds_from_stored_outputs(made)
    test_rounds_by_the_ddpm_network(made)


def make_half_mask(path: Path, folder: Path) -> Path:
    """The given file once more, the left half of whose pixels is kept."""
    raw, m = load(path)
    spec = Spec(path)
    net = ddpm(path)
    (folder / "sdedit_weights_made.safetensors").symlink_to(partner(path, "sdedit_weights"))
    mask = torch.zeros_like(spec.t["mask"])
    mask[..., : mask.shape[-1] // 2] = 1
    betas = np.linspace(float(m["beta_start"]), float(m["beta_end"]), int(m["T"]))
    abar = np.cumprod(1 - betas)
    variance = betas * (1 - np.append(1.0, abar[:-1])) / (1 - abar)
    x0, draws = spec.x0.double(), iter(spec.t["noise"].double())
    rows: dict[str, list[Tensor]] = {"x_in": [], "eps": [], "x_prop": [], "result_per_round": []}
    for _ in range(spec.rounds):
        e = next(draws)
        x = abar[spec.M - 1] ** 0.5 * x0 + (1 - abar[spec.M - 1]) ** 0.5 * e
        for i in reversed(range(spec.M)):
            with torch.no_grad():
                eps = net(x, torch.full((len(x),), float(i)))
            mean = (x - betas[i] / (1 - abar[i]) ** 0.5 * eps) / (1 - betas[i]) ** 0.5
            proposed = mean + (i > 0) * variance[i] ** 0.5 * next(draws)
            for name, value in zip(rows, (x, eps, proposed), strict=False):
                rows[name].append(value)
            kept = abar[i] ** 0.5 * x0 + (1 - abar[i]) ** 0.5 * e
            x = torch.where(mask == 1, kept, proposed)
        x0 = torch.where(mask == 1, x0, x)
        rows["result_per_round"].append(x0)
    raw |= {name: torch.stack(values).float().numpy() for name, values in rows.items()}
    made = folder / "sdedit_made.safetensors"
    save_file({**raw, "mask": mask.numpy()}, made, {**m, "half_mask": "True"})
    return made


def ddpm(path: Path) -> Any:
    """The partner file's network in the preset family `ddpm`, called as net(x, t)."""
    return timed(partner(path, "sdedit_weights"), int(load(path)[1]["size"]))
