"""Files of LPIPS' backbones, found without torch; the heads come with the lpips wheel."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from irfer_bench.api import DamagedError, MissingWeightsError, UnavailableError
from irfer_bench.nn import weights

Net = Literal["alex", "vgg"]


@dataclass(frozen=True, slots=True)
class Trunk:
    """A torchvision model, its file and the start of the file's sha256."""

    model: str
    file: str

    @property
    def sha256(self) -> str:
        return self.file.rpartition("-")[2].removesuffix(".pth")

    @property
    def url(self) -> str:
        return f"https://download.pytorch.org/models/{self.file}"


TRUNKS: dict[Net, Trunk] = {
    "alex": Trunk("alexnet", "alexnet-owt-7be5be79.pth"),
    "vgg": Trunk("vgg16", "vgg16-397923af.pth"),
}


def trunk_file(net: Net) -> Path:
    """The trunk's file, from the weights folder or from torch's own cache.

    Raises:
        UnavailableError: it is in neither folder, or is not the published file.
    """
    trunk = TRUNKS[net]
    folder = weights.folder()
    wanted = weights.Pretrained(
        name=f"of LPIPS' trunk {trunk.model}", files=(trunk.file,), sha256=trunk.sha256,
        source=f"{trunk.url} (sha256 {trunk.sha256}...)", folder=hub_checkpoints(),
    )
    try:
        return weights.find(wanted, folder)
    except (MissingWeightsError, DamagedError) as error:
        raise UnavailableError(str(error)) from None


def hub_checkpoints() -> Path:
    """`torch.hub.get_dir()/checkpoints`, worked out without torch."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    home = Path(os.environ.get("TORCH_HOME", str(cache / "torch")))
    return home.expanduser() / "hub" / "checkpoints"
