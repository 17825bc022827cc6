"""The table `[ablation]` of a suite.toml: the row that all others are compared with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from irfer_bench.errors import UsageError
from irfer_bench.experiment.request import ABLATION, read_toml


class Ablation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A comparison of every row with one.

    Args:
        full: the row's recognizer or translator, with its parameters as the board names it.
        metric: empty takes the board's primary one.
    """

    full: str
    metric: str = ""


def read_ablation(suite: str | Path | None) -> Ablation | None:
    """The comparison that a suite asks for, None where there is none or no suite.

    Raises:
        UsageError: a wrong key or value.
    """
    if not suite:
        return None
    found: Any = read_toml(Path(suite)).get(ABLATION)
    if found is None:
        return None
    try:
        return msgspec.convert(found, Ablation)
    except msgspec.ValidationError as error:
        keys = ", ".join(Ablation.__struct_fields__)
        raise UsageError(f"suite {suite}: {ABLATION}: {error}", f"keys are {keys}") from None
