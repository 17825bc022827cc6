"""Networks of CycleGAN and pix2pix: the layers of the papers' appendices, and noise."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from irfer_translators.gan.networks import (
    ImageBatchNorm,
    ImageDropout,
    PatchDiscriminator,
    ResnetGenerator,
    UnetGenerator,
    apply_together,
    image_noise,
    initialize,
    normalization,
)


def size(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def convolution(before: int, after: int, kernel: int, bias: bool) -> int:
    return before * after * kernel**2 + after * bias


def test_the_resnet_generator_is_that_of_cyclegan_s_appendix() -> None:
    """c7s1-64, d128, d256, nine R256, u128, u64, c7s1-3, with biases and instance norm."""
    parts = [(3, 64, 7), (64, 128, 3), (128, 256, 3), *[(256, 256, 3)] * 18, (256, 128, 3),
             (128, 64, 3), (64, 3, 7)]  # fmt: skip
    with torch.device("meta"):
        net = ResnetGenerator()
        assert size(net) == sum(convolution(*part, bias=True) for part in parts)
        six = ResnetGenerator(ngf=8, blocks=6)
    assert size(six) == sum(convolution(a // (8 if a > 3 else 1), b // (8 if b > 3 else 1), k, True)
                            for a, b, k in [*parts[:3], *parts[3:15], *parts[21:]])  # fmt: skip
    small = ResnetGenerator(ngf=4, blocks=1, norm="batch")
    assert [layer.bias is None for layer in small.model if isinstance(layer, nn.Conv2d)] == [
        True, True, True, False]  # fmt: skip
    assert small(torch.zeros(2, 3, 16, 12)).shape == (2, 3, 16, 12)
    kinds = [type(layer).__name__ for layer in net.model if not list(layer.parameters())]
    assert (kinds[0], kinds[-2], kinds[-1]) == ("ReflectionPad2d", "ReflectionPad2d", "Tanh")


def test_the_unet_is_that_of_pix2pix_s_appendix() -> None:
    """C64-...-C512 eight times halved; the decoder with dropout in its first three blocks."""
    widths = [3, 64, 128, 256, 512, 512, 512, 512, 512]
    down = sum(convolution(a, b, 4, bias=False) for a, b in pairwise(widths))
    up = sum(convolution(b if k == 7 else 2 * b, a, 4, bias=False)
             for k, (a, b) in enumerate(pairwise(widths)))  # fmt: skip
    norms = 2 * (sum(widths[2:8]) + sum(widths[1:8]))
    with torch.device("meta"):
        net = UnetGenerator()
        assert size(net) == down + up + norms + 3
    assert [layer.p for layer in net.modules() if isinstance(layer, ImageDropout)] == [0.5] * 3
    for downs, rates in ((5, []), (6, [0.25]), (7, [0.25, 0.25])):
        other = UnetGenerator(ngf=1, downs=downs, dropout=0.25, norm="instance")
        assert [x.p for x in other.modules() if isinstance(x, ImageDropout)] == rates
    assert other.eval()(torch.zeros(1, 3, 256, 256)).shape == (1, 3, 256, 256)
    assert all(c.bias is not None for c in other.modules() if isinstance(c, nn.Conv2d))
    slopes = {layer.negative_slope for layer in net.modules() if isinstance(layer, nn.LeakyReLU)}
    assert slopes == {0.2}


def test_skips_stand_beside_what_comes_from_below() -> None:
    """With the innermost path at zero the output still depends on the input."""
    net = UnetGenerator(ngf=2, downs=3, norm="instance").eval()
    x = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    inner = net.model.model[1]
    assert inner(torch.zeros(1, 2, 8, 8)).shape == (1, 4, 8, 8)
    found = inner(x[:, :2, ::2, ::2])
    assert torch.equal(found[:, :2], x[:, :2, ::2, ::2])


@pytest.mark.parametrize(("layers", "field"), [(1, 16), (2, 34), (3, 70)])
def test_a_logit_sees_a_patch_of_70_pixels(layers: int, field: int) -> None:
    net = PatchDiscriminator(ndf=2, layers=layers, norm="batch").eval()
    for each in net.parameters():
        each.data.abs_().add_(0.1)
    x = torch.ones(1, 3, 128, 128, requires_grad=True)
    logits = net(x)
    place = logits.shape[-1] // 2
    logits[0, 0, place, place].backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    seen = x.grad[0, 0].abs() > 0
    assert (int(seen.any(0).sum()), int(seen.any(1).sum())) == (field, field)


def test_the_discriminator_is_that_of_the_appendices() -> None:
    """C64-C128-C256-C512, no norm in the first layer; 6 channels where it sees both images."""
    parts = [(64, 128, 4), (128, 256, 4), (256, 512, 4), (512, 1, 4)]
    with torch.device("meta"):
        for channels in (3, 6):
            net = PatchDiscriminator(channels)
            layers = [(channels, 64, 4), *parts]
            assert size(net) == sum(convolution(*layer, bias=True) for layer in layers)
        kinds = [type(layer).__name__ for layer in PatchDiscriminator(norm="batch").model]
    block = ["Conv2d", "ImageBatchNorm", "LeakyReLU"]
    assert kinds == [*block[::2], *block * 3, "Conv2d"]
    assert PatchDiscriminator(ndf=1)(torch.zeros(1, 3, 256, 256)).shape == (1, 1, 30, 30)
    norms = 2 * (128 + 256 + 512)
    biases = 128 + 256 + 512
    with torch.device("meta"):
        assert size(PatchDiscriminator(norm="batch")) == size(PatchDiscriminator()) + norms - biases


def test_weights_begin_with_a_small_deviation() -> None:
    torch.manual_seed(0)
    net = initialize(UnetGenerator(ngf=16, downs=4))
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            assert abs(float(layer.weight.detach().mean())) < 0.003
            if layer.weight.numel() > 2000:
                assert float(layer.weight.detach().std()) == pytest.approx(0.02, rel=0.1)
            assert layer.bias is None or not layer.bias.any()
        elif isinstance(layer, nn.BatchNorm2d):
            assert float(layer.weight.detach().mean()) == pytest.approx(1.0, abs=0.02)
            assert 0.01 < float(layer.weight.detach().std()) < 0.03 and not layer.bias.any()
    wide = initialize(nn.Conv2d(32, 32, 3), 0.5)
    assert float(wide.weight.detach().std()) == pytest.approx(0.5, rel=0.1)  # type: ignore[union-attr, operator]


def test_dropout_of_translations_is_of_the_image_and_keeps_the_mean() -> None:
    layer = ImageDropout(0.25).eval()
    x = torch.ones(2, 8, 32, 32)
    assert torch.equal(layer(x), x), "off in translations that ask for no noise"

    def generators(*seeds: int) -> list[torch.Generator]:
        return [torch.Generator().manual_seed(seed) for seed in seeds]

    net = nn.Sequential(layer)
    with image_noise(net, generators(1, 2)):
        both = net(x)
    with image_noise(net, generators(2)):
        alone = net(x[1:])
    assert torch.equal(both[1:], alone) and not torch.equal(both[0], both[1])
    assert sorted(both.unique().tolist()) == pytest.approx([0.0, 4 / 3])
    assert float((both == 0).float().mean()) == pytest.approx(0.25, abs=0.02)
    assert layer.generators is None
    with pytest.raises(ZeroDivisionError), image_noise(net, generators(1)):
        raise ZeroDivisionError
    assert layer.generators is None and torch.equal(layer(x), x)


def images() -> Tensor:
    generator = torch.Generator().manual_seed(4)
    return torch.randn(3, 2, 6, 6, generator=generator) * torch.tensor([1.0, 5.0, 9.0]).view(
        3, 1, 1, 1)  # fmt: skip


def test_batch_norm_of_translations_may_be_of_each_image() -> None:
    layer, x = ImageBatchNorm(2), images()
    layer.weight.data.copy_(torch.tensor([2.0, 3.0]))
    layer.bias.data.copy_(torch.tensor([0.5, -0.5]))
    plain = nn.BatchNorm2d(2)
    plain.load_state_dict(layer.state_dict())
    torch.testing.assert_close(layer(x), plain(x))
    layer.per_image = True
    torch.testing.assert_close(layer(x), plain(x), msg="in training it is the batch's")
    layer.eval()
    found = layer(x)
    for k in range(3):
        fresh = nn.BatchNorm2d(2).train()
        fresh.weight, fresh.bias = layer.weight, layer.bias
        torch.testing.assert_close(found[k : k + 1], fresh(x[k : k + 1]))
    layer.per_image = False
    torch.testing.assert_close(layer(x), plain.eval()(x))


def test_norms_are_without_parameters_or_of_batches() -> None:
    assert not list(normalization("instance", 4).parameters())
    assert isinstance(normalization("batch", 4), ImageBatchNorm)


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_batches_that_a_norm_would_mix_are_passed_one_by_one(norm: str) -> None:
    passes: list[int] = []
    net = nn.Sequential(normalization(norm, 2))  # type: ignore[arg-type]
    net.register_forward_pre_hook(lambda module, given: passes.append(len(given[0])))
    x = images()
    one, two = apply_together(net, x[:1], x[1:])
    assert passes == ([3] if norm == "instance" else [1, 2])
    assert (len(one), len(two)) == (1, 2)
    torch.testing.assert_close(two, nn.Sequential(normalization(norm, 2))(x[1:]))  # type: ignore[arg-type]
