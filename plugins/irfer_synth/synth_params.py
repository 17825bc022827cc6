"""The embedded benchmark's only choice: the side of its images."""

from __future__ import annotations

from typing import Annotated, ClassVar

from irfer_bench.api import Params, fit


class SynthParams(Params, frozen=True, kw_only=True):
    """How the embedded benchmark is drawn; the settings are defined at the default size."""

    needs_root: ClassVar[bool] = False

    size: Annotated[int, fit("side of the images in pixels", ge=32, le=512)] = 64
