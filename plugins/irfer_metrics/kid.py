"""KID: squared MMD of Inception features with a cubic kernel (Binkowski et al., ICLR 2018).

The backbone is the Inception of 2015-12-05, on which FID is defined, in PyTorch as pytorch-fid
publishes it; torchvision's own Inception weights are another network and give other values.
Images are enlarged to 299 pixels (bilinear) and scaled to [-1, 1]; near-infrared ones have three
equal channels. The value is the mean of 100 unbiased estimates on subsets of min(100, N) images
with a fixed seed; it may be negative.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from irfer_bench.api import (
    Clip,
    DamagedError,
    MissingWeightsError,
    Params,
    ScoreInputs,
    UnavailableError,
)
from irfer_bench.nn import weights
from irfer_metrics.alignment import kid_poly3
from irfer_metrics.lpips_weights import hub_checkpoints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

Floats: TypeAlias = NDArray[np.float64]

BACKBONE = "inception_2015_12_05"
FILE = "pt_inception-2015-12-05-6726825d.pth"
URL = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{FILE}"
SIDE = 299
BATCH = 16
SUBSET, SUBSETS = 100, 100


def kid(x: NDArray[Any], y: NDArray[Any]) -> float:
    """Mean unbiased squared MMD of random subsets of min(100, N) rows; one where that is all.

    Args:
        x, y: (N, D) and (M, D) features, two images each or more.
    """
    size = min(SUBSET, len(x), len(y))
    if size == len(x) == len(y):
        return kid_poly3(x, y)
    random = np.random.default_rng(0)
    picked = [
        [random.choice(len(side), size, replace=False) for side in (x, y)] for _ in range(SUBSETS)
    ]
    return float(np.mean([kid_poly3(x[first], y[second]) for first, second in picked]))


class Kid:
    """KID of translated test images and true ones; announced with `resamples` 0, no interval."""

    consumes: frozenset[str] = frozenset({"pairs"})
    direction: Literal["higher", "lower", "none"] = "lower"
    unit: str = ""
    range: tuple[float, float] = (-float("inf"), float("inf"))

    def __init__(self, params: Params | None = None) -> None:
        self.params = params

    def compute(self, inputs: ScoreInputs, index: NDArray[Any] | None = None) -> float:
        """Raises UnavailableError without pairs, with fewer than two images or without weights."""
        if not inputs.pairs:
            raise UnavailableError("this setting has no true partners of the translations")
        x, y, owner = inputs.once(f"kid.{BACKBONE}", lambda: _features(inputs))
        if index is not None:
            rows = np.concatenate([np.flatnonzero(owner == pair) for pair in np.sort(index)])
            x, y = x[rows], y[rows]
        if len(x) < 2:
            raise UnavailableError("KID needs two images or more")
        return kid(x, y)


def _features(inputs: ScoreInputs) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Features of all frames in the order of ids, and the pair that each is of."""
    assert inputs.pairs is not None
    network = _network()
    ids = [made.id for made, _ in inputs.pairs]
    made: list[Floats] = []
    true: list[Floats] = []
    owner: list[int] = []
    for pair in sorted(range(len(ids)), key=ids.__getitem__):
        translated, partner = inputs.pairs[pair]
        if len(translated.frames) != len(partner.frames):
            raise UnavailableError(f"{translated.id} and its partner differ in frames")
        made.append(_embed(network, translated))
        true.append(_embed(network, partner))
        owner += [pair] * len(translated.frames)
    return np.concatenate(made), np.concatenate(true), np.array(owner)


def _embed(network: nn.Module, clip: Clip) -> Floats:
    """(T, 2048) features of a clip's frames."""
    import torch

    device = next(network.parameters()).device
    rows = []
    with torch.inference_mode():
        frames = torch.from_numpy(np.array(clip.frames)).permute(0, 3, 1, 2).float()
        for part in torch.split(frames / 127.5 - 1, BATCH):
            large = torch.nn.functional.interpolate(
                part.to(device), size=(SIDE, SIDE), mode="bilinear", align_corners=False
            )
            rows.append(network(large).double().cpu().numpy())
    return np.concatenate(rows)


def inception() -> nn.Module:
    """torchvision's Inception v3 with the poolings of the network of 2015; gives (N, 2048).

    There an average leaves out the border, and the last block takes a maximum.
    """
    import torch
    import torchvision
    from torch import nn

    with torch.device("meta"):
        network: nn.Module = torchvision.models.inception_v3(
            weights=None, num_classes=1008, aux_logits=False, init_weights=False,
            transform_input=False,
        )
    for name, block in network.named_children():
        if hasattr(block, "branch_pool") and not name.endswith("7c"):
            block.get_submodule("branch_pool").register_forward_pre_hook(_without_border)
    last = network.get_submodule("Mixed_7c")
    given: list[Tensor] = []
    last.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
    last.get_submodule("branch_pool").register_forward_pre_hook(
        lambda _, inputs: nn.functional.max_pool2d(given.pop(), 3, stride=1, padding=1)
    )
    return network


def _without_border(_: Any, inputs: Sequence[Tensor]) -> Tensor:
    """An average with zeros around the border, to that of the pixels that are there."""
    import torch

    counted = torch.nn.functional.avg_pool2d(
        torch.ones_like(inputs[0][:1, :1]), kernel_size=3, stride=1, padding=1
    )
    return inputs[0] / counted


@lru_cache(maxsize=1)
def _network() -> nn.Module:
    wanted = weights.Pretrained(
        name="of KID's Inception (2015-12-05)", files=(FILE,), sha256="6726825d", source=URL,
        folder=hub_checkpoints(),
    )
    try:
        path = weights.find(wanted, weights.folder())
    except (MissingWeightsError, DamagedError) as error:
        raise UnavailableError(str(error)) from None
    import torch
    from torch import nn

    network = inception()
    tensors = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(tensors, assign=True)
    network.fc = nn.Identity()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return network.eval().requires_grad_(False).to(device)
