"""Adversarial methods: a training step against a plain PyTorch loop, sampling against one by one.

Processor times of one thread, so that what else the machine does matters little.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from irfer_bench.contracts.params import resolve
from irfer_bench.testing.faces import make_faces
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_translators.gan import hifacegan, networks
from irfer_translators.gan.cyclegan import CycleGan, CycleGanStep
from irfer_translators.gan.cyclegan_params import CycleGanParams
from irfer_translators.gan.hifacegan import HiFaceGan, HiFaceGanStep
from irfer_translators.gan.hifacegan_networks import MultiscaleDiscriminator
from irfer_translators.gan.hifacegan_params import HiFaceGanParams
from irfer_translators.gan.networks import PatchDiscriminator
from irfer_translators.gan.pix2pix import Pix2Pix, Pix2PixStep
from irfer_translators.gan.pix2pix_params import Pix2PixParams
from tests.benchmarks.harness import processor_seconds

Nets = dict[str, nn.Module]


def cyclegan_step(tiny: bool) -> tuple[float, float]:
    """CycleGAN's step (`quick`) against separate passes and a plain Adam."""
    p = resolve(CycleGanParams, component="cyclegan", preset="quick", given={"pool": 0})
    torch.manual_seed(0)
    nets: Nets = {name: networks.initialize(CycleGan(p).build()) for name in ("G_A", "G_B")}
    nets |= {name: networks.initialize(PatchDiscriminator(3, p.ndf)) for name in ("D_A", "D_B")}
    plain = copy.deepcopy(nets)
    adams = [_adam([plain[a], plain[b]], p.lr, (p.beta1, 0.999))
             for a, b in (("G_A", "G_B"), ("D_A", "D_B"))]

    def plain_step(A: Tensor, B: Tensor) -> Tensor:
        G_A, G_B, D_A, D_B = plain.values()
        fake_B, fake_A = G_A(A), G_B(B)
        rec_A, rec_B = G_B(fake_B), G_A(fake_A)
        _freeze([D_A, D_B], True)
        adams[0].zero_grad()
        loss: Tensor = (
            p.lambda_b * p.lambda_identity * nnf.l1_loss(G_A(B), B)
            + p.lambda_a * p.lambda_identity * nnf.l1_loss(G_B(A), A)
            + _squares(D_A(fake_B), 1.0) + _squares(D_B(fake_A), 1.0)
            + p.lambda_a * nnf.l1_loss(rec_A, A) + p.lambda_b * nnf.l1_loss(rec_B, B)
        )
        loss.backward()  # type: ignore[no-untyped-call]
        adams[0].step()
        _freeze([D_A, D_B], False)
        adams[1].zero_grad()
        for D, real, fake in ((D_A, B, fake_B), (D_B, A, fake_A)):
            judged = 0.5 * (_squares(D(real), 1.0) + _squares(D(fake.detach()), 0.0))
            judged.backward()  # type: ignore[no-untyped-call]
        adams[1].step()
        return loss

    return _compare(CycleGanStep(nets, p), plain_step, p, tiny)


def pix2pix_step(tiny: bool) -> tuple[float, float]:
    """pix2pix's step (`quick`) against a plain loop and a plain Adam."""
    given = {"dropout": 0.0}
    p = resolve(Pix2PixParams, component="pix2pix", preset="quick", given=given)
    torch.manual_seed(0)
    nets: Nets = {
        "G": networks.initialize(Pix2Pix(p).build()),
        "D": networks.initialize(PatchDiscriminator(6, p.ndf, "batch")),
    }
    plain = copy.deepcopy(nets)
    adams = {name: _adam([net], p.lr, (p.beta1, 0.999)) for name, net in plain.items()}

    def plain_step(A: Tensor, B: Tensor) -> Tensor:
        G, D = plain["G"], plain["D"]
        fake = G(A)
        adams["D"].zero_grad()
        judged = 0.5 * (
            _entropy(D(torch.cat([A, fake], 1).detach()), 0.0)
            + _entropy(D(torch.cat([A, B], 1)), 1.0)
        )
        judged.backward()  # type: ignore[no-untyped-call]
        adams["D"].step()
        _freeze([D], True)
        adams["G"].zero_grad()
        against = _entropy(D(torch.cat([A, fake], 1)), 1.0)
        loss: Tensor = against + p.lambda_l1 * nnf.l1_loss(fake, B)
        loss.backward()  # type: ignore[no-untyped-call]
        adams["G"].step()
        _freeze([D], False)
        return loss

    return _compare(Pix2PixStep(nets, p), plain_step, p, tiny)


def hifacegan_step(tiny: bool) -> tuple[float, float]:
    """HiFaceGAN's step (`quick`, no VGG) against gradients for all networks and a plain Adam."""
    p = resolve(HiFaceGanParams, component="hifacegan", variant="novgg", preset="quick")
    torch.manual_seed(0)
    nets: Nets = {
        "G": hifacegan.initialize(HiFaceGan(p).build(), p.init_gain),
        "D": hifacegan.initialize(MultiscaleDiscriminator(p.ndf), p.init_gain),
    }
    plain = copy.deepcopy(nets)
    betas = (p.beta1, p.beta2)
    adams = {"G": _adam([plain["G"]], p.lr, betas), "D": _adam([plain["D"]], p.d_lr, betas)}

    def judge(A: Tensor, B: Tensor, fake: Tensor) -> Any:
        outputs = plain["D"](torch.cat([torch.cat([A, fake], 1), torch.cat([A, B], 1)]))
        return [[layer.chunk(2) for layer in scale] for scale in outputs]

    def plain_step(A: Tensor, B: Tensor) -> Tensor:
        adams["G"].zero_grad()
        scales = judge(A, B, plain["G"](A))
        loss = torch.zeros(())
        for scale in scales:
            loss = loss + _squares(scale[-1][0], 1.0) / len(scales)
            for fake, real in scale[:-1]:
                loss = loss + p.lambda_feat * nnf.l1_loss(fake, real.detach()) / len(scales)
        loss.backward()  # type: ignore[no-untyped-call]
        adams["G"].step()
        adams["D"].zero_grad()
        with torch.no_grad():
            fake = plain["G"](A)
        scales = judge(A, B, fake)
        judged = sum(
            (_squares(scale[-1][0], 0.0) + _squares(scale[-1][1], 1.0)) / len(scales)
            for scale in scales
        )
        judged.backward()
        adams["D"].step()
        return loss

    return _compare(HiFaceGanStep(nets, p), plain_step, p, tiny)


def gan_sampling(tiny: bool) -> tuple[float, float]:
    """CycleGAN's generator (`quick`) on 64 images: in batches against one by one."""
    p = resolve(CycleGanParams, component="cyclegan", preset="quick")
    torch.manual_seed(0)
    method = CycleGan(p)
    method.generator = networks.initialize(method.build()).eval().requires_grad_(False)
    faces = make_faces("vis", range(1 if tiny else 11), size=p.size)
    picked, ctx = [faces[k] for k in range(4 if tiny else 64)], MemoryContext()

    def one_by_one() -> list[Any]:
        return [next(iter(method.translate(ClipList([clip]), ctx))) for clip in picked]

    def in_batches() -> list[Any]:
        return list(method.translate(ClipList(picked), ctx))

    with _one_thread():
        in_batches()
        return processor_seconds(in_batches), processor_seconds(one_by_one)


def _compare(
    step: Any, plain_step: Callable[[Tensor, Tensor], Tensor], p: Any, tiny: bool
) -> tuple[float, float]:
    """Seconds of some steps on either side, taken in turn; both must give one loss."""
    generator = torch.Generator().manual_seed(0)
    side, count = p.size, 1 if tiny else 6
    A, B = torch.rand(2, p.batch, 3, side, side, generator=generator) * 2 - 1
    ours = other = 0.0
    with _one_thread():
        torch.testing.assert_close(step(0, (A, B))["G"], plain_step(A, B), rtol=1e-4, atol=1e-4)
        for number in range(count):
            ours += processor_seconds(lambda number=number: step(number, (A, B)))
            other += processor_seconds(lambda: plain_step(A, B))
    return ours, other


def _adam(nets: list[nn.Module], lr: float, betas: tuple[float, float]) -> torch.optim.Adam:
    return torch.optim.Adam([p for net in nets for p in net.parameters()], lr, betas)


def _freeze(nets: list[nn.Module], frozen: bool) -> None:
    for net in nets:
        net.requires_grad_(not frozen)


def _squares(logits: Tensor, aim: float) -> Tensor:
    return nnf.mse_loss(logits, torch.full_like(logits, aim))


def _entropy(logits: Tensor, aim: float) -> Tensor:
    return nnf.binary_cross_entropy_with_logits(logits, torch.full_like(logits, aim))


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
