"""Filter gradient, sampler, and drawing the embedded benchmark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from irfer_bench.contracts.params import resolve
from irfer_bench.testing.faces import make_faces
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_synth.dataset import SynthDataset
from irfer_synth.synth_params import SynthParams
from irfer_translators.diffusion.landmark_net import build_landmark_net
from irfer_translators.diffusion.lowpass import LowPass
from irfer_translators.diffusion.nfer_sde import high_pass_energy
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.nfer_sde_translator import NferSde
from irfer_translators.diffusion.unet import build_unet, freeze
from tests.benchmarks.diffusion import cpu_seconds
from tests.benchmarks.harness import seconds


def filter_gradient(tiny: bool) -> tuple[float, float]:
    """Gradient of E_f on 64 images of 48 px, 20 times: closed form against autograd."""
    count = 1 if tiny else 20
    torch.manual_seed(0)
    x, c = torch.randn(2, 2 if tiny else 64, 3, 48, 48)
    A = LowPass(48, 6)

    def closed() -> Tensor:
        return high_pass_energy(A, x, c)[1]

    def automatic() -> Tensor:
        free = x.detach().requires_grad_(True)
        energy, _ = high_pass_energy(A, free, c)
        (gradient,) = torch.autograd.grad(energy.sum(), free)
        return gradient

    torch.testing.assert_close(closed(), automatic(), rtol=1e-4, atol=1e-4)
    return seconds(lambda: _repeat(closed, count)), seconds(lambda: _repeat(automatic, count))


def sampler(tiny: bool) -> tuple[float, float]:
    """NFER-SDE's guided sampling (`quick`) of 32 images: in one batch against one by one."""
    params = resolve(NferSdeParams, component="nfer_sde", preset="quick")
    torch.manual_seed(0)
    method = NferSde(params)
    method.nets = {
        "score": freeze(build_unet(params.net, params.size, 6, 3)),
        "landmarks": freeze(build_landmark_net(params.h_net, params.size)),
    }
    clips = make_faces("vis", range(1 if tiny else 6), size=params.size)
    picked = [clips[i] for i in range(2 if tiny else 32)]
    ctx = MemoryContext()

    def one_by_one() -> list[Any]:
        return [next(iter(method.translate(ClipList([clip]), ctx))) for clip in picked]

    list(method.translate(ClipList(picked[:1]), ctx))
    return (
        cpu_seconds(lambda: list(method.translate(ClipList(picked), ctx))),
        cpu_seconds(one_by_one),
    )


def drawing(tiny: bool) -> tuple[float, float]:
    """512 stills of the embedded benchmark: many at a time against one by one."""
    dataset = SynthDataset(SynthParams())
    items = [i for i in dataset.index(None) if i.frames == 1][: 4 if tiny else 512]
    list(dataset.read_many(items[:2]))
    return (
        seconds(lambda: list(dataset.read_many(items))),
        seconds(lambda: [dataset.read(None, item) for item in items]),
    )


def _repeat(work: Callable[[], object], count: int) -> None:
    for _ in range(count):
        work()
