"""One step of CycleGAN against the published code: outputs, losses, gradients, updated networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from irfer_translators.gan.cyclegan import CycleGanStep
from irfer_translators.gan.cyclegan_params import CycleGanParams
from tests.parity.fixtures import error, fixtures, load, partner
from tests.parity.gan_fixtures import (
    assert_gradients,
    before,
    build_discriminator,
    build_generator,
)

FIXTURES = fixtures("translators", "cyclegan")


class Spec:
    """One fixture file: the images, and our step on the stored weights."""

    def __init__(self, path: Path, **changed: Any) -> None:
        raw, m = load(path)
        self.raw = raw
        self.t = {name: torch.from_numpy(value) for name, value in raw.items()}
        weights = load(partner(path, "cyclegan_weights"))[0]
        self.nets: dict[str, nn.Module] = {
            name: build_generator(m["netG"], m["norm"], before(weights, name))
            for name in ("G_A", "G_B")
        }
        for name in ("D_A", "D_B"):
            self.nets[name] = build_discriminator(m["norm"], before(weights, name))
        side = int(m["size"])
        values = {
            "size": side, "lr": float(m["lr"]), "beta1": float(m["beta1"]),
            "lambda_a": float(m["lambda_A"]), "lambda_b": float(m["lambda_B"]),
            "lambda_identity": float(m["lambda_identity"]),
        }
        mode: Any = m["gan_mode"]
        self.step = CycleGanStep(self.nets, CycleGanParams(**(values | changed)), mode=mode)

    def run(self) -> dict[str, Tensor]:
        return dict(self.step(0, (self.t["real_A"], self.t["real_B"])))


@pytest.mark.parametrize("path", FIXTURES)
def test_networks(path: Path) -> None:
    spec = Spec(path)
    t, G_A, G_B = spec.t, spec.nets["G_A"], spec.nets["G_B"]
    with torch.no_grad():
        assert error(G_A(t["real_A"]), t["fake_B"]) < 1e-5
        assert error(G_B(t["real_B"]), t["fake_A"]) < 1e-5
        assert error(G_B(t["fake_B"]), t["rec_A"]) < 1e-5
        assert error(G_A(t["fake_A"]), t["rec_B"]) < 1e-5
        if "idt_A" in t:
            assert error(G_A(t["real_B"]), t["idt_A"]) < 1e-5
            assert error(G_B(t["real_A"]), t["idt_B"]) < 1e-5


@pytest.mark.parametrize("path", FIXTURES)
def test_a_step(path: Path) -> None:
    spec = Spec(path)
    losses = spec.run()
    for key, value in spec.t.items():
        if key.startswith("loss."):
            # Without identity losses the published code has a 0 in their place.
            own = losses.get(key.removeprefix("loss."), torch.zeros(()))
            assert error(own, value) < 1e-5, key
    assert_gradients(spec.raw, spec.nets)
    with torch.no_grad():
        made = spec.nets["G_A"](spec.t["real_A"])
        assert error(made, spec.t["after.G_A(real_A)"]) < 1e-5
        judged = spec.nets["D_A"](spec.t["real_B"])
        assert error(judged, spec.t["after.D_A(real_B)"]) < 1e-5


@pytest.mark.parametrize("path", FIXTURES)
@pytest.mark.parametrize("changed", [{"lambda_a": 11.0}, {"lambda_identity": 0.4}, {"lr": 3e-4}])
def test_the_fixture_notices_another_recipe(path: Path, changed: dict[str, float]) -> None:
    spec = Spec(path, **changed)
    losses = spec.run()
    with torch.no_grad():
        made = spec.nets["G_A"](spec.t["real_A"])
    errors = [error(made, spec.t["after.G_A(real_A)"]), error(losses["G"], spec.t["loss.G"])]
    assert max(errors) > 1e-4
