"""Parameters of both components; imports nothing heavy."""

from typing import Annotated

from irfer_bench.api import Params, apply, fit


class BlurParams(Params, frozen=True):
    """Blur and levels."""

    radius: Annotated[int, fit("pixels to each side that are averaged", ge=0, le=32)] = 1
    gain: Annotated[float, apply("factor of the target's deviation", ge=0)] = 1.0


class CentroidsParams(Params, frozen=True):
    """Centroids on a small grid."""

    grid: Annotated[int, fit("side of the grid that images are averaged to", ge=1, le=64)] = 8
    sharpness: Annotated[float, apply("factor of the negative distance", gt=0)] = 20.0
