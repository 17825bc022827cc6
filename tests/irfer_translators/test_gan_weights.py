"""Foreign generators and VGG19: what fits is used, everything else is refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch import nn

from irfer_bench.api import DamagedError, MissingWeightsError
from irfer_bench.contracts.params import resolve
from irfer_bench.nn.weights import Pretrained
from irfer_bench.testing.memory import MemoryContext
from irfer_translators.gan import perceptual
from irfer_translators.gan.hifacegan_params import HiFaceGanParams
from tests.irfer_translators.gans import fitted_gan, gan, translations
from tests.irfer_translators.toys import paired

FILES = {"cyclegan": "latest_net_G_A.pth", "pix2pix": "latest_net_G.pth"}


def published(name: str, folder: Path, prefix: str = "", **given: Any) -> tuple[Path, nn.Module]:
    """A checkpoint as the published code writes it, and the generator inside."""
    torch.manual_seed(1)
    net = gan(name, **given).build()
    path = folder / FILES.get(name, "latest_net_G.pth")
    torch.save({prefix + key: value for key, value in net.state_dict().items()}, path)
    return path, net


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("name", FILES)
def test_published_checkpoints_are_used_as_they_are(
    name: str, prefix: str, tmp_path: Path
) -> None:
    path, net = published(name, tmp_path, prefix)
    ctx = MemoryContext()
    made = fitted_gan(name, ctx, weights=str(path))
    own = made.state().tensors
    for key, value in net.state_dict().items():
        np.testing.assert_array_equal(own[f"generator.{key}"], value.numpy())
    assert "0 missing, 0 unknown" in str(ctx.reports["weights_keys"])
    assert not ctx.checkpoints
    assert len(translations(made, "v1")) == 1


def test_buffers_of_instance_normalisation_before_pytorch_0_4_are_left_out(tmp_path: Path) -> None:
    path, _ = published("cyclegan", tmp_path)
    old = torch.load(path, weights_only=True)
    old["model.2.running_mean"] = torch.zeros(2)
    old["model.2.running_var"] = torch.ones(2)
    torch.save(old, path)
    assert fitted_gan("cyclegan", weights=str(path)).generator is not None


@pytest.mark.parametrize("name", ["cyclegan", "pix2pix", "hifacegan"])
def test_our_own_state_is_a_checkpoint_too(name: str, tmp_path: Path) -> None:
    made = fitted_gan(name)
    path = tmp_path / "state.safetensors"
    save_file(dict(made.state().tensors), path)
    again = fitted_gan(name, weights=str(path))
    assert (translations(again, "v1")[0] == translations(made, "v1")[0]).all()


@pytest.mark.parametrize("name", FILES)
def test_half_a_file_and_other_networks_are_refused(name: str, tmp_path: Path) -> None:
    path, net = published(name, tmp_path)
    state = net.state_dict()
    torch.save(dict(list(state.items())[: len(state) // 2]), path)
    with pytest.raises(DamagedError, match=rf"does not fit {name}'s generator.*is missing"):
        fitted_gan(name, weights=str(path))
    path, _ = published(name, tmp_path, ngf=4)
    with pytest.raises(DamagedError, match=r"\(4, 3, .*expected \(2, 3, .*ngf"):
        fitted_gan(name, weights=str(path))
    torch.save({**state, "model.99.weight": torch.zeros(1)}, path)
    with pytest.raises(DamagedError, match=r"1 unknown.*model\.99\.weight is unknown"):
        fitted_gan(name, weights=str(path))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DamagedError, match="cannot be read as a checkpoint"):
        fitted_gan(name, weights=str(path))


def test_a_checkpoint_that_is_not_there_is_missing_before_anything_runs(tmp_path: Path) -> None:
    params = gan("cyclegan", weights=str(tmp_path / "nothing.pth")).params
    with pytest.raises(MissingWeightsError, match=r"nothing\.pth"):
        params.inputs(tmp_path)
    path, _ = published("cyclegan", tmp_path)
    digests = [gan("cyclegan", weights=str(path)).params.inputs(tmp_path)]
    torch.save({}, path)
    digests.append(gan("cyclegan", weights=str(path)).params.inputs(tmp_path))
    assert digests[0] != digests[1]


def test_hifacegan_names_the_missing_vgg19_and_novgg_does_without(tmp_path: Path) -> None:
    params = resolve(HiFaceGanParams, component="hifacegan")
    with pytest.raises(MissingWeightsError) as caught:
        params.inputs(tmp_path)
    line = str(caught.value)
    url = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
    for part in ("vgg19-dcbb9e9d.pth", url, "sha256 dcbb9e9d", str(tmp_path), "hifacegan@novgg"):
        assert part in line
    assert (caught.value.uri, caught.value.sha256) == (url, "dcbb9e9d")
    with pytest.raises(MissingWeightsError):
        gan("hifacegan", lambda_vgg=10.0).fit(paired(), MemoryContext(weights=tmp_path))
    without = resolve(HiFaceGanParams, component="hifacegan", variant="novgg")
    assert without.inputs(tmp_path) == {}


@pytest.fixture
def vgg19(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A weights folder with a VGG19 of random weights under torchvision's names."""
    monkeypatch.setattr(perceptual, "VGG19", Pretrained("vgg19", ("vgg19.pth",)))
    torch.manual_seed(2)
    state = {f"features.{k}": v for k, v in perceptual.vgg19_layers().state_dict().items()}
    torch.save({**state, "classifier.0.weight": torch.zeros(1)}, tmp_path / "vgg19.pth")
    return tmp_path


def test_vgg19_has_torchvisions_layers_up_to_relu5_1() -> None:
    torchvision = pytest.importorskip("torchvision")
    with torch.device("meta"):
        whole = torchvision.models.vgg19().features[:30]
        ours = perceptual.vgg19_layers()
    assert [type(layer) for layer in ours] == [type(layer) for layer in whole]
    shapes = [{k: v.shape for k, v in net.state_dict().items()} for net in (ours, whole)]
    assert shapes[0] == shapes[1]
    # relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1 are the first after each pooling.
    pooled = [k for k, layer in enumerate(whole) if isinstance(layer, nn.MaxPool2d)]
    assert list(perceptual.TAPS) == [1, *(k + 2 for k in pooled)]


def test_the_perceptual_loss_pulls_the_fake_towards_its_reference(vgg19: Path) -> None:
    loss = perceptual.load_perceptual_loss(vgg19)
    x, y = torch.rand(1, 3, 32, 32, requires_grad=True), torch.rand(1, 3, 32, 32)
    assert float(loss(y, y)) == 0
    far = loss(x, y)
    (gradient,) = torch.autograd.grad(far, x)
    assert float(loss(x.detach() - 0.02 * gradient / gradient.abs().max(), y)) < float(far.detach())
    assert not any(p.requires_grad for p in loss.parameters())


def test_hifacegan_trains_with_the_perceptual_loss_where_it_can(vgg19: Path) -> None:
    ctx = MemoryContext(weights=vgg19)
    fitted_gan("hifacegan", ctx, lambda_vgg=10.0, iterations=1)
    assert ctx.reports["hifacegan_loss_G_vgg"]
    torch.save({"features.0.weight": torch.zeros(1)}, vgg19 / "vgg19.pth")
    with pytest.raises(DamagedError, match="is not torchvision's vgg19"):
        fitted_gan("hifacegan", ctx, lambda_vgg=10.0)
