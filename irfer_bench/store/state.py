"""Files of a fitted component: tensors as safetensors, scalars as JSON."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from irfer_bench.contracts.values import State
from irfer_bench.errors import ContractError, UnreadableError
from irfer_bench.store.files import atomic_file, read_json

TENSORS, SCALARS = "state.safetensors", "state.json"
KEPT = "state() returns State(tensors: arrays of numbers, scalars: finite JSON)"


def write_state(folder: Path, state: State) -> None:
    """Write tensors as safetensors and scalars as JSON.

    Raises:
        ContractError: it is no `State`, or holds values of other types.
    """
    scalars = _check(state)
    save_tensors(folder / TENSORS, state.tensors)
    (folder / SCALARS).write_text(scalars, encoding="utf-8")


def _check(state: State) -> str:
    """Check the tensors and return the scalars as JSON."""
    import numpy as np

    if not isinstance(state, State):
        found = type(state).__name__
        raise ContractError(f"a {found} was given where a State was due", KEPT)
    for name, value in state.tensors.items():
        kind = np.asarray(value).dtype
        if kind.kind in "OSUMm":
            raise ContractError(f"the state's array {name!r} is of {kind}", KEPT)
    try:
        return json.dumps(dict(state.scalars), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ContractError(f"the state's scalars are no JSON: {error}", KEPT) from error


def write_checkpoint(path: Path, state: State) -> None:
    """Write a state as one file, tensors and scalars, in place of an older one.

    Raises:
        ContractError, OSError: as `write_state`.
    """
    scalars = _check(state)
    with atomic_file(path) as draft:
        save_tensors(draft, state.tensors, {"scalars": scalars})


def read_checkpoint(path: Path) -> State | None:
    """The state of a checkpoint file, or None where it is missing or damaged."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            scalars = json.loads((file.metadata() or {})["scalars"])
            names = file.keys()
            return State({name: file.get_tensor(name) for name in names}, scalars)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RecursionError):
        return None


def save_tensors(
    path: Path, tensors: Mapping[str, Any], metadata: Mapping[str, str] | None = None
) -> None:
    """Write arrays as safetensors.

    Raises:
        OSError: the system's error, which the library hides in its message.
    """
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    try:
        arrays = {name: np.asarray(value, order="C") for name, value in tensors.items()}
        save_file(arrays, path, metadata=dict(metadata) if metadata else None)
    except SafetensorError as error:
        number = re.search(r"os error (\d+)|Os \{ code: (\d+)", str(error))
        if number is None:
            raise
        code = int(number[1] or number[2])
        raise OSError(code, os.strerror(code), str(path)) from error


def read_state(folder: Path) -> State:
    """Read what `write_state` wrote.

    Raises:
        UnreadableError: a file is missing or no longer readable.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return State(load_file(folder / TENSORS), read_json(folder / SCALARS))
    except (OSError, SafetensorError) as error:
        raise UnreadableError(f"state in {folder} cannot be read: {error}") from error
