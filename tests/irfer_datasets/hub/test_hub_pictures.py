"""Images and films in the rows of a Hugging Face dataset: as stored, as clips, cut off."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from irfer_bench.api import DamagedError
from tests.irfer_datasets.hub.reading import hub, index, problems, row
from tests.irfer_datasets.hub_tree import encode, write_parquet


def test_sixteen_bits_and_one_channel_come_as_stored(tmp_path: Path) -> None:
    deep = np.arange(20, dtype=np.uint16).reshape(4, 5) * 3000
    rows = [
        row() | {"image": {"bytes": encode(deep), "path": None}, "id": "deep"},
        row() | {"image": {"bytes": encode(deep.astype(np.uint8)), "path": None}, "id": "grey"},
    ]
    root = write_parquet(tmp_path, rows)
    clips = {item.id: hub().read(root, item) for item in index(root)}
    np.testing.assert_array_equal(clips["deep"].frames, np.stack([deep] * 3, axis=-1)[None])
    assert clips["grey"].frames.dtype == np.uint8 and clips["grey"].frames.shape == (1, 4, 5, 3)


def test_a_list_of_images_is_a_clip_and_single_frames_are_had(tmp_path: Path) -> None:
    frames = [{"bytes": encode(np.full((4, 4, 3), k, np.uint8)), "path": None} for k in range(5)]
    root = write_parquet(tmp_path, [{"frames": frames, "label": "fear", "id": "c"}])
    (item,) = index(root)
    assert item.frames == 5
    assert hub().read(root, item).frames[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert hub().read(root, item, [3, 1]).frames[:, 0, 0, 0].tolist() == [3, 1]


def test_a_video_column_is_a_clip_with_its_sound(tmp_path: Path) -> None:
    import av
    import pyarrow
    import pyarrow.parquet

    stream = BytesIO()
    with av.open(stream, "w", format="matroska") as container:
        track: Any = container.add_stream("ffv1", rate=10)
        track.width, track.height, track.pix_fmt = 16, 16, "bgr0"
        for k in range(4):
            image = Image.new("RGB", (16, 16), (40 * k, 0, 0))
            container.mux(track.encode(av.VideoFrame.from_image(image)))
        container.mux(track.encode(None))
    rows = {"video": [{"bytes": stream.getvalue(), "path": "a.mkv"}], "label": ["fear"]}
    pyarrow.parquet.write_table(pyarrow.table(rows), tmp_path / "clips.parquet")
    (item,) = index(tmp_path)
    clip = hub().read(tmp_path, item)
    assert item.frames == 4 and clip.frames[:, 0, 0, 0].tolist() == [0, 40, 80, 120]
    assert clip.fps == 10 and clip.audio is None
    assert hub().read(tmp_path, item, [2]).frames[:, 0, 0, 0].tolist() == [80]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_image_that_is_cut_off_is_named_without_decoding_the_others(
    tmp_path: Path, kind: str
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    whole = encode(noise, kind)
    rows = [row() | {"image": {"bytes": data, "path": None}} for data in (whole, whole[:-300])]
    root = write_parquet(tmp_path, rows)
    ((found, where, action),) = problems(root)
    assert (found, where) == ("damaged", "row 1") and "truncated" in action
    padded = whole + b"\0" * 500  # some cameras append; the image is whole
    root = write_parquet(tmp_path / "padded", [row() | {"image": {"bytes": padded, "path": None}}])
    assert problems(root) == [] and len(index(root)) == 1


def test_damage_that_only_decoding_shows_stops_a_read_with_one_line(tmp_path: Path) -> None:
    whole = bytearray(encode(np.random.default_rng(0).integers(0, 255, (40, 40), dtype=np.uint8)))
    whole[200:300] = bytes(100)
    root = write_parquet(tmp_path, [row() | {"image": {"bytes": bytes(whole), "path": None}}])
    (item,) = index(root)
    with pytest.raises(DamagedError, match=f"{item.id} cannot be decoded"):
        hub().read(root, item)
