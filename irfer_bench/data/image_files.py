"""Opening and decoding of image files: a closed list of formats, one image in each.

Pillow reads some sixty formats, and for some of them (EPS) it starts another program. Only the
formats below are tried, whatever a file is called.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from irfer_bench.errors import DamagedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMATS = ("BMP", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""Formats that are read; JPEG includes MPO, that of telephones with a second, smaller image."""
KINDS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF8", "a GIF"),
    (0, b"%!PS", "an EPS drawing"),
    (0, b"\xc5\xd0\xd3\xc6", "an EPS drawing"),
    (0, b"DDS ", "a DDS texture"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"%PDF", "a PDF"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"\x00\x00\x00\x0cjP", "a JPEG 2000 file"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 file"),
    (4, b"ftypavi", "an AVIF file"),
    (4, b"ftyphei", "a HEIC file"),
    (4, b"ftyphev", "a HEIC file"),
    (4, b"ftypmif1", "a HEIC or AVIF file"),
    (4, b"ftyp", "a video"),
    (8, b"AVI ", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (0, b"version https://git-lfs", "a pointer of Git LFS: fetch the file itself"),
)
"""First bytes of what people bring under an image's suffix."""
KNOWN: tuple[tuple[int, bytes, str], ...] = (
    (0, b"II", "TIFF"), (0, b"MM", "TIFF"), (0, b"\x89PNG", "PNG"), (0, b"\xff\xd8", "JPEG"),
    (8, b"WEBP", "WebP"), (0, b"BM", "BMP"),
)  # fmt: skip
MOST_PIXELS = 90_000_000
"""A damaged header may ask for gigabytes: an image of more pixels is not decoded."""
HINT = "restore the file or remove it; `irfer-bench data check` lists all such files"
_REDUCED = 254
"""TIFF's tag NewSubfileType, whose first bit marks a smaller version of another page."""


# What Pillow finds odd in a damaged file is reported once, as the fault.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


class UnreadableImageError(ValueError):
    """A file is not one image of a kind that is read; the text says why, without its name."""


@contextmanager
def open_image(source: Path | BinaryIO) -> Iterator[Image.Image]:
    """An image opened by its content, not decoded yet.

    Raises:
        UnreadableImageError: another kind of file, damaged, or more than one image; also where
            decoding inside the block fails.
    """
    try:
        with Image.open(source, formats=FORMATS) as image:
            _refuse_many(image)
            if image.width * image.height > MOST_PIXELS:
                size = f"{image.width} x {image.height} pixels"
                raise UnreadableImageError(f"it says that it has {size}; at most {MOST_PIXELS:,}")
            yield image
    except UnreadableImageError:
        raise
    except UnidentifiedImageError:
        raise UnreadableImageError(_kind(source)) from None
    except Exception as error:  # decoders raise anything on damaged files
        raise UnreadableImageError(why(error)) from error


def decode_image(source: Path | BinaryIO, name: str) -> NDArray[Any]:
    """One image: (H, W, 3) uint8, or uint16 where it has sixteen bits; grey is repeated.

    Turned as its EXIF orientation says; transparency is dropped.

    Args:
        name: used in the error message.

    Raises:
        DamagedError: cut off, not an image, of a kind that is not read, or more than one image.
    """
    import numpy as np

    try:
        with open_image(source) as image:
            _refuse_depth(image)
            ImageOps.exif_transpose(image, in_place=True)
            array = _array(image)
    except UnreadableImageError as error:
        raise DamagedError(f"{name} cannot be decoded ({error})", HINT) from error
    return array if array.ndim == 3 else np.repeat(array[..., None], 3, axis=2)


def find_fault(path: Path) -> str:
    """Why `decode_image` would refuse a file, or empty; no message names the file."""
    try:
        with open_image(path) as image:
            if image.format in ("JPEG", "MPO"):
                # Every bit of a JPEG is decoded; only the pixels are computed at an eighth.
                image.draft("L", (1, 1))
                image.load()
            else:
                _refuse_depth(image)
                image.load()
    except UnreadableImageError as error:
        return str(error)
    return ""


def why(error: Exception) -> str:
    """The text of an error, without its number and without a path."""
    if isinstance(error, UnidentifiedImageError):
        return "it is no image"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _refuse_many(image: Image.Image) -> None:
    count = getattr(image, "n_frames", 1)
    if count == 1 or image.format == "MPO":
        return
    if image.format != "TIFF":
        raise UnreadableImageError(
            f"it is an animation of {count} images; save them as a folder of images, or as a video"
        )
    whole = 0
    for page in range(count):
        image.seek(page)
        whole += not int(image.tag_v2.get(_REDUCED, 0)) & 1  # type: ignore[attr-defined]
    image.seek(0)
    if whole > 1:
        raise UnreadableImageError(
            f"it is a stack of {whole} images; save each as a file of its own"
        )


def _kind(source: Path | BinaryIO) -> str:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            head = stream.read(32)
    else:
        source.seek(0)
        head = source.read(32)
    for start, magic, what in KINDS:
        if head[start:].startswith(magic):
            return f"it is {what}; images are read as PNG, JPEG, TIFF, BMP, PPM or WebP"
    for start, magic, what in KNOWN:
        if head[start:].startswith(magic):
            return f"it is damaged, or a {what} of a kind that is not read; save it as PNG"
    return "it is no image"


def _refuse_depth(image: Image.Image) -> None:
    if image.mode == "F":
        raise UnreadableImageError(
            "floating-point images have no agreed range; store 8 or 16 bits"
        )
    if image.mode == "I":
        low, high = image.getextrema()
        if low < 0 or high > 65535:  # type: ignore[operator]
            raise UnreadableImageError("its values need more than sixteen bits; store 8 or 16")


def _array(image: Image.Image) -> NDArray[Any]:
    import numpy as np

    if image.mode == "I" or image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    if image.mode in ("L", "1", "LA"):
        return np.asarray(image.convert("L"))
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
