"""Published counts of each dataset.

`expected.json` holds counts and digests only, no ids: any copy of a dataset gives the
same digests. `docs/datasets.md` names what could not be confirmed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def published(dataset: str) -> Mapping[str, Any]:
    """Counts and digests of one dataset; empty where nothing is known."""
    text = files("irfer_datasets").joinpath("expected.json").read_text(encoding="utf-8")
    known: Mapping[str, Any] = json.loads(text).get(dataset, {})
    return known
