"""DFEW's frames and sound in every form seen in public."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from irfer_bench.api import DamagedError, MissingError
from irfer_datasets.dfew.dataset import Dfew
from irfer_datasets.params import DfewParams
from tests.irfer_datasets.dfew.findings import CROPS, EXPECTED, facts, kinds
from tests.irfer_datasets.dfew_tree import FRAMES, dfew_tree, write_frames, write_lists
from tests.irfer_datasets.movies import RATE

PICTURED = ("clip_224x224", "clip_224x224_16f", "jpg_256", "data")
FILMED = ("clip_224x224_avi", "original")


@pytest.mark.parametrize("source", [*PICTURED, *FILMED])
def test_every_form_of_the_frames_gives_the_same_clips(tmp_path: Path, source: str) -> None:
    write_lists(tmp_path)
    write_frames(tmp_path, source)
    dataset = Dfew()
    assert dataset.identify(tmp_path).confidence >= 0.9
    assert facts(tmp_path, dataset) == EXPECTED
    item = next(iter(dataset.index(tmp_path)))
    assert item.part == source and item.frames == (16 if "16f" in source else FRAMES)
    clip = dataset.read(tmp_path, item)
    assert clip.frames.shape == (item.frames, 32, 32, 3)
    last = dataset.read(tmp_path, item, [item.frames - 1]).frames
    assert np.array_equal(last, clip.frames[-1:])
    assert clip.fps == (25.0 if source in FILMED else None)
    assert kinds(tmp_path, dataset) == []


def test_unpadded_frames_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    dfew_tree(tmp_path, "clip_224x224_16f")
    names = [Path(name).name for name in next(iter(Dfew().index(tmp_path))).files]
    assert names == [f"{k}.jpg" for k in range(1, 17)]


def test_the_owners_crops_win_and_other_frames_can_be_asked_for(tmp_path: Path) -> None:
    dfew_tree(tmp_path, "clip_224x224_16f", "clip_224x224", "original")
    assert next(iter(Dfew().index(tmp_path))).part == "clip_224x224"
    chosen = Dfew(DfewParams(frames="original"))
    assert next(iter(chosen.index(tmp_path))).files == ("Clip/original/1.mp4",)
    with pytest.raises(MissingError, match=r"dfew\.frames = jpg_256"):
        list(Dfew(DfewParams(frames="jpg_256")).index(tmp_path))


def test_original_films_are_also_called_raw(tree: Path) -> None:
    shutil.rmtree(tree / CROPS)
    (tree / "Clip/original").rename(tree / "raw")
    item = next(iter(Dfew().index(tree)))
    assert (item.files, item.part, item.audio) == (("raw/1.mp4",), "original", "raw/1.mp4")
    assert kinds(tree) == []


def test_sound_is_heard_from_the_film_or_a_wav_and_some_clips_have_none(tree: Path) -> None:
    items = {item.id: item for item in Dfew().index(tree)}
    heard = Dfew().read_audio(tree, items["dfew_00001"])
    assert heard is not None and heard[1] == RATE and heard[0].dtype == np.float32
    assert Dfew().read_audio(tree, items["dfew_00002"]) is None, "a film without audio"
    (tree / "Clip/original/1.mp4").write_bytes(b"")
    with pytest.raises(DamagedError, match=r"1\.mp4 is empty"):
        Dfew().read_audio(tree, items["dfew_00001"])
    shutil.rmtree(tree / "Clip/original")
    assert {item.audio for item in Dfew().index(tree)} == {""}
    from tests.irfer_datasets.movies import movie

    movie(tree / "raw_wav/3.wav", 0, audio="pcm_s16le")
    item = next(i for i in Dfew().index(tree) if i.id == "dfew_00003")
    assert item.audio == "raw_wav/3.wav" and Dfew().read_audio(tree, item) is not None


@pytest.mark.parametrize("how", ["empty", "cut"])
def test_a_ruined_video_stops_the_run_that_needs_it(tmp_path: Path, how: str) -> None:
    dfew_tree(tmp_path, "original")
    path = tmp_path / "Clip/original/2.mp4"
    path.write_bytes(b"" if how == "empty" else path.read_bytes()[:200])
    kind = "empty" if how == "empty" else "damaged"
    dataset = Dfew()
    assert kinds(tmp_path, dataset) == [(kind, "Clip/original/2.mp4")]
    item = next(i for i in dataset.index(tmp_path) if i.id == "dfew_00002")
    with pytest.raises(DamagedError, match=r"2\.mp4"):
        dataset.read(tmp_path, item)
