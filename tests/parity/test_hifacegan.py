"""HiFaceGAN's networks and losses against numbers of the published code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from irfer_translators.gan.hifacegan import HiFaceGanStep
from irfer_translators.gan.hifacegan_networks import (
    HiFaceGenerator,
    MultiscaleDiscriminator,
    spectral_name,
)
from irfer_translators.gan.hifacegan_params import HiFaceGanParams
from tests.parity.fixtures import error, fixtures, load, partner
from tests.parity.gan_fixtures import filled
from tests.parity.network_maps import group

FIXTURES = fixtures("translators", "hifacegan")


class Spec:
    """One fixture file: images, and the networks in evaluation mode on the stored weights."""

    def __init__(self, path: Path) -> None:
        raw, m = load(path)
        self.t = {name: torch.from_numpy(value) for name, value in raw.items()}
        weights = load(partner(path, "hifacegan_weights"))[0]
        G = HiFaceGenerator(int(m["ngf"]))
        filled(G, G.rename_published(group(weights, "G.")))
        D = MultiscaleDiscriminator(int(m["ndf"]))
        filled(D, {discriminator_name(k): v for k, v in group(weights, "D.").items()})
        self.G, self.D = G.eval(), D.eval()
        side = int(m["size"])
        params = HiFaceGanParams(size=side, lambda_vgg=0.0)
        self.step = HiFaceGanStep({"G": G, "D": D}, params)

    def losses(self) -> dict[str, Tensor]:
        x, y = self.t["source"], self.t["target"]
        fake = self.t["fake"]
        made = self.step.generator_losses(x, y, fake)
        return {**made, **self.step.discriminator_losses(x, y, fake)}


def discriminator_name(key: str) -> str:
    """`discriminator_0.model1.0.0.weight_orig` -> our name of the same tensor."""
    scale, layer, *rest = key.split(".")
    place = f"scales.{scale.removeprefix('discriminator_')}.{layer.removeprefix('model')}"
    inner = rest[1:] if len(rest) == 3 else rest
    return spectral_name(".".join([place, *inner]))


@pytest.mark.parametrize("path", FIXTURES)
def test_encoder_and_decoder(path: Path) -> None:
    spec = Spec(path)
    with torch.no_grad():
        features = spec.G.encoder(spec.t["source"])
        assert error(spec.G(spec.t["source"]), spec.t["fake"]) < 1e-5
    stored = [key for key in spec.t if key.startswith("enc.")]
    assert len(stored) == len(features)
    for k, feature in enumerate(features):
        assert error(feature, spec.t[f"enc.{k}"]) < 1e-5


@pytest.mark.parametrize("path", FIXTURES)
def test_every_layer_of_the_discriminators(path: Path) -> None:
    spec = Spec(path)
    with torch.no_grad():
        on_fake, on_real = spec.step.discriminate(
            spec.t["source"], spec.t["target"], spec.t["fake"]
        )
    stored = [key for key in spec.t if key.startswith("D") and ".layer" in key]
    assert len(stored) == sum(map(len, on_fake))
    for key in stored:
        scale, layer = (int(part) for part in key.removeprefix("D").split(".layer"))
        own = torch.cat([on_fake[scale][layer], on_real[scale][layer]])
        assert error(own, spec.t[key]) < 1e-5, key


@pytest.mark.parametrize("path", FIXTURES)
def test_losses(path: Path) -> None:
    spec = Spec(path)
    losses = spec.losses()
    stored = {k: v for k, v in spec.t.items() if k.startswith("loss.")}
    assert stored
    for key, value in stored.items():
        own: Any = losses[key.removeprefix("loss.")]
        assert error(own.reshape(value.shape), value) < 1e-5, key


@pytest.mark.parametrize("path", FIXTURES)
def test_the_fixture_notices_spade_with_one_plus_gamma(path: Path) -> None:
    spec = Spec(path)
    for module in spec.G.modules():
        if hasattr(module, "mlp_gamma"):
            module.mlp_gamma.register_forward_hook(lambda own, given, made: made + 1)
    with torch.no_grad():
        assert error(spec.G(spec.t["source"]), spec.t["fake"]) > 1e-3
