"""Diffusion translators against straightforward loops, and against their U-Net alone.

Processor time on one thread. The straightforward loop takes one image at a time and writes the
paper's equations down: a score network, energies whose gradients autograd finds one by one, the
update. It must give the same images.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import MemoryContext
from irfer_translators.diffusion.domain_net import build_domain_net
from irfer_translators.diffusion.egsde import Egsde, similarity
from irfer_translators.diffusion.egsde_params import EgsdeParams
from irfer_translators.diffusion.landmark_net import build_landmark_net
from irfer_translators.diffusion.lowpass import LowPass
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.nfer_sde_translator import NferSde
from irfer_translators.diffusion.sdedit import SdEdit
from irfer_translators.diffusion.sdedit_params import SdEditParams
from irfer_translators.diffusion.translator import ClipNoise
from irfer_translators.diffusion.unet import build_unet, freeze

METHODS: dict[str, tuple[Any, Any]] = {
    "nfer_sde": (NferSde, NferSdeParams), "egsde": (Egsde, EgsdeParams),
    "sdedit": (SdEdit, SdEditParams),
}
SMALL = {"size": 16, "steps": 2}


def against_reference(name: str, tiny: bool) -> tuple[float, float]:
    """16 images through the networks of `quick`: ours, and the straightforward loop."""
    # The reference takes explicit steps, as all presets but `quick` do.
    given = {"energy_step": "explicit"} if name == "nfer_sde" else {}
    method = made(name, "quick", **(SMALL if tiny else {}), **given)
    c = images(2 if tiny else 16, method.params.size)
    noises = [noise(method, [k], c) for k in range(len(c))]

    def plainly() -> Tensor:
        rows = zip(c.split(1), noises, strict=True)
        return torch.cat([reference(method, name, row, draws()) for row, draws in rows])

    ours, expected = translate(method, c), plainly()
    torch.testing.assert_close(ours, expected, rtol=0, atol=2e-2)
    return cpu_seconds(lambda: translate(method, c)), cpu_seconds(plainly)


def over_forward(name: str, tiny: bool) -> tuple[float, float]:
    """Four images of 64 px, four steps, the networks of `bench`: ours, and the U-Net alone."""
    given = {"size": 32 if name == "nfer_sde" else 16} if tiny else {"size": 64, "steps": 4}
    method = made(name, "quick" if tiny else "bench", **given, **({"steps": 2} if tiny else {}))
    c = images(1 if tiny else 4, method.params.size)
    net = method.net("score", MemoryContext())
    x = torch.cat([c, c], 1) if name == "nfer_sde" else c

    def alone() -> None:
        with torch.no_grad():
            for level in method.process().levels:
                net(x, torch.full((len(x),), float(level)))

    alone()
    return cpu_seconds(lambda: translate(method, c)), cpu_seconds(alone)


def made(name: str, preset: Literal["quick", "bench"], **given: Any) -> Any:
    """A translator whose networks are random."""
    cls, params = METHODS[name]
    method = cls(resolve(params, component=name, preset=preset, given=given))
    p = method.params
    torch.manual_seed(0)
    method.nets = {"score": freeze(build_unet(p.net, p.size, 6 if name == "nfer_sde" else 3, 3))}
    if name == "nfer_sde":
        method.nets["landmarks"] = freeze(build_landmark_net(p.h_net, p.size))
    if name == "egsde":
        method.nets["domain"] = freeze(build_domain_net(p.dse_net, p.size))
    return method


def images(count: int, size: int) -> Tensor:
    """(count, 3, size, size) in [-1, 1]."""
    return torch.rand((count, 3, size, size), generator=torch.Generator().manual_seed(1)) * 2 - 1


def noise(method: Any, items: list[int], c: Tensor) -> Callable[[], ClipNoise]:
    """Makes the noise of these items anew."""
    return lambda: ClipNoise([str(k) for k in items], c.shape[1:], MemoryContext())


def translate(method: Any, c: Tensor) -> Tensor:
    """A batch through the production code."""
    draws = noise(method, list(range(len(c))), c)()
    made: Tensor = method.sample(c, draws, MemoryContext(), lambda step: None)
    return made


def reference(method: Any, name: str, c: Tensor, draws: ClipNoise) -> Tensor:
    """One image by the equations, energies by autograd."""
    p, process, net = method.params, method.process(), method.nets["score"]
    e, z = draws.stream("start")(), draws.stream("step")
    A = LowPass(p.size, p.size // 8)
    x = process.q_sample(c, len(process) - 1, e)
    for i in reversed(range(len(process))):
        t = torch.full((1,), float(process.levels[i]))
        with torch.no_grad():
            output = net(torch.cat([x, c], 1) if name == "nfer_sde" else x, t)
        eps = process.to_eps(p.prediction, output, x, i)
        c_t = process.q_sample(c, i, e)
        gradient = torch.zeros_like(x)
        for weight, energy in energies(method, name, A, t):
            gradient = gradient + weight * by_autograd(energy, x, c_t)
        beta = float(process.betas[i])
        mean = (x - beta / float(np.sqrt(1 - process.abar[i])) * eps) / float(np.sqrt(1 - beta))
        x = mean - beta / float(np.sqrt(1 - beta)) * gradient
        if i:
            x = x + float(np.sqrt(process.step_variance[i])) * z()
    return x


Energy = Callable[[Tensor, Tensor], Tensor]


def energies(method: Any, name: str, A: LowPass, t: Tensor) -> list[tuple[float, Energy]]:
    """(weight, energy of (x, c_t)) of a method."""
    p = method.params
    if name == "nfer_sde":
        H = method.nets["landmarks"]
        return [
            (p.lambda_h, lambda x, c: 0.5 * (H(x, t) - H(c, t)).square().sum()),
            (p.lambda_f, lambda x, c: ((x - A(x)) - (c - A(c))).square().sum()),
        ]
    if name == "egsde":
        E = method.nets["domain"]
        return [
            (p.lambda_s, lambda x, c: similarity("cosine", E(x, t), E(c, t)).sum()),
            (p.lambda_i, lambda x, c: (A(x) - A(c)).square().sum()),
        ]
    return []


def by_autograd(energy: Energy, x: Tensor, c_t: Tensor) -> Tensor:
    """grad_x of an energy."""
    free = x.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(energy(free, c_t), free)
    return gradient


def cpu_seconds(work: Callable[[], object]) -> float:
    """Processor time of one call on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        begun = time.process_time()
        work()
        return time.process_time() - begun
    finally:
        torch.set_num_threads(threads)
