"""Parameters of Oulu-CASIA; imports nothing heavy."""

from __future__ import annotations

from typing import Annotated, Literal

from irfer_bench.api import Params, fit


class OuluCasiaParams(Params, frozen=True, kw_only=True):
    """Where a root holds both trees, `auto` takes the original one."""

    tree: Annotated[
        Literal["auto", "original", "preprocessed"],
        fit("OriginalImg (320x240) or PreProcess_Img (the official face crops)"),
    ] = "auto"
