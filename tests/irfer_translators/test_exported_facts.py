"""What stands beside an exported network suffices to sample with it as the method does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDPMScheduler, UNet2DModel
from diffusers.schedulers import scheduling_ddpm
from torch import Tensor
from torch.nn import functional as nnf

from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import MemoryContext
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.nfer_sde_translator import NferSde
from irfer_translators.diffusion.sdedit import SdEdit
from irfer_translators.diffusion.sdedit_params import SdEditParams
from irfer_translators.diffusion.sr3 import Sr3
from irfer_translators.diffusion.sr3_params import Sr3Params
from irfer_translators.diffusion.sr3_unet import Sr3UNet
from irfer_translators.diffusion.t2v_ddpm import T2vDdpm
from irfer_translators.diffusion.t2v_ddpm_params import T2vDdpmParams
from irfer_translators.diffusion.translator import ClipNoise

SIZE = 16
METHODS: dict[str, tuple[Any, Any]] = {
    "sr3": (Sr3, Sr3Params), "t2v_ddpm": (T2vDdpm, T2vDdpmParams),
    "t2v_ddpm@fast": (T2vDdpm, T2vDdpmParams), "nfer_sde@cond": (NferSde, NferSdeParams),
    "sdedit": (SdEdit, SdEditParams),
}


def ready(name: str, **given: Any) -> Any:
    """A method of the preset `quick` whose network is random in all layers."""
    cls, params = METHODS[name]
    component, _, variant = name.partition("@")
    translator = cls(resolve(
        params, component=component, variant=variant, preset="quick", given={"size": SIZE, **given}
    ))
    torch.manual_seed(4)
    net = translator.build("score").eval()
    for value in net.parameters():
        if value.ndim > 1:
            torch.nn.init.normal_(value, std=0.07)
    translator.nets["score"] = net
    return translator


def follow(
    folder: Path, source: Tensor, noise: ClipNoise, monkeypatch: pytest.MonkeyPatch
) -> Tensor:
    """`irfer_bench.json` to the letter, with diffusers' network and scheduler."""
    facts = json.loads((folder / "irfer_bench.json").read_text())
    net: Any = UNet2DModel.from_pretrained(folder, subfolder="unet")
    scheduler: Any = DDPMScheduler.from_pretrained(folder, subfolder="scheduler")
    start, z = noise.stream("start")(), noise.stream("step")
    monkeypatch.setattr(scheduling_ddpm, "randn_tensor", lambda *_, **__: z())
    if facts["start_level"] is None:
        x = start
    else:
        x = scheduler.add_noise(source, start, torch.tensor([facts["start_level"]]))
    scheduler.set_timesteps(timesteps=facts["visited_levels"][::-1])
    for i in facts["visited_levels"][::-1]:
        given = torch.cat([{"x_t": x, "source": source}[name] for name in facts["inputs"]], 1)
        grid = nnf.pixel_unshuffle(given, facts["pixel_unshuffle"])
        y = net(grid, torch.full((len(x),), float(facts["time_inputs"][i]))).sample
        count = 4 * facts["gains"] * given.shape[1]
        made = nnf.pixel_shuffle(y[:, count:], facts["pixel_unshuffle"])
        if count:
            gains = nnf.interpolate(
                nnf.pixel_shuffle(y[:, :count], 2), x.shape[-2:], mode="bilinear"
            )
            for output in range(facts["gains"]):
                own = gains[:, output * given.shape[1] :][:, : given.shape[1]]
                made[:, output] += (own * given).sum(1)
        x = scheduler.step(made, i, x).prev_sample
    return x


@torch.no_grad()
@pytest.mark.parametrize(
    ("name", "given"),
    [*((name, {}) for name in METHODS), ("t2v_ddpm", {"prediction": "eps"}),
     ("t2v_ddpm@fast", {"prediction": "eps"}), ("sr3", {"prediction": "v"}),
     ("nfer_sde@cond", {"start": "noise"}), ("sdedit", {"prediction": "v"})],
)
def test_the_exported_facts_reproduce_the_method(
    name: str, given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    translator = ready(name, **given)
    assert not translator.export(tmp_path)
    ctx, torch_noise = MemoryContext(), torch.Generator().manual_seed(1)
    source = torch.rand((2, 3, SIZE, SIZE), generator=torch_noise) * 2 - 1
    own = translator.sample(
        source, ClipNoise(["a", "b"], source.shape[1:], ctx), ctx, lambda step: None
    )
    noise = ClipNoise(["a", "b"], source.shape[1:], ctx)
    followed = follow(tmp_path / "diffusers", source, noise, monkeypatch)
    torch.testing.assert_close(followed, own, atol=2e-3, rtol=2e-3)
    assert float((own - source).abs().mean()) > 0.1


def test_a_network_that_diffusers_does_not_have_is_said(tmp_path: Path) -> None:
    translator = Sr3(resolve(Sr3Params, component="sr3"))
    translator.nets["score"] = Sr3UNet(SIZE, inner=32, multipliers=(1, 1), layers=1)
    assert "the U-Net 'sr3' is not one of diffusers'" in translator.export(tmp_path)
    assert not (tmp_path / "diffusers").exists()
