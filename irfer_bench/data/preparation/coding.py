"""How the frames of a prepared clip are kept: as pixels, as their own JPEG files, or coded anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from irfer_bench.contracts.values import Clip, Item
from irfer_bench.data.image_files import UnreadableImageError, decode_image, open_image
from irfer_bench.data.lazy_clips import JpegPixels, lazy_clip
from irfer_bench.settings.setting import Coding

START = b"\xff\xd8"
QUALITY = 95


def code_frames(
    clip: Clip, item: Item, root: Path | None, coding: Coding
) -> tuple[Clip, dict[str, Any]]:
    """The clip with its frames as JPEG files where `coding` says so, and what was done.

    A file of the dataset is kept as it is where decoding it gives the prepared frame, pixel by
    pixel. Pixels are kept where the files would be larger.

    Args:
        clip: prepared; `positions` say which frames of the item it holds.

    Returns:
        The clip, and for the record the numbers of `files` kept as they are and of frames `coded`.
    """
    if coding == "raw" or clip.positions is None:
        return clip, {}
    named = root is not None and len(item.files) == item.frames
    kept: dict[int, bytes | None] = {}
    for place, frame in zip(clip.positions, clip.frames, strict=True):
        if place not in kept:
            path = root / item.files[place] if root is not None and named else None
            kept[place] = None if path is None else _own_file(path, frame)
            if kept[place] is None and coding == "source":
                return clip, {}
    files = sum(file is not None for file in kept.values())
    for place, frame in zip(clip.positions, clip.frames, strict=True):
        kept[place] = kept[place] or _encode(frame)
    rows = [kept[place] or b"" for place in clip.positions]
    if sum(map(len, rows)) >= clip.frames.nbytes:
        return clip, {}
    return _of_files(clip, rows), {"files": files, "coded": len(kept) - files}


def _own_file(path: Path, frame: NDArray[np.uint8]) -> bytes | None:
    """The bytes of a JPEG file that decodes to exactly this frame, or None."""
    data = path.read_bytes()
    if not data.startswith(START):
        return None
    try:
        with open_image(BytesIO(data)) as image:
            if (image.height, image.width) != frame.shape[:2]:
                return None
    except UnreadableImageError:
        return None
    return data if np.array_equal(decode_image(BytesIO(data), path.name), frame) else None


def _encode(frame: NDArray[np.uint8]) -> bytes:
    """Quality 95, colour at full resolution."""
    stream = BytesIO()
    Image.fromarray(frame).save(stream, "JPEG", quality=QUALITY, subsampling=0)
    return stream.getvalue()


def _of_files(clip: Clip, files: Sequence[bytes]) -> Clip:
    ends = np.cumsum([len(file) for file in files], dtype=np.int64)
    height, width = clip.frames.shape[1:3]
    pixels = JpegPixels(
        clip.id, np.frombuffer(b"".join(files), np.uint8), ends, (height, width)
    )
    facts = {field.name: getattr(clip, field.name) for field in fields(clip)}
    del facts["frames"], facts["audio"]
    return lazy_clip(pixels, lambda: clip.audio, **facts)
