"""MAFW in every form seen in public, its two sets kept apart, and what can be wrong with a copy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from irfer_bench.api import CLASSES, MissingError
from irfer_bench.cli import main
from irfer_bench.data.manifest import BLOCKING
from irfer_bench.registry import load
from irfer_datasets.mafw.dataset import Mafw, MafwCompound
from irfer_datasets.mafw.lists import COMPOUND, NATIVE, NUMBERED, compound
from irfer_datasets.params import MafwParams
from tests.irfer_datasets.mafw_tree import (
    FRAMES,
    JOINED,
    SINGLE,
    fold_of,
    write_films,
    write_frames,
    write_lists,
    write_mafw,
    write_numbered,
)
from tests.irfer_datasets.movies import RATE

LISTS = "Train & Test Set/single/no_caption"
TEST_1, TRAIN_1 = f"{LISTS}/set_1/test.txt", f"{LISTS}/set_1/train.txt"
EXPECTED = {
    f"mafw_{clip:05d}": (label, f"set_{fold_of(clip, SINGLE)}") for clip, label in SINGLE.items()
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lists of the single set and films; to be copied before it is changed."""
    root = tmp_path_factory.mktemp("mafw") / "MAFW"
    write_mafw(root)
    return root


@pytest.fixture
def tree(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "MAFW"))


def kinds(root: Path, dataset: Mafw | None = None) -> list[tuple[str, str]]:
    found = (dataset or Mafw()).problems(root)
    return [(p.kind, p.path) for p in found if p.kind not in ("unexpected_count", "no_sound")]


def facts(root: Path, dataset: Mafw | None = None) -> dict[str, tuple[str | None, str]]:
    return {item.id: (item.label, item.split) for item in (dataset or Mafw()).index(root)}


def test_an_item_is_a_film_with_its_sound(whole: Path) -> None:
    dataset = Mafw()
    items = list(dataset.index(whole))
    assert facts(whole) == EXPECTED and kinds(whole) == []
    first = items[0]
    assert (first.id, first.subject, first.spectrum) == ("mafw_00019", None, "vis")
    assert first.files == (first.audio,) == ("data/clips/00019.mp4",)
    assert (first.frames, first.part) == (FRAMES, "clips")
    clip = dataset.read(whole, first)
    assert clip.frames.shape == (FRAMES, 32, 64, 3) and clip.fps == 25.0 and clip.audio is None
    assert np.array_equal(dataset.read(whole, first, [2]).frames, clip.frames[2:3])
    heard = dataset.read_audio(whole, first)
    assert heard is not None and heard[1] == RATE
    assert dataset.read_audio(whole, items[1]) is None, "a film without audio"
    assert dataset.native == NATIVE and dataset.classes == CLASSES


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_frames_are_read_in_the_order_of_their_numbers(tmp_path: Path, suffix: str) -> None:
    write_lists(tmp_path)
    write_frames(tmp_path, suffix=suffix)
    dataset = Mafw()
    item = next(iter(dataset.index(tmp_path)))
    assert item.files == tuple(f"data/frames/00019/{k}.{suffix}" for k in range(11))
    assert (item.part, item.audio) == ("frames", "")
    assert dataset.read(tmp_path, item, [10]).frames.shape == (1, 32, 64, 3)
    assert facts(tmp_path, dataset) == EXPECTED and kinds(tmp_path, dataset) == []


def test_films_win_and_frames_can_be_asked_for_and_are_heard_from_the_films(tree: Path) -> None:
    write_frames(tree)
    assert next(iter(Mafw().index(tree))).part == "clips"
    chosen = Mafw(MafwParams(frames="frames"))
    item = next(iter(chosen.index(tree)))
    assert (item.part, item.audio) == ("frames", "data/clips/00019.mp4")
    assert chosen.read_audio(tree, item) is not None
    with pytest.raises(MissingError, match=r"mafw\.frames = faces"):
        list(Mafw(MafwParams(frames="faces")).index(tree))


@pytest.mark.parametrize("folder", ["Train & Test Set", "split", "anno", "train & test set"])
def test_every_name_of_the_lists_folder_is_known(whole: Path, tmp_path: Path, folder: str) -> None:
    shutil.copytree(whole / "data", tmp_path / "download/MAFW/data")
    write_lists(tmp_path / "download/MAFW", folder=folder)
    assert Mafw().identify(tmp_path).confidence >= 0.9
    assert facts(tmp_path) == EXPECTED
    odd = [("mis_cased", f"download/MAFW/{folder}")] if folder[0] == "t" else []
    assert kinds(tmp_path) == odd


def test_lists_with_captions_are_gbk_and_leave_out_neutral(tree: Path) -> None:
    shutil.rmtree(tree / LISTS)
    write_lists(tree, captions=True)
    neutral = [name for name, (label, _) in EXPECTED.items() if label == "neutral"]
    assert set(facts(tree)) == set(EXPECTED) - set(neutral)
    problems = kinds(tree)
    assert {kind for kind, _ in problems} == {"encoding", "unlabelled_file"}
    assert any(p.kind == "unexpected_count" for p in Mafw().problems(tree)), "marked incomplete"


def test_captions_beside_plain_lists_are_not_read(tree: Path) -> None:
    write_lists(tree, captions=True)
    assert kinds(tree) == [] and facts(tree) == EXPECTED


@pytest.mark.parametrize("suffix", ["", "_faces"])
def test_numbered_lists_are_read_by_their_names(whole: Path, tmp_path: Path, suffix: str) -> None:
    shutil.copytree(whole / "data", tmp_path / "data")
    write_numbered(tmp_path, suffix, FRAMES - 1)
    assert NUMBERED[0] == "happiness" and NATIVE[0] == "anger"
    assert facts(tmp_path) == EXPECTED and kinds(tmp_path) == []
    path = tmp_path / f"annotation/MAFW_set_1_test{suffix}.txt"
    path.write_text(path.read_text() + "\n/data/00100 4 11")
    assert ("unknown_label", path.relative_to(tmp_path).as_posix()) in kinds(tmp_path)


def test_numbered_lists_give_way_to_the_owners(tree: Path) -> None:
    write_numbered(tree)
    assert facts(tree) == EXPECTED
    assert {kind for kind, _ in kinds(tree)} == {"unexpected_file"}


def test_integers_whose_order_nobody_tells_are_refused(tree: Path) -> None:
    (tree / f"{LISTS}/set_1/test.csv").write_text("video_name,labels\n00019,0\n")
    assert kinds(tree) == [("unexpected_file", f"{LISTS}/set_1/test.csv")]
    text = (tree / TEST_1).read_text().replace("anger", "0")
    (tree / TEST_1).write_text(text)
    refused = [p for p in Mafw().problems(tree) if p.kind in BLOCKING]
    assert {(p.kind, p.path) for p in refused} == {("unknown_label", TEST_1)}
    assert "three orders of integers circulate" in refused[0].action


def test_single_and_compound_are_two_datasets_over_the_same_films(tree: Path) -> None:
    write_lists(tree, JOINED)
    write_films(tree, [clip for clip in JOINED if clip not in SINGLE])
    assert Mafw().identify(tree).confidence >= 0.9
    assert MafwCompound().identify(tree).confidence >= 0.9
    joined = facts(tree, MafwCompound())
    assert {label for label, _ in joined.values()} == set(COMPOUND)
    assert facts(tree) == EXPECTED
    both = set(joined) & set(EXPECTED)
    assert any(joined[name][1] != EXPECTED[name][1] for name in both), "other folds"
    for dataset, labels in ((Mafw(), SINGLE), (MafwCompound(), JOINED)):
        folds = dataset.folds(list(dataset.index(tree)))
        assert sorted(n for fold in folds for n in fold) == sorted(f"mafw_{c:05d}" for c in labels)
    assert kinds(tree, MafwCompound()) == []


def test_a_set_without_its_lists_is_not_that_dataset(whole: Path, tmp_path: Path) -> None:
    assert MafwCompound().identify(whole).confidence < 0.5
    write_lists(tmp_path, JOINED)
    assert Mafw().identify(tmp_path).confidence < 0.5
    assert MafwCompound().identify(tmp_path).confidence >= 0.9
    missing = [p for p in MafwCompound().problems(tmp_path) if p.kind == "missing_item"]
    assert len(missing) == 21, "lists without films are listed, the first twenty one by one"


def test_compound_names_are_combinations_the_owner_uses() -> None:
    assert len(COMPOUND) == len(set(COMPOUND)) == 43
    assert all(compound(name) == name for name in COMPOUND)
    assert compound("Disgusted_angry") == "anger_disgust"
    assert compound("anxiety_helplessness_disappointment") in COMPOUND
    assert compound("happiness_anger") is None and compound("anger_bored") is None


def append(name: str, text: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_bytes((root / name).read_bytes() + text.encode())


@pytest.mark.parametrize(
    ("damage", "problem", "lost"),
    [
        (
            lambda r: (r / "data/clips/00019.mp4").unlink(),
            ("missing_item", "data/clips/00019"),
            1,
        ),
        (append(TEST_1, "00024.mp4 fear"), ("missing_item", "data/clips/00024"), 0),
        (append(TEST_1, "00019.mp4 anger"), ("duplicate_row", TEST_1), 0),
        (append(TEST_1, "00019.mp4 fear"), ("duplicate_id", TEST_1), 0),
        (append(TEST_1, "00024.mp4 boredom"), ("unknown_label", TEST_1), 0),
        (append(TEST_1, "00024.mp4 anger_fear"), ("unknown_label", TEST_1), 0),
        (append(TEST_1, "00024.mp4"), ("bad_row", TEST_1), 0),
        (append(TEST_1, "film.mp4 anger"), ("bad_row", TEST_1), 0),
        (append(TRAIN_1, "00019.mp4 anger"), ("fold_mismatch", TRAIN_1), 0),
        (lambda r: (r / TEST_1).write_bytes(b""), ("bad_row", TEST_1), 0),
        (lambda r: (r / TEST_1).write_bytes(b"\x00\x01"), ("bad_row", TEST_1), 0),
        (lambda r: (r / TEST_1).unlink(), ("missing_list", TEST_1), 0),
        (lambda r: (r / TRAIN_1).unlink(), ("missing_list", TRAIN_1), 0),
        (
            lambda r: (r / "data/clips/00019.mp4").write_bytes(b""),
            ("empty", "data/clips/00019.mp4"),
            0,
        ),
        (
            lambda r: (r / "data/clips/00019.mp4").write_bytes(b"no film"),
            ("damaged", "data/clips/00019.mp4"),
            0,
        ),
        (
            lambda r: shutil.copy(r / "data/clips/00019.mp4", r / "data/clips/00024.mp4"),
            ("unlabelled_file", "data/clips"),
            0,
        ),
        (
            lambda r: shutil.copy(r / "data/clips/00019.mp4", r / "data/clips/19.mp4"),
            ("duplicate_file", "data/clips/19.mp4"),
            0,
        ),
        (lambda r: (r / "data/clips.zip").touch(), ("packed", "data/clips.zip"), 0),
        (lambda r: (r / "data").rename(r / "Data"), ("mis_cased", "Data"), 0),
    ],
)
def test_what_is_wrong_is_listed_and_the_rest_is_used(
    tree: Path, damage: Callable[[Path], object], problem: tuple[str, str], lost: int
) -> None:
    damage(tree)
    assert problem in kinds(tree)
    assert {kind for kind, _ in kinds(tree)} <= {problem[0], "fold_mismatch", "missing_item"}
    assert len(facts(tree)) == len(SINGLE) - lost


def test_a_folder_that_is_not_the_dataset_is_told_why(whole: Path, tmp_path: Path) -> None:
    for inner in ("data", "Train & Test Set"):
        seen = Mafw().identify(whole / inner)
        assert seen.confidence == 0.0 and "give the folder above" in seen.reason
    (tmp_path / "data.zip").touch()
    with pytest.raises(MissingError, match="unpack it first"):
        list(Mafw().index(tmp_path))


def test_without_lists_the_films_are_unlabelled_and_ten_lists_missing(tree: Path) -> None:
    shutil.rmtree(tree / "Train & Test Set")
    assert Mafw().identify(tree).confidence >= 0.9
    assert set(facts(tree).values()) == {(None, "")} and len(facts(tree)) == len(SINGLE)
    missing = [path for kind, path in kinds(tree) if kind == "missing_list"]
    assert missing[0] == TEST_1 and len(missing) == 10


def test_the_settings_say_what_the_protocol_says() -> None:
    settings = {s.name: s for s in load().settings_of("mafw")}
    assert list(settings) == ["mafw_supervised", "mafw_nir_simulated"]
    (joined,) = load().settings_of("mafw_compound")
    assert joined.name == "mafw_compound_supervised" and joined.classes == COMPOUND
    for setting in (*settings.values(), joined):
        assert (setting.frames, setting.unit, setting.size) == ("uniform(16)", "item", 224)
        assert (setting.detector, setting.crop, setting.no_face) == ("opencv", 1.3, "whole")
        assert setting.primary == "uar" and setting.folds == 5
    simulated = settings["mafw_nir_simulated"]
    assert simulated.source is not None
    assert simulated.source.spectrum == simulated.target.spectrum == "vis"


def test_check_and_items_from_the_command_line(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    assert main(["data", "check", "mafw", "--data-root", str(whole), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {p["kind"] for p in shown["problems"]} == {"unexpected_count"}
    assert main(["data", "items", "mafw", "--data-root", str(whole)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(SINGLE) and lines[1].startswith("mafw_00019,,anger,vis,")
