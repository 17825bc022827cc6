"""Parameters that all adversarial translators share; torch-free, because planning imports them.

[P] the paper says so, [K] the published code of the method, [C] chosen here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from irfer_bench.api import Params, Traits, apply, fit
from irfer_bench.nn.weights import digest
from irfer_translators.diffusion.diffusion_params import checkpoint


class GanParams(Params, frozen=True):
    """Images, networks and training recipe."""

    size: Annotated[int, fit("side of the images inside the translator", ge=24)] = 256
    enlarge: Annotated[
        float,
        fit("images are this many times as large before a random crop to `size`, which is the same "
            "for both images of a pair: 286 / 256 [K]", ge=1, le=2),
    ] = 286 / 256
    flip: Annotated[bool, fit("random horizontal flips, of both images of a pair alike [K]")] = True
    ngf: Annotated[int, fit("channels of the generator's first layer [P]", ge=1)] = 64
    ndf: Annotated[int, fit("channels of the discriminator's first layer [P]", ge=1)] = 64
    batch: Annotated[int, fit("images per domain and step [P]", ge=1)] = 1
    epochs: Annotated[int, fit("passes over the source images at the full rate [P]", ge=0)] = 100
    decay_epochs: Annotated[
        int, fit("passes after these, while the rate falls linearly to 0 [P]", ge=0)
    ] = 100
    iterations: Annotated[
        int,
        fit("steps in place of the passes, the same share of them at a falling rate; 0 for the "
            "passes [C]", ge=0),
    ] = 0
    lr: Annotated[float, fit("Adam's learning rate, generators [P]", gt=0)] = 2e-4
    beta1: Annotated[float, fit("Adam's first beta [P]", ge=0, lt=1)] = 0.5
    weights: Annotated[
        str,
        fit("a published checkpoint of the generator, or an exported one, in the place of "
            "training: a path, or a file's name in the folder of pretrained weights"),
    ] = ""
    collapse: Annotated[
        Literal["none", "mean"], apply("leave three output channels, or set them to their mean [C]")
    ] = "none"

    @property
    def load_size(self) -> int:
        """Side of the training images before the crop."""
        return round(self.size * self.enlarge)

    def traits(self) -> Traits:
        """A generator that is read from a file needs no pairs."""
        return {"pairs": False} if self.weights else {}

    def inputs(self, weights: Path) -> dict[str, Any]:
        """The digest of the checkpoint that is read instead of training.

        Raises:
            MissingWeightsError: it is not there.
        """
        path = checkpoint(self.weights, weights)
        return {} if path is None else {"weights_digest": digest(path)}

    def require_stride(self, stride: int) -> None:
        """Raise ValueError where the networks cannot halve `size` as often as they do."""
        if self.size % stride:
            raise ValueError(
                f"size {self.size} is not a multiple of {stride}, by which the generator reduces "
                f"it; {max(1, round(self.size / stride)) * stride} is"
            )

    def __post_init__(self) -> None:
        if not (self.iterations or self.epochs + self.decay_epochs):
            raise ValueError("epochs and decay_epochs may not both be 0 without iterations")
