"""Generators from files: the published code's checkpoints, and exported ones.

Modules of CycleGAN and pix2pix are numbered as in the published code, so that most keys are theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from irfer_bench.api import DamagedError
from irfer_bench.nn.checkpoints import compare_keys, read_checkpoint, rename_keys

PREFIXES: Mapping[str, str | None] = {"generator.": "", "netG_A.": "", "netG.": "", "G.": ""}
"""Names under which a generator may lie in a file: an exported one, and files of whole models."""
COUNTER = "num_batches_tracked"
OLD_NORM = ("running_mean", "running_var")
"""Buffers that instance normalisation had before PyTorch 0.4, and that nothing read."""


def load_generator(net: nn.Module, path: Path, method: str) -> str:
    """Fill a generator from a file, all of it or nothing.

    Returns:
        How many keys matched, were missing and unknown, in words.

    Raises:
        DamagedError: the file cannot be read, or its names or shapes are not the generator's.
        RefusedError: it would run code.
    """
    own = {k: v for k, v in net.state_dict().items() if not k.endswith(COUNTER)}
    given = map_keys(read_checkpoint(path).tensors, net)
    report = compare_keys(own, given)
    counts = report.count()
    if not report.fits:
        raise DamagedError(
            f"{path} does not fit {method}'s generator as it is configured ({counts}): "
            f"{report.describe()}",
            f"give the checkpoint's own sizes, such as -p {method}.ngf=64, or another file",
        )
    net.load_state_dict(given, strict=False)
    return counts


def map_keys(tensors: Mapping[str, Tensor], net: nn.Module) -> dict[str, Tensor]:
    """A file's tensors under the names of `net`, without counters and buffers nothing reads."""
    renamed = rename_keys(tensors, PREFIXES)
    rename = getattr(net, "rename_published", None)
    if rename is not None:
        renamed = rename(renamed)
    own = net.state_dict()
    return {
        k: v for k, v in renamed.items()
        if not k.endswith(COUNTER) and not (k.endswith(OLD_NORM) and _without_buffers(k, own))
    }


def _without_buffers(key: str, own: Mapping[str, Tensor]) -> bool:
    """Whether the layer that a buffer belongs to has no tensor at all here."""
    layer = key.rsplit(".", 1)[0] + "."
    return not any(name.startswith(layer) for name in own)
