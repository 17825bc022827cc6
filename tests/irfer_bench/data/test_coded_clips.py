"""Clips stored as JPEG files: exact where they say so, decoded frame by frame, checked."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from irfer_bench.contracts.values import Clip, Item
from irfer_bench.data import lazy_clips
from irfer_bench.data.arrow import write_shard
from irfer_bench.data.clips import StoredClips, shard_name
from irfer_bench.data.columns import CODED, SCHEMA
from irfer_bench.data.preparation.prepare import prepare
from irfer_bench.data.preparation.rules import Rules
from irfer_bench.data.trees.images import read_images
from irfer_bench.errors import UnreadableError, UsageError
from irfer_bench.experiment.dataset_copy import find_copy
from irfer_bench.experiment.graph import prepare_step
from irfer_bench.registry import load

SIDE = 24


class Folders:
    """Items of image files; `flipped` mirrors what the files show."""

    def __init__(self, *, flipped: bool = False) -> None:
        self.flipped = flipped

    def read(self, root: Path, item: Item, frames: Sequence[int] | None = None) -> Clip:
        places = range(item.frames) if frames is None else frames
        pixels = read_images(root, [item.files[place] for place in places])
        return Clip(item.id, pixels[:, :, ::-1] if self.flipped else pixels, "vis", fps=25.0)

    def read_audio(self, root: Path, item: Item) -> tuple[Any, int]:
        return np.arange(50, dtype=np.float32), 8000


def item(root: Path, name: str = "one", *, frames: int = 6, kind: str = "jpg",
         side: int = SIDE) -> Item:  # fmt: skip
    """Smooth frames with a bright square that moves, as files."""
    (root / name).mkdir()
    files = []
    for k in range(frames):
        pixels = np.repeat(np.linspace(0, 180, side)[:, None, None], 3, 2).repeat(side, 1)
        pixels[3:9, k : k + 6] = (250, 120, 60)
        files.append(f"{name}/{k}.{kind}")
        Image.fromarray(pixels.astype(np.uint8)).save(root / files[-1])
    return Item(name, "fear", None, "vis", tuple(files), frames=frames, audio="a.wav")


def stored(
    root: Path, items: Sequence[Item], coding: Any, facts: dict[str, Any], **rules: Any
) -> StoredClips:
    """The clips as a shard, and what preparation says about each."""
    chosen = Rules(**{"unit": "item", "stored": "all", "size": SIDE, "coding": coding, **rules})
    dataset: Any = rules.pop("dataset", None) or Folders()
    place = root / "made"
    place.mkdir(exist_ok=True)
    made = prepare(dataset, root, items, chosen, record=facts.__setitem__)
    write_shard(place / shard_name(0), made, coded=coding != "raw")
    return StoredClips(place, "key", "uniform(3)")


def prepared(root: Path, one: Item, dataset: Any, coding: Any, **rules: Any) -> Clip:
    chosen = Rules(**{"unit": "item", "size": SIDE, "coding": coding, **rules})
    (clip,) = prepare(dataset, root, [one], chosen)
    return clip


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the stored frames that were decoded."""
    seen: list[str] = []
    real = lazy_clips.decode_image

    def decode(source: Any, name: str) -> Any:
        seen.append(name)
        return real(source, name)

    monkeypatch.setattr(lazy_clips, "decode_image", decode)
    return seen


@pytest.mark.parametrize("coding", ["source", "jpeg95"])
def test_files_that_are_the_frames_are_kept_byte_by_byte(coding: str, tmp_path: Path) -> None:
    one, facts = item(tmp_path), dict[str, Any]()
    clip = stored(tmp_path, [one], coding, facts).clip(0)
    raw = prepared(tmp_path, one, Folders(), "raw")
    assert np.array_equal(clip.frames, raw.frames) and not clip.frames.flags.writeable
    assert (facts["one"]["files"], facts["one"]["coded"]) == (6, 0)
    data = pa.ipc.open_stream(tmp_path / "made" / shard_name(0)).read_all()["frames"][0].as_py()
    assert data == b"".join((tmp_path / name).read_bytes() for name in one.files)
    assert np.array_equal(clip.audio, raw.audio) and clip.sample_rate == 8000


@pytest.mark.parametrize(
    ("how", "rules"), [({"kind": "png"}, {}), ({"side": 30}, {}), ({}, {"flipped": True})]
)
def test_frames_that_differ_from_their_files_are_pixels_unless_the_setting_codes_them(
    how: dict[str, Any], rules: dict[str, Any], tmp_path: Path
) -> None:
    one, dataset = item(tmp_path, **how), Folders(**rules)
    raw, source, coded = (
        prepared(tmp_path, one, dataset, coding) for coding in ("raw", "source", "jpeg95")
    )
    assert type(source) is Clip and np.array_equal(source.frames, raw.frames)
    assert isinstance(coded, lazy_clips.LazyClip)
    change = np.abs(coded.frames.astype(int) - raw.frames)
    assert 0 < change.mean() < 3


def test_only_the_frames_that_are_asked_for_are_decoded(
    tmp_path: Path, decoded: list[str]
) -> None:
    clips = stored(tmp_path, [item(tmp_path)], "source", {})
    decoded.clear()
    clip = clips.view().hide_labels()[0]
    assert clip.label is None and clip.count == 6 and len(clip.audio) == 50 and clip.fps == 25.0
    assert clip.scored == (0, 3, 5) and clips.view().frame_counts() == [(6, (0, 3, 5))]
    assert decoded == []
    taken = clip.take([4, 1, 4])
    assert [name.split()[1] for name in decoded] == ["4", "1"]
    assert len(clip.scored_frames()) == 3 and len(decoded) == 5
    whole = clip.frames
    assert np.array_equal(taken, whole[[4, 1, 4]]) and len(decoded) == 11
    assert clip.frames is whole and np.array_equal(clip.take([-1])[0], whole[5])
    assert len(decoded) == 11


@pytest.mark.parametrize("coding", ["raw", "source"])
def test_a_lazy_clip_is_a_clip(coding: str, tmp_path: Path) -> None:
    clips = stored(tmp_path, [item(tmp_path)], coding, {})
    frames = clips.clip(0).frames
    for other in (
        replace(clips.clip(0), label="x"), copy.copy(clips.clip(0)), copy.deepcopy(clips.clip(0)),
    ):
        assert isinstance(other, Clip) and other.count == 6
        assert np.array_equal(other.frames, frames) and np.array_equal(other.take([2]), frames[[2]])
        assert len(other.audio) == 50
    with pytest.raises(AttributeError, match="'speed'"):
        _ = clips.clip(0).speed
    with pytest.raises(IndexError):
        clips.clip(0).take([6])


def test_one_file_holds_coded_clips_and_pixels(tmp_path: Path) -> None:
    items = [item(tmp_path), item(tmp_path, "two", kind="png"), item(tmp_path, "three", frames=1)]
    facts: dict[str, Any] = {}
    clips = stored(tmp_path, items, "source", facts)
    assert ["files" in facts[name] for name in ("one", "two", "three")] == [True, False, True]
    for at, one in enumerate(items):
        assert np.array_equal(clips.clip(at).frames, read_images(tmp_path, one.files))


def test_a_setting_without_coding_writes_the_columns_it_always_wrote(tmp_path: Path) -> None:
    stored(tmp_path, [item(tmp_path)], "raw", {})
    assert pa.ipc.open_stream(tmp_path / "made" / shard_name(0)).schema.equals(SCHEMA)


@pytest.mark.parametrize("spoil", ["ends", "order", "short", "bytes", "size"])
def test_damage_to_stored_files_is_found(spoil: str, tmp_path: Path) -> None:
    stored(tmp_path, [item(tmp_path)], "source", {})
    path = tmp_path / "made" / shard_name(0)
    (row,) = pa.ipc.open_stream(path).read_all().to_pylist()
    ends = np.frombuffer(row["ends"], np.int64)
    if spoil == "ends":
        row["ends"] = ends[:-1].tobytes()
    elif spoil == "order":
        row["ends"] = ends[[1, 0, 2, 3, 4, 5]].tobytes()
    elif spoil == "short":
        row["frames"] = row["frames"][:-1]
    elif spoil == "bytes":
        row["frames"] = row["frames"][: ends[1]] + b"\0" * len(row["frames"][ends[1] :])
    else:
        row["height"] = 2**30
    with path.open("wb") as file, pa.ipc.new_stream(file, CODED) as stream:
        stream.write_batch(pa.RecordBatch.from_pylist([row], schema=CODED))
    with pytest.raises(UnreadableError, match=r"cannot be (read|decoded)|is \(24, 24, 3\)"):
        _ = StoredClips(path.parent, "key").clip(0).frames


def test_what_is_kept_enters_the_key_unless_it_is_pixels(tmp_path: Path) -> None:
    from msgspec.structs import replace as change

    setting = load().setting("synth_clips_supervised")
    source = find_copy(load(), "synth", roots={}, home=tmp_path)
    steps = [
        prepare_step(change(setting, coding=coding), setting.target, source, {})
        for coding in ("raw", "source", "jpeg95")
    ]
    assert len({step.key for step in steps}) == 3
    assert steps[0].key == prepare_step(setting, setting.target, source, {}).key
    with pytest.raises(UsageError, match="unit = 'item'"):
        prepare_step(
            change(setting, stored="", unit="frame", coding="jpeg95"), setting.target, source, {})
