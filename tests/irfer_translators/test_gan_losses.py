"""Losses of the adversarial methods written out for networks of one layer, and who learns."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import MemoryContext
from irfer_translators.diffusion.frames import FrameBank
from irfer_translators.gan.cyclegan import CycleGanStep
from irfer_translators.gan.cyclegan_params import CycleGanParams
from irfer_translators.gan.hifacegan import HiFaceGanStep
from irfer_translators.gan.hifacegan_networks import MultiscaleDiscriminator
from irfer_translators.gan.hifacegan_params import HiFaceGanParams
from irfer_translators.gan.losses import ImagePool, adversarial
from irfer_translators.gan.networks import PatchDiscriminator, UnetGenerator
from irfer_translators.gan.networks import initialize as initialize_normal
from irfer_translators.gan.pix2pix import Pix2PixStep
from irfer_translators.gan.pix2pix_params import Pix2PixParams
from irfer_translators.gan.training import ImageOrder, batches, train_gan

SIDE = 24


def images(seed: int) -> Tensor:
    return torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed)) * 2 - 1


A, B = images(1), images(2)


def layer(seed: int, inputs: int, outputs: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Conv2d(inputs, outputs, 1)


class TwoScales(nn.Module):
    """As HiFaceGAN's discriminators: per scale the outputs of all layers, logits last."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.logits = layer(11, 6, 4), layer(12, 4, 1)

    def forward(self, x: Tensor) -> list[list[Tensor]]:
        small = nnf.avg_pool2d(x, 2)
        return [[y, y.relu(), self.logits(y)] for y in (self.first(each) for each in (x, small))]


def square(logits: Tensor, aim: float) -> Tensor:
    return (logits - aim).square().mean()


def distance(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).abs().mean()


def gradients(loss: Tensor, net: nn.Module) -> list[Tensor]:
    return list(torch.autograd.grad(loss, list(net.parameters()), retain_graph=True))


def assert_losses(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, msg=name)


def assert_moved_by(net: nn.Module, before: nn.Module, expected: list[Tensor]) -> None:
    """Its gradients are these, and a step was taken along them."""
    for new, old, gradient in zip(net.parameters(), before.parameters(), expected, strict=True):
        assert new.requires_grad
        torch.testing.assert_close(new.grad, gradient, atol=1e-6, rtol=1e-4)
        assert not torch.equal(new, old)


def test_a_pool_that_is_being_filled_returns_what_it_keeps_and_then_former_fakes() -> None:
    torch.manual_seed(0)
    pool, fakes = ImagePool(3, 2), torch.arange(1.0, 41).view(40, 1, 1, 1).expand(40, 3, 2, 2)
    assert torch.equal(pool.query(fakes[:2], 0), fakes[:2])
    assert torch.equal(pool.images[:2], fakes[:2])
    returned = pool.query(fakes[2:], 2)
    assert torch.equal(returned[0], fakes[2])
    former = (returned[1:] != fakes[3:])[:, 0, 0, 0]
    assert 0.25 < former.float().mean() < 0.75
    assert (returned <= fakes[2:]).all()


@pytest.mark.parametrize("identity", [0.5, 0.0])
def test_cyclegan(identity: float) -> None:
    """G_A and D_A are the paper's G and D_Y; `lambda_a` weighs the cycle that starts in A."""
    nets = {name: layer(k, 3, 3 if name[0] == "G" else 1)
            for k, name in enumerate(("G_A", "G_B", "D_A", "D_B"))}
    old = copy.deepcopy(nets)
    G_A, G_B, D_A, D_B = old.values()
    p = CycleGanParams(size=SIDE, lambda_a=3.0, lambda_b=7.0, lambda_identity=identity, pool=0)
    step = CycleGanStep(nets, p)
    found = step(0, (A, B))

    fake_B, fake_A = G_A(A), G_B(B)
    made = {"idt_A": 7 * 0.5 * distance(G_A(B), B), "idt_B": 3 * 0.5 * distance(G_B(A), A)}
    made = made if identity else {}
    made |= {
        "G_A": square(D_A(fake_B), 1), "G_B": square(D_B(fake_A), 1),
        "cycle_A": 3 * distance(G_B(fake_B), A), "cycle_B": 7 * distance(G_A(fake_A), B),
    }
    made["G"] = torch.stack(list(made.values())).sum()
    made["D_A"] = 0.5 * (square(D_A(B), 1) + square(D_A(fake_B.detach()), 0))
    made["D_B"] = 0.5 * (square(D_B(A), 1) + square(D_B(fake_A.detach()), 0))
    assert_losses(found, made)
    for name in nets:
        loss = made["G" if name[0] == "G" else name]
        assert_moved_by(nets[name], old[name], gradients(loss, old[name]))


def test_pix2pix() -> None:
    """The discriminator sees the source beside the image, and learns before the generator."""
    nets = {"G": layer(1, 3, 3), "D": layer(2, 6, 1)}
    G, D = copy.deepcopy(nets["G"]), copy.deepcopy(nets["D"])
    step = Pix2PixStep(nets, Pix2PixParams(size=32, downs=5, lambda_l1=5.0))
    found = step(0, (A, B))
    fake = G(A)
    on_fake = nnf.softplus(D(torch.cat([A, fake.detach()], 1))).mean()
    on_real = nnf.softplus(-D(torch.cat([A, B], 1))).mean()
    against = nnf.softplus(-nets["D"](torch.cat([A, fake], 1))).mean()  # the updated one
    far = 5.0 * distance(fake, B)
    assert_losses(found, {
        "D_fake": on_fake, "D_real": on_real, "D": 0.5 * (on_fake + on_real),
        "G_GAN": against, "G_L1": far, "G": against + far,
    })
    assert_moved_by(nets["D"], D, gradients(0.5 * (on_fake + on_real), D))
    assert_moved_by(nets["G"], G, gradients(against + far, G))


def test_hifacegan() -> None:
    """The generator first; the discriminators then see what the updated generator makes."""
    nets = {"G": layer(1, 3, 3), "D": TwoScales()}
    old = copy.deepcopy(nets)

    class Perceptual(nn.Module):
        def forward(self, a: Tensor, b: Tensor) -> Tensor:
            return (a - b).square().mean()

    p = HiFaceGanParams(size=64, lambda_feat=3.0, lambda_vgg=7.0)
    step = HiFaceGanStep(nets, p, Perceptual())  # type: ignore[arg-type]
    found = step(0, (A, B))

    def judged(x: Tensor) -> list[list[Tensor]]:
        own: list[list[Tensor]] = old["D"](torch.cat([A, x], 1))
        return own

    def adversary(x: Tensor, aim: float) -> Tensor:
        return (square(judged(x)[0][-1], aim) + square(judged(x)[1][-1], aim)) / 2

    fake, again = old["G"](A), nets["G"](A).detach()
    feature = sum(
        distance(a, b) for one, two in zip(judged(fake), judged(B), strict=True)
        for a, b in zip(one[:-1], two[:-1], strict=True)
    )
    made = {
        "G_GAN": adversary(fake, 1), "G_feat": 3.0 * feature / 2,
        "G_vgg": 7.0 * (fake - B).square().mean(),
    }
    made["G"] = made["G_GAN"] + made["G_feat"] + made["G_vgg"]
    made |= {"D_fake": adversary(again, 0), "D_real": adversary(B, 1)}
    assert_losses(found, made)
    assert_moved_by(nets["G"], old["G"], gradients(made["G"], old["G"]))
    assert_moved_by(nets["D"], old["D"], gradients(made["D_fake"] + made["D_real"], old["D"]))
    without = HiFaceGanStep(copy.deepcopy(old), HiFaceGanParams(size=64, lambda_vgg=0.0))
    assert "G_vgg" not in without(0, (A, B))


def test_adversarial_losses() -> None:
    logits = torch.tensor([[0.0, 2.0]])
    assert float(adversarial(logits, True)) == pytest.approx((1 + 1) / 2)
    assert float(adversarial(logits, False)) == pytest.approx((0 + 4) / 2)
    expected = np.log1p(np.exp(-np.array([0.0, 2.0]))).mean()
    assert float(adversarial(logits, True, "vanilla")) == pytest.approx(expected)


def test_optimisers_have_the_rates_and_betas_of_the_papers() -> None:
    def facts(step: Any) -> list[Any]:
        return [(o.param_groups[0]["lr"], o.param_groups[0]["betas"])
                for o in step.optimizers.values()]

    four = {name: layer(0, 3, 3) for name in ("G_A", "G_B", "D_A", "D_B")}
    two = {"G": layer(0, 3, 3), "D": TwoScales()}
    assert facts(CycleGanStep(four, CycleGanParams())) == [(2e-4, (0.5, 0.999))] * 2
    assert facts(Pix2PixStep(two, Pix2PixParams())) == [(2e-4, (0.5, 0.999))] * 2
    assert facts(HiFaceGanStep(two, HiFaceGanParams())) == [
        (1e-4, (0.0, 0.9)), (4e-4, (0.0, 0.9))]
    other = {"lr": 0.5, "beta1": 0.25}
    assert facts(CycleGanStep(four, CycleGanParams(**other))) == [(0.5, (0.25, 0.999))] * 2
    assert facts(Pix2PixStep(two, Pix2PixParams(**other))) == [(0.5, (0.25, 0.999))] * 2
    hiface = HiFaceGanParams(**other, d_lr=0.125, beta2=0.5)
    assert facts(HiFaceGanStep(two, hiface)) == [(0.5, (0.25, 0.5)), (0.125, (0.25, 0.5))]


def test_hifacegan_judges_drawn_and_true_images_in_one_pass_as_in_two() -> None:
    torch.manual_seed(0)
    nets = {"G": nn.Conv2d(3, 3, 1), "D": MultiscaleDiscriminator(ndf=4).eval()}
    step = HiFaceGanStep(nets, HiFaceGanParams(size=32, lambda_vgg=0.0))
    x, y, fake = torch.rand(3, 3, 3, 32, 32)
    on_fake, on_real = step.discriminate(x, y, fake)
    for found, shown in ((on_fake, fake), (on_real, y)):
        expected = step.D(torch.cat([x, shown], 1))
        for scale, alone in zip(found, expected, strict=True):
            for layer, other in zip(scale, alone, strict=True):
                assert layer.shape == other.shape
                assert torch.allclose(layer, other, atol=1e-5)


def test_the_papers_recipes_are_the_defaults() -> None:
    """CycleGAN section 4 and appendix, pix2pix section 6.2."""
    cycle, pix = CycleGanParams(), Pix2PixParams()
    assert (cycle.lambda_a, cycle.lambda_b, cycle.lambda_identity, cycle.pool) == (10, 10, 0.5, 50)
    assert pix.lambda_l1 == 100
    for p in (cycle, pix):
        assert (p.batch, p.epochs, p.decay_epochs, p.load_size) == (1, 100, 100, 286)
    hiface = HiFaceGanParams()
    assert (hiface.lambda_feat, hiface.lambda_vgg) == (10, 10)
    assert (hiface.epochs, hiface.decay_epochs, hiface.load_size) == (30, 20, 256)
    assert resolve(HiFaceGanParams, component="h", variant="novgg").lambda_vgg == 0


class _Toy:
    """A method that notes its rates and whether its networks are in training."""

    def __init__(self) -> None:
        self.nets = {"G": nn.Linear(1, 1).eval(), "D": nn.Linear(1, 1).eval()}
        self.optimizers = {
            name: torch.optim.SGD(net.parameters(), lr)
            for (name, net), lr in zip(self.nets.items(), (1.0, 4.0), strict=True)
        }
        self.seen: list[Any] = []

    def __call__(self, number: int, batch: Any) -> dict[str, Tensor]:
        rates = [o.param_groups[0]["lr"] for o in self.optimizers.values()]
        self.seen.append((rates, all(net.training for net in self.nets.values())))
        return {"G": torch.tensor(float(number))}


def test_all_rates_fall_together_and_networks_train_only_in_training() -> None:
    toy, params = _Toy(), CycleGanParams(epochs=2, decay_epochs=1, batch=1)
    losses = train_gan("toy", toy, lambda step: (A, B), params, 2, MemoryContext())
    assert [rates for rates, _ in toy.seen] == [[1.0, 4.0]] * 4 + [[0.5, 2.0]] * 2
    assert all(training for _, training in toy.seen)
    assert not any(net.training for net in toy.nets.values())
    assert losses == {"G": 5.0}  # the last tenth of six steps


@pytest.mark.parametrize("flip", [True, False])
def test_images_are_mirrored_half_of_the_time_or_never(flip: bool) -> None:
    rng, ctx = np.random.default_rng(0), MemoryContext()
    bank = FrameBank(rng.integers(0, 256, (4, SIDE, SIDE, 3), dtype=np.uint8), np.arange(5))
    params = CycleGanParams(size=SIDE, enlarge=1.0, flip=flip, batch=4)
    pairs = np.stack([np.arange(4), np.arange(4)], 1)
    draw = batches(bank, bank, ImageOrder(pairs, params, ctx.seed_for), ctx, paired=True)
    known, mirrored = bank.images(np.arange(4), "cpu"), 0
    for step in range(16):
        for image in draw(step)[0]:
            kinds = [(known == form).flatten(1).all(1).any() for form in (image, image.flip(-1))]
            assert any(kinds)
            mirrored += bool(kinds[1])
    assert (12 < mirrored < 52) if flip else mirrored == 0


def test_networks_start_and_end_as_the_papers_have_them() -> None:
    """N(0, 0.02) weights; dropout between widest blocks alone; no sigmoid behind the logits."""
    torch.manual_seed(0)
    net = initialize_normal(UnetGenerator(8, 6, dropout=0.5))
    layers = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
    weights = torch.cat([m.weight.flatten() for m in layers])
    assert float(weights.detach().std()) == pytest.approx(0.02, rel=0.05)
    assert sum(isinstance(m, nn.Dropout) for m in net.modules()) == 1
    judge = PatchDiscriminator(6, 4, "batch")
    assert isinstance(list(judge.model)[-1], nn.Conv2d)
    with torch.no_grad():
        assert judge(torch.randn(1, 6, 70, 70)).shape == (1, 1, 6, 6)
        assert float(net.eval()(torch.randn(1, 3, 64, 64) * 100).abs().max()) <= 1
