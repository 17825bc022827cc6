"""From distributed images to clips: size, depth, audio, ids."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image

from irfer_bench.contracts.values import Clip, Item
from irfer_bench.data.preparation.prepare import Rules, prepare
from irfer_bench.errors import ContractError, DamagedError
from tests.irfer_bench.data.arrays import Images, item, noise, run


def test_without_a_detector_the_centre_square_is_resized_once_with_antialias() -> None:
    image = noise(1, 24, 40, 3)
    (clip,) = run({"a": image}, [item()], Rules(size=16))
    expected = Image.fromarray(image[0][:, 8:32]).resize((16, 16), Image.Resampling.BICUBIC)
    assert (clip.frames[0] == np.asarray(expected)).all() and clip.frames.dtype == np.uint8


def test_a_square_of_the_stored_size_is_not_touched() -> None:
    image = noise(1, 16, 16, 3)
    (clip,) = run({"a": image}, [item()], Rules(size=16))
    assert (clip.frames == image).all()


@pytest.mark.parametrize("shape", [(1, 16, 16), (1, 16, 16, 1)])
def test_grey_becomes_three_equal_channels(shape: tuple[int, ...]) -> None:
    (clip,) = run({"a": noise(*shape)}, [item()], Rules(size=8))
    assert clip.frames.shape == (1, 8, 8, 3)
    assert (clip.frames[..., 0] == clip.frames[..., 1]).all()
    assert (clip.frames[..., 0] == clip.frames[..., 2]).all()


def test_one_clip_per_frame_is_numbered_from_the_end_and_so_are_pairs() -> None:
    frames = np.stack([np.full((8, 8), 10 * k, np.uint8) for k in range(5)])
    clips = run({"a": frames}, [item(frames=5, pair="p")], Rules(frames="last(2)", size=8))
    assert [(c.id, c.pair, int(c.frames[0, 0, 0, 0])) for c in clips] == [
        ("a.1", "p.1", 30),
        ("a.0", "p.0", 40),
    ]
    assert {(c.label, c.subject, c.fps, c.audio) for c in clips} == {("fear", "s", None, None)}


def test_a_whole_item_keeps_its_name_sound_and_rate() -> None:
    (clip,) = run({"a": noise(5, 8, 8)}, [item(frames=5)], Rules(unit="item", size=8))
    assert clip.id == "a" and clip.frames.shape == (5, 8, 8, 3)
    assert clip.fps == 25.0 and clip.audio is not None and clip.sample_rate == 8000
    (clip,) = run(
        {"a": noise(5, 8, 8)}, [item(frames=5)], Rules(unit="item", size=8, frames="uniform(8)")
    )
    assert clip.frames.shape == (8, 8, 8, 3) and clip.fps is None


def test_frames_of_one_sequence_may_differ_in_size() -> None:
    frames = [noise(20, 20), noise(30, 26)]
    clips = run({"a": frames}, [item(frames=2)], Rules(size=8))
    assert [clip.frames.shape for clip in clips] == [(1, 8, 8, 3)] * 2


def test_only_the_picked_frames_are_decoded() -> None:
    dataset = Images({"a": noise(50, 8, 8)})
    list(prepare(dataset, None, [item(frames=50)], Rules(frames="last(3)", size=8)))  # type: ignore[arg-type]
    assert dataset.read_frames == 3


def test_sixteen_bits_by_the_percentiles_of_the_whole_sequence_and_recorded() -> None:
    deep = np.linspace(27000, 31000, 10 * 64).reshape(10, 8, 8).astype(np.uint16)
    facts: dict[str, Any] = {}
    clips = run(
        {"a": deep}, [item(frames=10)], Rules(frames="last(1)", size=8), record=facts.__setitem__
    )
    low, high = np.percentile(deep, (1, 99))
    assert facts["a"]["range_16bit"] == [low, high]
    expected = np.floor(np.clip((deep[9] - low) / (high - low), 0, 1) * 255 + 0.5)
    assert np.abs(clips[0].frames[0, ..., 0] - expected).max() <= 1


def test_sixteen_bits_by_the_settings_fixed_range() -> None:
    deep = np.array([[[0, 1000], [2000, 65535]]], np.uint16)
    (clip,) = run({"a": deep}, [item()], Rules(size=2, range_16bit=(1000, 2000)))
    assert clip.frames[0, ..., 0].tolist() == [[0, 0], [255, 255]]


def test_generated_stills_are_drawn_many_at_a_time() -> None:
    class Generated(Images):
        asked: ClassVar[list[int]] = []

        def read_many(self, items: Sequence[Item]) -> list[Clip]:
            self.asked.append(len(items))
            return [self.read(None, one) for one in items]

    names = [f"i{k:03d}" for k in range(300)]
    dataset = Generated({name: noise(1, 8, 8, seed=k) for k, name in enumerate(names)})
    items = [item(name, files=()) for name in names]
    clips = list(prepare(dataset, None, items, Rules(size=8)))  # type: ignore[arg-type]
    assert dataset.asked == [256, 44]
    assert all(
        (c.frames[0, ..., 0] == dataset.arrays[n][0]).all()
        for c, n in zip(clips, names, strict=True)
    )


def test_what_a_dataset_may_not_return() -> None:
    for array in (np.zeros((1, 8, 8), np.float32), np.zeros((1, 8), np.uint8)):
        with pytest.raises(ContractError):
            run({"a": array}, [item()], Rules(size=8))
    with pytest.raises(DamagedError, match="has no frames"):
        run({"a": noise(1, 8, 8)}, [item(frames=0)], Rules(size=8))


def test_a_reader_that_fails_names_the_item_and_what_to_do() -> None:
    class Broken(Images):
        def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
            raise OSError("truncated")

    with pytest.raises(DamagedError, match=r"a cannot be read \(a0…: truncated\).*data check"):
        list(prepare(Broken({}), None, [item()], Rules()))  # type: ignore[arg-type]
