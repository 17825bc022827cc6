"""Parameters of RAF-DB; imports nothing heavy."""

from __future__ import annotations

from typing import Annotated, Literal

from irfer_bench.api import Params, fit


class RafDbParams(Params, frozen=True, kw_only=True):
    """`auto` takes the aligned images where they lie, else the original ones."""

    images: Annotated[
        Literal["auto", "aligned", "original"],
        fit("Image/aligned (the official face crops, 100x100) or Image/original (whole images)"),
    ] = "auto"
