"""Our networks as folders that `diffusers` opens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel
from torch import nn

from irfer_translators.diffusion.process import Prediction, VPProcess

TYPES: Mapping[Prediction, str] = {
    "eps": "epsilon", "v": "v_prediction", "sample": "sample",
}


def write_pipeline(
    net: nn.Module, process: VPProcess, prediction: Prediction, folder: Path, *,
    learned_range: bool = False,
) -> bool:
    """A score network and its noise schedule, for `DiffusionPipeline.from_pretrained(folder)`.

    `UNet2DModel.from_pretrained(folder, subfolder="unet")` opens the network alone. Only one that
    takes and gives the same channels of whole images can be sampled by the pipeline as it is;
    `irfer_bench.json` says how the others are called.

    Args:
        process: all levels of noise. learned_range: half of the output is the variance's range.

    Returns:
        Whether the network is one of diffusers'.
    """
    inner: Any = getattr(net, "net", net)
    if not isinstance(inner, UNet2DModel):
        return False
    scheduler = DDPMScheduler(
        num_train_timesteps=len(process), trained_betas=process.betas.tolist(), clip_sample=False,
        prediction_type=TYPES[prediction],
        variance_type="learned_range" if learned_range else
        {"fixedsmall": "fixed_small", "fixedlarge": "fixed_large"}[process.variance],
    )
    DDPMPipeline(unet=inner.to("cpu"), scheduler=scheduler).save_pretrained(folder)
    facts = {
        "pixel_unshuffle": getattr(net, "unshuffle", 1), "gains": getattr(net, "gains", 0),
        "input": "images in [-1, 1], and after them the source where there is a condition, "
                 "pixel-unshuffled by this factor; `gains` is how many output channels the input "
                 "is added to, through gains that come first",
        "time": "the level's number",
    }
    (folder / "irfer_bench.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return True
