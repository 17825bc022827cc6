"""Parameters of MTCNN; torch-free. Defaults are facenet-pytorch's."""

from __future__ import annotations

from typing import Annotated

from irfer_bench.api import Params, fit


class MtcnnParams(Params, frozen=True, kw_only=True):
    """Options of the three networks."""

    min_face: Annotated[int, fit("side of the smallest face in pixels", ge=12, le=1024)] = 20
    factor: Annotated[float, fit("step between two sizes that are searched", ge=0.3, le=0.95)] = (
        0.709
    )
    p_threshold: Annotated[float, fit("lowest confidence of the proposals", gt=0.0, lt=1.0)] = 0.6
    r_threshold: Annotated[float, fit("lowest confidence of the refinement", gt=0.0, lt=1.0)] = 0.7
    o_threshold: Annotated[float, fit("lowest confidence of the output", gt=0.0, lt=1.0)] = 0.7
