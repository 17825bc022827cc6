"""Whether a recognizer that needs audio gets any, from lists of items alone."""

from __future__ import annotations

from collections.abc import Collection

from irfer_bench.errors import MissingError
from irfer_bench.experiment.item_views import ItemInput, ItemView
from irfer_bench.experiment.methods import NEEDS_AUDIO, Method


def check_audio(
    method: Method | None, views: Collection[ItemView], inputs: Collection[ItemInput]
) -> None:
    """Refuse a recognizer that needs audio where no training clip has any.

    A dataset with `lists_audio = False` is trusted: its items do not tell.

    Raises:
        MissingError: names the copies.
    """
    if method is None or method.traits["modality"] not in NEEDS_AUDIO:
        return
    if not all(getattr(each.listing.dataset, "lists_audio", True) for each in inputs):
        return
    items = [row.item for view in views for row in view.rows]
    if not items or any(item.audio for item in items):
        return
    names = " and ".join(sorted({each.dataset for each in inputs}))
    raise MissingError(
        f"recognizer {method.name!r} needs audio, and none of the {len(items)} training clips of "
        f"this copy of {names} has any",
        "put the audio files or the original videos beside the frames, where irfer-bench show "
        f"{names} says, or choose a recognizer of frames alone",
    )
