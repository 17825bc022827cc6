"""`ilvr@official` in `quick`: a range of variances after a short training."""

from __future__ import annotations

import torch
from torch import Tensor

from irfer_bench.contracts.params import resolve
from irfer_translators.diffusion.ilvr import Ilvr, ilvr
from irfer_translators.diffusion.ilvr_params import IlvrParams
from irfer_translators.diffusion.lowpass import LowPass
from irfer_translators.diffusion.sampling import noise_model


def test_images_stay_bounded_with_the_range_that_a_short_training_learns() -> None:
    """v was 5 to 13 after 230 steps: the variance that the network's error asks for."""
    p = resolve(IlvrParams, component="ilvr", variant="official", preset="quick")
    process, seen = Ilvr(p).process(), []

    def net(x: Tensor, t: Tensor) -> Tensor:
        seen.append(float(x.abs().max()))
        return torch.cat([torch.zeros_like(x), torch.full_like(x, 7.5)], 1)

    torch.manual_seed(0)
    c = torch.rand(1, 3, p.size, p.size) * 2 - 1
    ilvr(
        noise_model(net, process, p.prediction), c, process, torch.randn_like(c),
        lambda: torch.randn_like(c), lambda: torch.randn_like(c),
        phi=LowPass(p.size, p.size // 8, "cubic"), range_t=p.range_t,
    )
    assert max(seen) < 100
