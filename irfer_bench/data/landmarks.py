"""Landmarks given by a user: `--landmarks FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from irfer_bench.errors import DamagedError, MissingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORM = "as safetensors, it holds one (T, 68, 2) float32 per item id: x, y, original pixels"


def read_landmarks(path: Path) -> dict[str, NDArray[Any]]:
    """(T, 68, 2) float32 by item id, x then y, in pixels of the original images.

    Raises:
        MissingError: no such file. DamagedError: not safetensors, or an array of another form.
    """
    if not path.is_file():
        raise MissingError(f"--landmarks {path}: no such file", FORM)
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise DamagedError(f"--landmarks {path} cannot be read ({error})", FORM) from error
    for name, array in arrays.items():
        if array.ndim != 3 or array.shape[1:] != (68, 2) or array.dtype.name != "float32":
            raise DamagedError(
                f"--landmarks {path}: {name} is {array.dtype} {tuple(array.shape)}",
                FORM,
            )
    return arrays
