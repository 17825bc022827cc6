"""Images as arrays, at the official size and depth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.data.image_files import HINT, decode_image, why
from irfer_bench.errors import DamagedError


def read_image(root: Path, name: str) -> NDArray[Any]:
    """One image: (H, W, 3) uint8, or uint16 where it has sixteen bits; grey is repeated.

    Turned as its EXIF orientation says; transparency is dropped.

    Raises:
        DamagedError: missing, empty, cut off or not an image.
    """
    path = root / name
    try:
        if path.stat().st_size == 0:
            raise DamagedError(f"{name} is empty", HINT)
    except OSError as error:
        raise DamagedError(f"{name} cannot be decoded ({why(error)})", HINT) from error
    return decode_image(path, name)


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

