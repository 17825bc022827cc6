"""Networks that the methods build, and what samplers are given of the parameters."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import MemoryContext
from irfer_translators.diffusion import ilvr as ilvr_module
from irfer_translators.diffusion.egsde import Egsde
from irfer_translators.diffusion.egsde_params import EgsdeParams
from irfer_translators.diffusion.ilvr import Ilvr
from irfer_translators.diffusion.ilvr_params import IlvrParams
from irfer_translators.diffusion.lowpass import LowPass
from irfer_translators.diffusion.translator import ClipNoise

SIZE = 16
IMAGES = torch.zeros(1, 3, SIZE, SIZE)
T = torch.zeros(1)


def test_egsde_builds_an_extractor_of_features_and_a_network_of_noise() -> None:
    made = Egsde(resolve(EgsdeParams, component="egsde", preset="quick", given={"size": SIZE}))
    assert made.build("score")(IMAGES, T).shape == IMAGES.shape
    features = made.build("domain")(IMAGES, T)
    assert features.shape[1] > 3
    assert features.shape[2] < SIZE


def test_ilvr_learns_a_variance_where_it_is_asked_to() -> None:
    for learned, channels in ((True, 6), (False, 3)):
        given = {"size": SIZE, "learned_range": learned}
        made = Ilvr(resolve(IlvrParams, component="ilvr", preset="quick", given=given))
        assert made.build("score")(IMAGES, T).shape[1] == channels


@pytest.mark.parametrize(("factor", "used"), [(0, 2), (4, 4)])
def test_ilvr_s_low_pass_is_of_an_eighth_of_the_size_unless_said(
    monkeypatch: pytest.MonkeyPatch, factor: int, used: int
) -> None:
    given = {"size": SIZE, "filter_factor": factor}
    made = Ilvr(resolve(IlvrParams, component="ilvr", preset="quick", given=given))
    made.nets["score"] = torch.nn.Identity()
    told: dict[str, Any] = {}

    def sampled(eps_model: Any, y: Tensor, *_: Any, **given: Any) -> Tensor:
        told.update(given)
        return y

    monkeypatch.setattr(ilvr_module, "ilvr", sampled)
    ctx = MemoryContext()
    made.sample(IMAGES, ClipNoise(["a"], (3, SIZE, SIZE), ctx), ctx, lambda step: None)
    x = torch.linspace(-1, 1, IMAGES.numel()).view(IMAGES.shape)
    torch.testing.assert_close(told["phi"](x), LowPass(SIZE, used, "cubic")(x))
    assert told["range_t"] == made.params.range_t
