"""A fitted component on disk: tensors as safetensors, scalars as JSON."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from irfer_bench.contracts.values import State
from irfer_bench.errors import ContractError, DamagedError
from irfer_bench.store.files import read_json

TENSORS, SCALARS = "state.safetensors", "state.json"
KEPT = "state() returns State(tensors: arrays of numbers, scalars: finite JSON)"


def write_state(folder: Path, state: State) -> None:
    """Write tensors as safetensors and scalars as JSON.

    Raises:
        ContractError: it is no `State`, or holds what these cannot.
    """
    import numpy as np

    if not isinstance(state, State):
        found = type(state).__name__
        raise ContractError(f"a {found} was given where a State was due", KEPT)
    for name, value in state.tensors.items():
        kind = np.asarray(value).dtype
        if kind.kind in "OSUMm":
            raise ContractError(f"the state's array {name!r} is of {kind}", KEPT)
    try:
        scalars = json.dumps(dict(state.scalars), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ContractError(f"the state's scalars are no JSON: {error}", KEPT) from error
    save_tensors(folder / TENSORS, state.tensors)
    (folder / SCALARS).write_text(scalars)


def save_tensors(path: Path, tensors: Mapping[str, Any]) -> None:
    """Write arrays as safetensors.

    Raises:
        OSError: what the system said, which the library hides in its own error's text.
    """
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    try:
        save_file({name: np.asarray(value, order="C") for name, value in tensors.items()}, path)
    except SafetensorError as error:
        number = re.search(r"os error (\d+)|Os \{ code: (\d+)", str(error))
        if number is None:
            raise
        code = int(number[1] or number[2])
        raise OSError(code, os.strerror(code), str(path)) from error


def read_state(folder: Path) -> State:
    """Read what `write_state` wrote.

    Raises:
        DamagedError: a file is missing or no longer readable.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return State(load_file(folder / TENSORS), read_json(folder / SCALARS))
    except (OSError, SafetensorError) as error:
        raise DamagedError(f"state in {folder} cannot be read: {error}") from error
