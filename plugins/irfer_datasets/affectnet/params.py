"""Parameters of AffectNet; imports nothing heavy."""

from __future__ import annotations

from typing import Annotated, Literal

from irfer_bench.api import Params, fit


class AffectNetParams(Params, frozen=True, kw_only=True):
    """Where a root holds both releases, `auto` takes the one of 2021."""

    form: Annotated[
        Literal["auto", "lists_2017", "crops_2021"],
        fit("lists and whole images of 2017, or the 224x224 crops with .npy files of 2021"),
    ] = "auto"
    automatic: Annotated[
        bool,
        fit("of the release of 2017 also read the automatic labels (part `automatic`)"),
    ] = False
