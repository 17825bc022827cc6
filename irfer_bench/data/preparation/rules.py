"""Rules of preparation and of the choice of frames."""

from __future__ import annotations

from typing import Literal

import msgspec

from irfer_bench.data.frame_rules import distinct, pick
from irfer_bench.settings.setting import Align, Coding, Setting

__all__ = ["Rules", "distinct", "pick", "rules_of"]


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules of preparation; all of them enter the key of the prepared clips.

    Args:
        frames: `all`, `last(k)`, `first(k)` or `uniform(k)`: the frames that are scored.
        stored: the frames that are kept, by a like rule; empty keeps the scored ones. Unit `item`.
        unit: `frame` makes one clip per frame, `item` one clip per item.
        size: side of the stored square, pixels.
        detector: finds the face; `none` takes the centre square.
        crop: side of the box as a factor on the larger side of what was found.
        no_face: where no face is found, `fail`, take the `whole` centre square, or `drop` it.
        range_16bit: (low, high) mapped to (0, 255); None takes the sequence's 1 to 99 percentile.
        align: turn and scale each frame so that its `eyes` or `landmarks` lie at fixed places.
        every: the detector looks at every n-th frame of an item; those between are interpolated.
        coding: how frames are kept, `raw`, `source` or `jpeg95`, as in a setting. Unit `item`.
    """

    frames: str = "all"
    stored: str = ""
    unit: Literal["frame", "item"] = "frame"
    size: int = 256
    detector: str = "none"
    crop: float = 1.3
    no_face: Literal["fail", "whole", "drop"] = "whole"
    range_16bit: tuple[int, int] | None = None
    align: Align = ""
    every: int = 1
    coding: Coding = "raw"

    @property
    def kept(self) -> str:
        """The rule of the frames that are kept."""
        return self.stored or self.frames


def rules_of(setting: Setting) -> Rules:
    """The fields of a setting that determine the prepared images."""
    return Rules(
        frames=setting.frames,
        stored=setting.stored,
        unit=setting.unit,
        size=setting.size,
        detector=setting.detector,
        crop=setting.crop,
        no_face=setting.no_face,
        range_16bit=setting.range_16bit,
        align=setting.align,
        every=setting.every,
        coding=setting.coding,
    )
