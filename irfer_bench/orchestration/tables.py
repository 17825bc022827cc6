"""Rows as data frames; pandas is imported on use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from irfer_bench.errors import MissingError

if TYPE_CHECKING:
    import pandas as pd


def dataframe(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per mapping.

    Raises:
        MissingError: pandas is not installed.
    """
    try:
        pandas = import_module("pandas")
    except ImportError:
        raise MissingError("a data frame needs pandas", "pip install pandas") from None
    frame: pd.DataFrame = pandas.DataFrame.from_records(list(rows))
    return frame
