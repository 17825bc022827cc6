"""Parameters of the detector `face_alignment`; torch-free. Defaults are the package's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from irfer_bench.api import Params, fit
from irfer_bench.nn.weights import Pretrained, digest, find

SITE = "https://www.adrianbulat.com/downloads/python-fan/"
S3FD = Pretrained(
    name="S3FD (face detector)", files=("s3fd-619a316812.pth",), sha256="619a316812",
    source=f"{SITE}s3fd-619a316812.pth",
)
FAN = Pretrained(
    name="2D-FAN-4 (68 landmarks)", files=("2DFAN4-11f355bf06.pth.tar",),
    sha256="11f355bf06", source=f"{SITE}2DFAN4-11f355bf06.pth.tar",
)


class FaceAlignmentParams(Params, frozen=True, kw_only=True):
    """Options of S3FD and 2D-FAN-4."""

    confidence: Annotated[float, fit("lowest confidence of S3FD for a face", ge=0.05, lt=1.0)] = 0.5
    flip: Annotated[bool, fit("add the landmarks' heat maps of the mirrored face")] = True

    def inputs(self, weights: Path) -> dict[str, Any]:
        """Digests of both networks.

        Raises:
            MissingWeightsError: a file is not here. DamagedError: it is not the published one.
        """
        return {name: digest(find(file, weights)) for name, file in (("s3fd", S3FD), ("fan", FAN))}
