"""Boxes given by a user or another site: `--boxes FILE`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from irfer_bench.errors import DamagedError, MissingError
from irfer_bench.store import keys

EVERY = -1
"""The position that stands for all frames of an item."""
_FORM = (
    'JSON of {"item id": [left, top, side]} in original pixels, or the boxes.json that '
    "`data prepare` kept"
)


def read_boxes(path: Path) -> dict[str, Mapping[int, tuple[float, float, float]]]:
    """Squares by item id and frame position, in pixels of the original images.

    A value is one square for every frame, or `{"positions": […], "boxes": [[left, top, side], …]}`
    as preparation records it.

    Raises:
        MissingError: no such file. DamagedError: no JSON, or a value of another form.
    """
    if not path.is_file():
        raise MissingError(f"--boxes {path}: no such file", _FORM)
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): _boxes(value) for name, value in table.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError,
            RecursionError) as error:  # fmt: skip
        raise DamagedError(f"--boxes {path} cannot be read ({error})", _FORM) from error


def squares_of(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Positions and squares by item id, in the form of `--boxes`, as preparation found them.

    Of aligned frames the transforms, too, which `--boxes` does not read.
    """
    names = ("positions", "boxes", "align")
    return {
        item: {name: own[name] for name in names if name in own} for item, own in facts.items()
    }


def crops_digest(facts: Mapping[str, Mapping[str, Any]]) -> str:
    """Digest of the cropped squares of all frames, independent of the detector."""
    return keys.digest(squares_of(facts))


def _boxes(value: Any) -> dict[int, tuple[float, float, float]]:
    if isinstance(value, list):
        return {EVERY: _square(value)}
    rows = zip(value["positions"], value["boxes"], strict=True)
    return {int(position): _square(box) for position, box in rows if box is not None}


def _square(value: Any) -> tuple[float, float, float]:
    left, top, side = (float(number) for number in value)
    if not (side > 0 and isfinite(left + top + side)):
        raise ValueError(f"a square of side {side} at {left}, {top}")
    return left, top, side
