"""Our networks as folders that `diffusers` opens."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel
from torch import nn

from irfer_translators.diffusion.process import Prediction, Solver, VPProcess

TYPES: Mapping[Prediction, str] = {
    "eps": "epsilon", "v": "v_prediction", "sample": "sample",
}
CALL = (
    "Images in [-1, 1] are joined in the order of `inputs` along the channels and pixel-unshuffled "
    "by `pixel_unshuffle`. At level i of the scheduler the network is given time_inputs[i]. Where "
    "`gains` is 0 its output is pixel-shuffled back. Else the first 4 * gains * (input channels "
    "before unshuffling) channels are gains: pixel-shuffled by 2, resized bilinearly to the "
    "image's side, one for each output channel and, within it, for each input channel; the sum of "
    "gain times input is added to the other channels, pixel-shuffled back. Sampling starts from "
    "the source noised to `start_level`, or from noise where that is null, and visits "
    "`visited_levels` from the last to the first. `left_out` steers the method beyond that."
)


@dataclass(frozen=True)
class Usage:
    """How a method calls its score network and samples with it.

    Args:
        trained: all levels that it learned, lowest first; `levels` is what the network is given.
        visited: indices of those that sampling visits, lowest first.
        start: index of the level to which the source is noised, or None for pure noise.
        inputs: what its input channels are, in order. clip: each x_0 is clipped to [-1, 1].
        solver: of the steps. left_out: what steers the method's sampling and is not in the folder.
    """

    trained: VPProcess
    visited: Sequence[int]
    start: int | None
    prediction: Prediction
    inputs: Sequence[str] = ("x_t",)
    clip: bool = False
    learned_range: bool = False
    solver: Solver = "ancestral"
    left_out: str = ""


def write_pipeline(net: nn.Module, usage: Usage, folder: Path) -> bool:
    """A score network and its noise schedule, for `DiffusionPipeline.from_pretrained(folder)`.

    `UNet2DModel.from_pretrained(folder, subfolder="unet")` opens the network alone. Only one that
    takes and gives the same channels of whole images at levels 0 to T - 1 can be sampled by the
    pipeline as it is; `irfer_bench.json` says how the others are called.

    Returns:
        Whether the network is one of diffusers'; nothing is written of another one.
    """
    inner: Any = getattr(net, "net", net)
    if not isinstance(inner, UNet2DModel):
        return False
    process = usage.trained
    scheduler = DDPMScheduler(
        num_train_timesteps=len(process), trained_betas=process.betas.tolist(),
        clip_sample=usage.clip, clip_sample_range=1.0, prediction_type=TYPES[usage.prediction],
        variance_type="learned_range" if usage.learned_range else
        {"fixedsmall": "fixed_small", "fixedlarge": "fixed_large"}[process.variance],
    )
    DDPMPipeline(unet=inner.to("cpu"), scheduler=scheduler).save_pretrained(folder)
    facts = {
        "call": CALL, "inputs": list(usage.inputs),
        "pixel_unshuffle": getattr(net, "unshuffle", 1), "gains": getattr(net, "gains", 0),
        "time_inputs": list(process.levels), "visited_levels": list(usage.visited),
        "start_level": usage.start, "clip_x0": usage.clip, "solver": usage.solver,
        "left_out": usage.left_out,
    }
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in facts.items())
    (folder / "irfer_bench.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    return True
