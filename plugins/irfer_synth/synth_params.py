"""Parameters of the embedded benchmark."""

from __future__ import annotations

from typing import Annotated, ClassVar

from irfer_bench.api import Params, fit


class SynthParams(Params, frozen=True, kw_only=True):
    """The size of the images; the settings are defined at the default."""

    needs_root: ClassVar[bool] = False

    size: Annotated[int, fit("side of the images in pixels", ge=32, le=512)] = 64
