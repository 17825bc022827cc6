"""Images of every format under every suffix; both commands that decode must agree on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from random import Random

from tests.fuzz.mutations import mutate_bytes

FORMS = (
    ("PNG", "RGB", {}),
    ("PNG", "L", {}),
    ("PNG", "I;16", {}),
    ("PNG", "P", {}),
    (
        "JPEG",
        "RGB",
        {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"},
    ),
    ("JPEG", "L", {"progressive": True}),
    ("JPEG", "CMYK", {}),
    ("BMP", "RGB", {}),
    ("BMP", "1", {}),
    ("PPM", "RGB", {}),
    ("PPM", "L", {}),
    ("TIFF", "RGB", {}),
    ("TIFF", "I;16", {}),
    ("TIFF", "L", {"compression": "tiff_lzw"}),
    ("TIFF", "F", {}),
    ("TIFF", "I", {}),
    ("WEBP", "RGB", {}),
    ("WEBP", "RGBA", {"lossless": True}),
    ("GIF", "P", {}),
)


def seeds(kind: str) -> list[bytes]:
    """Nine by seven pixels of a gradient in each form."""
    import numpy as np
    from PIL import Image

    made = []
    base = np.arange(9 * 7 * 3, dtype=np.uint8).reshape(7, 9, 3)
    for form, mode, options in FORMS:
        if mode in ("I;16", "F", "I"):
            types = {"I;16": np.uint16, "F": np.float32, "I": np.int32}
            image = Image.fromarray(base[..., 0].astype(types[mode]) * 200)
        else:
            image = Image.fromarray(base).convert(mode)
        stream = BytesIO()
        image.save(stream, form, **options)
        made.append(stream.getvalue())
    return made


def mutate(kind: str, random: Random, seed: bytes, others: Sequence[bytes]) -> bytes:
    """Changed bytes."""
    return mutate_bytes(random, seed, others)


def prepare(kind: str, content: bytes, place: Path) -> Callable[[], object]:
    """Check as `data check` does, then decode as `data prepare` does."""
    from irfer_bench.data.image_files import decode_image, find_fault
    from irfer_bench.errors import DamagedError

    path = place / "image"
    path.write_bytes(content)

    def call() -> None:
        fault = find_fault(path)
        try:
            array = decode_image(path, "image")
        except DamagedError as error:
            assert fault, f"data check takes what preparation refuses: {error}"
            raise
        assert array.ndim == 3 and array.shape[2] == 3 and array.dtype.name in ("uint8", "uint16")

    return call
