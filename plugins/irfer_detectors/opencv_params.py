"""Parameters of the Haar cascade; torch-free."""

from __future__ import annotations

from typing import Annotated, Literal

from irfer_bench.api import Params, fit


class HaarCascadeParams(Params, frozen=True, kw_only=True):
    """Options of OpenCV's `detectMultiScale`.

    Defaults were chosen for few false positives on 79 images without an upright face, then for
    faces found: see `irfer_detectors.opencv`.
    """

    cascade: Annotated[
        Literal["alt2", "default"], fit("which of OpenCV's cascades of frontal faces")
    ] = "alt2"
    scale_factor: Annotated[
        float, fit("step between two sizes that are searched", ge=1.01, le=2.0)
    ] = 1.1
    min_neighbors: Annotated[
        int, fit("neighbouring hits that must agree; more means fewer false positives", ge=1, le=50)
    ] = 4
    min_size: Annotated[
        float, fit("smallest face, as a fraction of the image's shorter side", gt=0.0, le=1.0)
    ] = 0.15
    equalise: Annotated[
        bool, fit("spread the histogram first, which dark and unevenly lit images need")
    ] = True
