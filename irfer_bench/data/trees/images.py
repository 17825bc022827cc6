"""Images as arrays, at the official size and depth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from irfer_bench.errors import DamagedError

_HINT = "restore the file or remove it; `irfer-bench data check` lists all such files"


def read_image(root: Path, name: str) -> NDArray[Any]:
    """One image: (H, W, 3) uint8, or uint16 where it has sixteen bits; grey is repeated.

    Turned as its EXIF orientation says; transparency is dropped.

    Raises:
        DamagedError: missing, empty, cut off or not an image.
    """
    path = root / name
    try:
        if path.stat().st_size == 0:
            raise DamagedError(f"{name} is empty", _HINT)
    except OSError as error:
        raise DamagedError(f"{name} cannot be decoded ({why(error)})", _HINT) from error
    return decode_image(path, name)


def decode_image(source: Path | BinaryIO, name: str) -> NDArray[Any]:
    """One image of a file or of bytes in memory, as `read_image` gives it.

    Args:
        name: used in the error message.

    Raises:
        DamagedError: cut off or not an image.
    """
    try:
        with Image.open(source) as image:
            array = _array(ImageOps.exif_transpose(image))
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise DamagedError(f"{name} cannot be decoded ({why(error)})", _HINT) from error
    return array if array.ndim == 3 else np.repeat(array[..., None], 3, axis=2)


def read_images(root: Path, names: Sequence[str]) -> NDArray[Any]:
    """Images of one size and kind, stacked.

    Raises:
        DamagedError: as `read_image`, or the images differ in size or kind.
    """
    return stack_images([read_image(root, name) for name in names], names[0])


def stack_images(images: Sequence[NDArray[Any]], name: str) -> NDArray[Any]:
    """(T, H, W, 3) of images of one size and kind; `name` is the first one's.

    Raises:
        DamagedError: they differ in size or kind.
    """
    kinds = {(array.shape, array.dtype.str) for array in images}
    if len(kinds) != 1:
        raise DamagedError(
            f"{name} and the {len(images) - 1} frames after it differ in size or colour",
            "read them one by one",
        )
    return np.stack(images)


def why(error: Exception) -> str:
    """The text of an error, without its number and without a path."""
    if isinstance(error, UnidentifiedImageError):
        return "it is no image"
    return getattr(error, "strerror", None) or str(error)


def _array(image: Image.Image) -> NDArray[Any]:
    if image.mode.startswith("I;16"):
        return np.asarray(image, dtype=np.uint16)
    if image.mode == "I":
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError("its values need more than sixteen bits")
        return values.astype(np.uint16)
    if image.mode == "F":
        raise ValueError("floating-point images have no agreed range; store 8 or 16 bits")
    if image.mode in ("L", "1", "LA"):
        return np.asarray(image.convert("L"))
    return np.asarray(image.convert("RGB"))
