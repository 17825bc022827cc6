"""Parameters of MAFW; imports nothing heavy."""

from __future__ import annotations

from typing import Annotated, Literal

from irfer_bench.api import Params, fit


class MafwParams(Params, frozen=True, kw_only=True):
    """`auto` takes the first that is there, in the order listed."""

    frames: Annotated[
        Literal["auto", "clips", "frames", "faces"],
        fit("data/clips (mp4), data/frames (images of whole scenes) or data/faces (your crops)"),
    ] = "auto"
