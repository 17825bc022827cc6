"""Parameters of the detector `face_alignment`; torch-free. Defaults are the package's."""

from __future__ import annotations

from typing import Annotated

from irfer_bench.api import Params, fit


class FaceAlignmentParams(Params, frozen=True, kw_only=True):
    """Options of S3FD and 2D-FAN-4."""

    confidence: Annotated[float, fit("lowest confidence of S3FD for a face", ge=0.05, lt=1.0)] = 0.5
    flip: Annotated[bool, fit("add the landmarks' heat maps of the mirrored face")] = True
