"""Parameters of DFEW; imports nothing heavy."""

from __future__ import annotations

from typing import Annotated, Literal

from irfer_bench.api import Params, fit

Frames = Literal[
    "auto", "clip_224x224", "clip_224x224_16f", "clip_224x224_avi", "jpg_256", "original", "data"
]


class DfewParams(Params, frozen=True, kw_only=True):
    """`auto` takes the first of the official frames that is there, in the order listed."""

    frames: Annotated[
        Frames,
        fit(
            "the folder with the frames; original is uncropped mp4, data the authors' code release"
        ),
    ] = "auto"
    numbering: Annotated[
        Literal["auto", "one", "zero"],
        fit("labels 1 to 7 as the distributor writes them, or 0 to 6 as in a re-export"),
    ] = "auto"
