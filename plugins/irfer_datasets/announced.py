"""What the family announces, from the data files beside this module; imports nothing heavy."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path


@cache
def read_announced(name: str) -> Mapping[str, Mapping[str, str]]:
    """The tables of `datasets.toml` or `settings.toml`."""
    tables: Mapping[str, Mapping[str, str]] = tomllib.loads(
        Path(__file__).with_name(name).read_text(encoding="utf-8")
    )
    return tables
