"""Parameters of the plain translators, which have none; torch-free."""

from __future__ import annotations

from irfer_bench.api import Params


class PlainParams(Params, frozen=True):
    """No parameters."""
