"""Parameters of AffectNet; imports nothing heavy."""

from __future__ import annotations

from typing import Annotated, Literal

from irfer_bench.api import Params, fit


class AffectNetParams(Params, frozen=True, kw_only=True):
    """Where a root holds several forms, `auto` takes the crops with annotations first."""

    form: Annotated[
        Literal["auto", "lists_2017", "crops_2021", "folders"],
        fit("lists and whole images of 2017, crops with a .npy or .json each, or folders 0 to 7"),
    ] = "auto"
    automatic: Annotated[
        bool,
        fit("of the release of 2017 also read the automatic labels (part `automatic`)"),
    ] = False
