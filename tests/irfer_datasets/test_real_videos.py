"""DFEW and MAFW as they lie on people's disks: one tree per form that a public loader reads."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from irfer_bench.api import Item, Stills
from irfer_bench.cli import main
from irfer_datasets.dfew.dataset import NATIVE, Dfew
from irfer_datasets.mafw.dataset import Mafw
from irfer_datasets.params import MafwParams
from tests.irfer_datasets import dfew_tree, mafw_tree
from tests.irfer_datasets.movies import movie

CROPS, FILMS = "Clip/clip_224x224", "Clip/original"
LISTS = "EmoLabel_DataSplit"


@pytest.fixture(scope="module")
def dfew(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dfew_tree.dfew_tree(tmp_path_factory.mktemp("dfew") / "DFEW")


@pytest.fixture(scope="module")
def mafw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("mafw") / "MAFW"
    mafw_tree.write_mafw(root)
    mafw_tree.write_frames(root, suffix="jpg")
    return root


def dfew_truth() -> dict[str, tuple[str, str, int]]:
    return {
        f"dfew_{clip:05d}": (label, f"set_{dfew_tree.fold_of(clip)}", dfew_tree.FRAMES)
        for clip, label in dfew_tree.CLIPS.items()
    }


def mafw_truth() -> dict[str, tuple[str, str]]:
    return {
        f"mafw_{clip:05d}": (label, f"set_{mafw_tree.fold_of(clip, mafw_tree.SINGLE)}")
        for clip, label in mafw_tree.SINGLE.items()
    }


def items(dataset: Stills, root: Path) -> dict[str, Item]:
    return {item.id: item for item in dataset.index(root)}


def told(dataset: Stills, root: Path) -> dict[str, str]:
    return {p.kind: p.action for p in dataset.problems(root) if p.kind != "unexpected_count"}


def in_parts(folder: Path, parts: int = 11) -> None:
    """Deal what a folder holds out to `<folder>_part_1` …, as the archives unpack."""
    for number, path in enumerate(sorted(folder.iterdir())):
        place = folder / f"{folder.name}_part_{number % parts + 1}"
        place.mkdir(exist_ok=True)
        path.rename(place / path.name)


def doubled(folder: Path) -> None:
    """An archive unpacked into a folder of its own name."""
    inner = folder.rename(folder.with_name("away"))
    folder.mkdir()
    inner.rename(folder / folder.name)


def deeper(folder: Path) -> None:
    doubled(folder)
    (folder / folder.name).rename(folder / "unpacked")


@pytest.mark.parametrize("move", [in_parts, doubled, deeper])
def test_dfew_as_its_archives_unpack(
    dfew: Path, tmp_path: Path, move: Callable[[Path], None]
) -> None:
    """Seen in the distributor's own archives (`clip_224x224_part_1` … 11) and MAE-DFER's issues."""
    shutil.copytree(dfew, tmp_path / "DFEW")
    move(tmp_path / "DFEW" / CROPS)
    move(tmp_path / "DFEW" / FILMS)
    dataset = Dfew()
    found = items(dataset, tmp_path)
    assert {n: (i.label, i.split, i.frames) for n, i in found.items()} == dfew_truth()
    assert all(item.audio.endswith(f"/{int(n[5:])}.mp4") for n, item in found.items())
    assert told(dataset, tmp_path) == {} and dataset.identify(tmp_path).confidence > 0.9
    folds = dataset.folds(list(found.values()))
    assert [len(fold) for fold in folds] == [3] * 5


def test_parts_that_are_still_packed_are_one_line(dfew: Path, tmp_path: Path) -> None:
    root = tmp_path / "DFEW"
    shutil.copytree(dfew / LISTS, root / LISTS)
    (root / CROPS).mkdir(parents=True)
    for number in range(1, 12):
        (root / CROPS / f"clip_224x224_part_{number}.zip").touch()
    (problem,) = [p for p in Dfew().problems(root) if p.kind == "packed"]
    assert problem.path == CROPS
    assert problem.action.startswith("11 archives are still packed: clip_224x224_part_1.zip, ")
    shutil.rmtree(root / LISTS)
    assert "11 archives are still packed" in Dfew().identify(root).reason


def test_films_in_parts_are_heard_and_a_mute_copy_says_so(dfew: Path, tmp_path: Path) -> None:
    """MMA-DFER extracts audio from `Clip/original/part_k/*.mp4`."""
    shutil.copytree(dfew, tmp_path / "DFEW")
    in_parts(tmp_path / "DFEW" / FILMS, 3)
    assert all(item.audio for item in Dfew().index(tmp_path))
    shutil.rmtree(tmp_path / "DFEW" / FILMS)
    dataset = Dfew()
    assert not any(item.audio for item in dataset.index(tmp_path))
    assert told(dataset, tmp_path)["no_sound"].startswith("15 of 15 clips have no audio file")


def test_two_parts_of_dfew_side_by_side_are_one_dataset(dfew: Path, tmp_path: Path) -> None:
    """The distributor's archives `DFEW-part1` and `DFEW-part2`."""
    shutil.copytree(dfew / "Clip", tmp_path / "DFEW-part1/Clip")
    shutil.copytree(dfew / LISTS, tmp_path / "DFEW-part2" / LISTS)
    late = [
        path for path in sorted((tmp_path / "DFEW-part1" / CROPS).iterdir()) if "1" in path.name
    ]
    for path in late:
        (tmp_path / "DFEW-part2" / CROPS).mkdir(parents=True, exist_ok=True)
        path.rename(tmp_path / "DFEW-part2" / CROPS / path.name)
    dataset = Dfew()
    found = items(dataset, tmp_path)
    assert {n: (i.label, i.split, i.frames) for n, i in found.items()} == dfew_truth()
    assert told(dataset, tmp_path) == {}


def test_the_lists_that_dfer_clip_and_mma_dfer_bring(dfew: Path, tmp_path: Path) -> None:
    """`path frames label`, labels from 0, paths of their author's machine."""
    root = tmp_path / "DFEW"
    shutil.copytree(dfew / "Clip", root / "Clip")
    (root / "annotation").mkdir()
    for fold in range(1, 6):
        for side in ("train", "test"):
            rows = [
                f"/home/author/data/DFEW/Clip/jpg_224/{clip:05d} 64 {NATIVE.index(label)}"
                for clip, label in dfew_tree.CLIPS.items()
                if (dfew_tree.fold_of(clip) == fold) == (side == "test") and label != "happiness"
            ]
            (root / f"annotation/DFEW_set_{fold}_{side}.txt").write_text("\n".join(rows))
    dataset = Dfew()
    found = items(dataset, root)
    truth = {n: fact for n, fact in dfew_truth().items() if fact[0] != "happiness"}
    assert {n: (i.label, i.split, i.frames) for n, i in found.items()} == truth
    assert set(told(dataset, root)) == {"unlabelled_file"}, "no advice to rename annotation"


def test_what_is_not_read_is_counted_by_folder(dfew: Path, tmp_path: Path) -> None:
    root = tmp_path / "DFEW"
    shutil.copytree(dfew, root)
    for clip in range(30):
        place = root / "Clip/openface" / f"{clip:05d}_aligned"
        place.mkdir(parents=True)
        for frame in range(3):
            (place / f"{frame}.bmp").touch()
    (problem,) = [p for p in Dfew().problems(root) if p.kind == "unexpected_file"]
    assert problem.path == "Clip/openface" and problem.action.startswith("90 files not read")


def test_mafw_as_mma_dfer_lays_it_out(mafw: Path, tmp_path: Path) -> None:
    root = tmp_path / "MAFW"
    shutil.copytree(mafw / "data/frames", root / "data/clips_faces")
    for clip in mafw_tree.SINGLE:
        movie(root / f"data/clips_wav/{clip:05d}.wav", 0, audio="pcm_s16le")
    mafw_tree.write_numbered(root, "_faces", mafw_tree.FRAMES - 1)
    dataset = Mafw()
    found = items(dataset, root)
    assert {n: (i.label, i.split) for n, i in found.items()} == mafw_truth()
    first = found["mafw_00019"]
    assert first.part == "faces" and first.audio == "data/clips_wav/00019.wav"
    assert first.files[10] == "data/clips_faces/00019/10.jpg" and first.frames == 11
    assert dataset.read_audio(root, first) is not None
    assert told(dataset, root) == {} and dataset.identify(root).confidence > 0.9


def test_mafw_with_the_lists_in_a_folder_without_blanks(mafw: Path, tmp_path: Path) -> None:
    """`Train_Test_Set`: what unpackers and shells make of `Train & Test Set`."""
    shutil.copytree(mafw, tmp_path / "MAFW")
    (tmp_path / "MAFW/Train & Test Set").rename(tmp_path / "MAFW/Train_Test_Set")
    found = items(Mafw(), tmp_path)
    assert {n: (i.label, i.split) for n, i in found.items()} == mafw_truth()


def test_mafw_with_the_crops_of_s2d_and_the_audio_of_hicmae(mafw: Path, tmp_path: Path) -> None:
    root = tmp_path / "MAFW"
    shutil.copytree(mafw / "data/frames", root / "data/frames/frames_crop_align_224")
    shutil.copytree(mafw / "Train & Test Set", root / "anno")
    for clip in mafw_tree.SINGLE:
        movie(root / f"data/audio_16k/{clip:05d}.wav", 0, audio="pcm_s16le")
    dataset = Mafw()
    found = items(dataset, root)
    assert {n: (i.label, i.split) for n, i in found.items()} == mafw_truth()
    assert {(item.part, bool(item.audio)) for item in found.values()} == {("faces", True)}
    assert told(dataset, root) == {}
    shutil.copytree(mafw / "data/frames", root / "data/frames", dirs_exist_ok=True)
    whole = items(Mafw(MafwParams(frames="frames")), root)["mafw_00019"]
    assert whole.files[0] == "data/frames/00019/0.jpg"


def test_a_linked_folder_of_clips_is_checked_and_read(
    dfew: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`Clip` linked to a big disk, as everybody has it who does not copy 900,000 frames."""
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    root = tmp_path / "DFEW"
    shutil.copytree(dfew / LISTS, root / LISTS)
    (root / "Clip").symlink_to(dfew / "Clip")
    assert main(["data", "check", "dfew", "--data-root", str(root)]) == 0
    assert "15 usable items" in capsys.readouterr().out
    item = items(Dfew(), root)["dfew_00001"]
    assert Dfew().read(root, item).frames.shape == (dfew_tree.FRAMES, 32, 32, 3)


def test_a_refusal_names_the_folder_that_was_skipped(dfew: Path, tmp_path: Path) -> None:
    shutil.copytree(dfew / CROPS, tmp_path / "DFEW/frames_of_mine")
    seen = Dfew().identify(tmp_path)
    assert seen.confidence == 0.0
    assert "not read: 75 files under DFEW, such as DFEW/frames_of_mine/00001/" in seen.reason
