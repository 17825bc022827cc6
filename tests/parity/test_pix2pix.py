"""One step of pix2pix against the published code: outputs, losses, gradients, updated networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from irfer_translators.gan.pix2pix import Pix2PixStep
from irfer_translators.gan.pix2pix_params import Pix2PixParams
from tests.parity.fixtures import error, fixtures, load, partner
from tests.parity.gan_fixtures import (
    assert_gradients,
    before,
    build_discriminator,
    build_generator,
)

FIXTURES = fixtures("translators", "pix2pix")


class Spec:
    """One fixture file: the images, and our step on the stored weights."""

    def __init__(self, path: Path) -> None:
        self.raw, m = load(path)
        self.t = {name: torch.from_numpy(value) for name, value in self.raw.items()}
        weights = load(partner(path, "pix2pix_weights"))[0]
        self.nets: dict[str, nn.Module] = {
            "G": build_generator(m["netG"], m["norm"], before(weights, "G")),
            "D": build_discriminator(m["norm"], before(weights, "D")),
        }
        side = int(m["size"])
        params = Pix2PixParams(
            size=side, downs=2, lr=float(m["lr"]), beta1=float(m["beta1"]),
            lambda_l1=float(m["lambda_L1"]),
        )
        mode: Any = m["gan_mode"]
        self.step = Pix2PixStep(self.nets, params, mode=mode)

    def run(self) -> dict[str, Tensor]:
        return dict(self.step(0, (self.t["real_A"], self.t["real_B"])))


@pytest.mark.parametrize("path", FIXTURES)
def test_the_generator(path: Path) -> None:
    spec = Spec(path)
    with torch.no_grad():
        assert error(spec.nets["G"](spec.t["real_A"]), spec.t["fake_B"]) < 1e-5


@pytest.mark.parametrize("path", FIXTURES)
def test_a_step(path: Path) -> None:
    spec = Spec(path)
    losses = spec.run()
    for key, value in spec.t.items():
        if key.startswith("loss."):
            assert error(losses[key.removeprefix("loss.")], value) < 1e-5, key
    assert_gradients(spec.raw, spec.nets)
    with torch.no_grad():
        made = spec.nets["G"](spec.t["real_A"])
        assert error(made, spec.t["after.G_train(real_A)"]) < 1e-5
        real = torch.cat([spec.t["real_A"], spec.t["real_B"]], 1)
        assert error(spec.nets["D"](real), spec.t["after.D_train(cat)"]) < 1e-5


@pytest.mark.parametrize("path", FIXTURES)
def test_the_fixture_notices_a_generator_that_steps_first(path: Path) -> None:
    spec = Spec(path)
    x, y = spec.t["real_A"], spec.t["real_B"]
    stale = spec.step.generator_losses(x, y, spec.nets["G"](x))["G_GAN"]
    assert error(stale, spec.t["loss.G_GAN"]) > 1e-4
