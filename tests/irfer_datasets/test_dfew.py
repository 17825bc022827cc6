"""DFEW in every form seen in public, and everything that can be wrong with a copy."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from irfer_bench.api import CLASSES, DamagedError, MissingError
from irfer_bench.cli import main
from irfer_bench.data.manifest import BLOCKING, INCOMPLETE
from irfer_bench.registry import load
from irfer_datasets.dfew.dataset import Dfew
from irfer_datasets.dfew.params import DfewParams
from tests.irfer_datasets.dfew_tree import CLIPS, FRAMES, dfew_tree, write_frames, write_lists
from tests.irfer_datasets.movies import RATE

TEST_1 = "EmoLabel_DataSplit/test(single-labeled)/set_1.csv"
TRAIN_1 = "EmoLabel_DataSplit/train(single-labeled)/set_1.csv"
PICTURED = ("clip_224x224", "clip_224x224_16f", "jpg_256", "data")
FILMED = ("clip_224x224_avi", "original")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The owner's crops and original films; to be copied before it is changed."""
    return dfew_tree(tmp_path_factory.mktemp("dfew") / "DFEW")


@pytest.fixture
def tree(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "DFEW"))


def kinds(root: Path, dataset: Dfew | None = None) -> list[tuple[str, str]]:
    """Kinds and paths of all problems that are not about the tree being small."""
    found = (dataset or Dfew()).problems(root)
    return [(p.kind, p.path) for p in found if p.kind != "unexpected_count"]


def facts(root: Path, dataset: Dfew | None = None) -> dict[str, tuple[str | None, str]]:
    return {item.id: (item.label, item.split) for item in (dataset or Dfew()).index(root)}


EXPECTED = {
    f"dfew_{clip:05d}": (label, f"set_{k // 3 + 1}")
    for k, (clip, label) in enumerate(CLIPS.items())
}


def test_an_item_is_a_labelled_clip_with_its_frames_and_its_sound(whole: Path) -> None:
    items = list(Dfew().index(whole))
    assert facts(whole) == EXPECTED and kinds(whole) == []
    first = items[0]
    assert (first.id, first.subject, first.spectrum, first.part) == (
        "dfew_00001", None, "vis", "clip_224x224",
    )  # fmt: skip
    assert first.files == tuple(f"Clip/clip_224x224/00001/00001_{k:05d}.jpg" for k in range(1, 6))
    assert (first.frames, first.audio, first.pair) == (FRAMES, "Clip/original/1.mp4", None)
    assert next(i for i in items if i.id == "dfew_09999").audio == "Clip/original/9999.mp4"
    assert Dfew().native[0] == "happiness" and Dfew().classes == CLASSES[:7]


@pytest.mark.parametrize("source", [*PICTURED, *FILMED])
def test_every_form_of_the_frames_gives_the_same_clips(tmp_path: Path, source: str) -> None:
    write_lists(tmp_path)
    write_frames(tmp_path, source)
    dataset = Dfew()
    assert dataset.recognise(tmp_path).confidence >= 0.9
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


def test_sound_is_heard_from_the_film_or_a_wav_and_some_clips_have_none(tree: Path) -> None:
    items = {item.id: item for item in Dfew().index(tree)}
    heard = Dfew().listen(tree, items["dfew_00001"])
    assert heard is not None and heard[1] == RATE and heard[0].dtype == np.float32
    assert Dfew().listen(tree, items["dfew_00002"]) is None, "a film without sound"
    (tree / "Clip/original/1.mp4").write_bytes(b"")
    with pytest.raises(DamagedError, match=r"1\.mp4 is empty"):
        Dfew().listen(tree, items["dfew_00001"])
    shutil.rmtree(tree / "Clip/original")
    assert {item.audio for item in Dfew().index(tree)} == {""}
    from tests.irfer_datasets.movies import movie

    movie(tree / "raw_wav/3.wav", 0, audio="pcm_s16le")
    item = next(i for i in Dfew().index(tree) if i.id == "dfew_00003")
    assert item.audio == "raw_wav/3.wav" and Dfew().listen(tree, item) is not None


SPELLINGS = (
    "EmoLabel_DataSplit/{side}(single-labeled)/set_{fold}.csv",
    "EmoLabel_DataSplit/{side}(single-labeled)/{side}_set_{fold}.csv",
    "EmoLabel_DataSplit/{side}_set_{fold}.csv",
    "label/single_{side}set_{fold}.csv",
)


@pytest.mark.parametrize("first", [1, 0])
@pytest.mark.parametrize("name", SPELLINGS)
def test_lists_in_every_spelling_and_numbering_say_the_same(
    whole: Path, tmp_path: Path, name: str, first: int
) -> None:
    shutil.copytree(whole / "Clip/clip_224x224", tmp_path / "a/Clip/clip_224x224")
    write_lists(tmp_path / "a", name=name, first=first, padded=first == 1)
    assert facts(tmp_path) == EXPECTED and kinds(tmp_path) == []


@pytest.mark.parametrize(("end", "encoding"), [("\r\n", "utf-8-sig"), ("\r", "utf-16")])
def test_lists_saved_by_other_programs_are_read(tree: Path, end: str, encoding: str) -> None:
    write_lists(tree, end=end, encoding=encoding)
    assert facts(tree) == EXPECTED
    assert {kind for kind, _ in kinds(tree)} == ({"encoding"} if encoding == "utf-16" else set())


def test_labels_that_fit_both_numberings_are_refused_until_one_is_said(tree: Path) -> None:
    clips = {clip: label for clip, label in CLIPS.items() if label not in ("fear", "happiness")}
    shutil.rmtree(tree / "EmoLabel_DataSplit")
    write_lists(tree, clips, name="EmoLabel_DataSplit/{side}_set_{fold}.csv")
    (problem,) = [p for p in Dfew().problems(tree) if p.kind in BLOCKING]
    assert problem.kind == "unknown_label" and "labels 2 to 6" in problem.action
    assert {label for label, _ in facts(tree).values()} == {None}
    one = facts(tree, Dfew(DfewParams(numbering="one")))
    assert one == {name: fact for name, fact in EXPECTED.items() if int(name[5:]) in clips}
    zero = facts(tree, Dfew(DfewParams(numbering="zero")))
    assert zero["dfew_00001"][0] == "neutral", "2 is sadness to the owner"


def test_a_small_copy_of_the_owners_lists_counts_from_one(tree: Path) -> None:
    clips = {clip: label for clip, label in CLIPS.items() if label not in ("fear", "happiness")}
    write_lists(tree, clips)
    assert facts(tree) == {name: f for name, f in EXPECTED.items() if int(name[5:]) in clips}
    assert ("numbering", TEST_1) in kinds(tree)


def append(name: str, text: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text((root / name).read_text() + text)


def remove(name: str) -> Callable[[Path], object]:
    return lambda root: (
        shutil.rmtree(root / name) if (root / name).is_dir() else (root / name).unlink()
    )


def rename(old: str, new: str) -> Callable[[Path], object]:
    return lambda root: (root / old).rename(root / new)


CROPS = "Clip/clip_224x224"


@pytest.mark.parametrize(
    ("damage", "problem", "lost"),
    [
        (remove(f"{CROPS}/00002"), ("missing_item", f"{CROPS}/00002"), 1),
        (append(TEST_1, "00004,1\n"), ("missing_item", f"{CROPS}/00004"), 0),
        (append(TEST_1, "00001,2\n"), ("duplicate_row", TEST_1), 0),
        (append(TEST_1, "00001,3\n"), ("duplicate_id", TEST_1), 0),
        (append(TEST_1, "00005,4\n"), ("duplicate_id", TEST_1.replace("1.csv", "2.csv")), 0),
        (append(TEST_1, "00004,8\n"), ("unknown_label", TEST_1), 0),
        (append(TEST_1, "00004,-1\n"), ("unknown_label", TEST_1), 0),
        (append(TEST_1, "00004,bored\n"), ("unknown_label", TEST_1), 0),
        (append(TEST_1, "clip,1\n"), ("bad_row", TEST_1), 0),
        (append(TEST_1, "00004\n"), ("bad_row", TEST_1), 0),
        (append(TRAIN_1, "00001,2\n"), ("fold_mismatch", TRAIN_1), 0),
        (lambda r: (r / TRAIN_1).write_text("video_name,label\n"), ("fold_mismatch", TRAIN_1), 0),
        (lambda r: (r / TRAIN_1).write_bytes(b""), ("bad_row", TRAIN_1), 0),
        (lambda r: (r / TRAIN_1).write_text("name,class\n"), ("bad_row", TRAIN_1), 0),
        (remove(TRAIN_1), ("missing_list", TRAIN_1), 0),
        (remove(TEST_1), ("missing_list", TEST_1), 0),
        (remove(f"{CROPS}/00001/00001_00002.jpg"), ("frame_numbering", f"{CROPS}/00001"), 0),
        (rename("Clip", "clip"), ("mis_cased", "clip"), 0),
        (rename(CROPS, "Clip/Clip_224X224"), ("mis_cased", "Clip/Clip_224X224"), 0),
        (
            lambda r: shutil.copytree(r / CROPS / "00001", r / CROPS / "00004"),
            ("unlabelled_file", CROPS),
            0,
        ),
        (
            lambda r: (r / CROPS / "00001/notes.txt").touch(),
            ("unexpected_file", f"{CROPS}/00001/notes.txt"),
            0,
        ),
        (
            lambda r: shutil.copy(
                r / CROPS / "00001/00001_00001.jpg", r / CROPS / "00001/00001_00001.png"
            ),
            ("duplicate_frame", f"{CROPS}/00001/00001_00001.png"),
            0,
        ),
        (lambda r: (r / "DFEW-part2.zip").touch(), ("packed", "DFEW-part2.zip"), 0),
    ],
)  # fmt: skip
def test_what_is_wrong_is_listed_and_the_rest_is_used(
    tree: Path, damage: Callable[[Path], object], problem: tuple[str, str], lost: int
) -> None:
    damage(tree)
    assert problem in kinds(tree)
    assert {kind for kind, _ in kinds(tree)} <= {problem[0], "fold_mismatch", "missing_item"}
    assert len(facts(tree)) == len(CLIPS) - lost


def test_a_label_zero_is_no_single_label(tree: Path) -> None:
    write_frames(tree, "clip_224x224", [4])
    append(TEST_1, "00004,0\n")(tree)
    assert facts(tree) == EXPECTED
    assert kinds(tree) == [("unlabelled_file", CROPS)]


def test_without_a_test_list_its_clips_train_and_the_fold_is_empty(tree: Path) -> None:
    (tree / TEST_1).unlink()
    dataset = Dfew()
    items = list(dataset.index(tree))
    assert len(items) == len(CLIPS)
    folds = dataset.folds(items)
    assert [len(fold) for fold in folds] == [0, 3, 3, 3, 3]
    assert kinds(tree, dataset) == [("missing_list", TEST_1)]


def test_folds_are_the_owners_test_lists_and_part_the_clips(whole: Path) -> None:
    items = list(Dfew().index(whole))
    folds = Dfew().folds(items)
    assert folds[0] == {"dfew_00001", "dfew_00002", "dfew_00003"}
    assert sorted(name for fold in folds for name in fold) == sorted(EXPECTED)
    assert Dfew().folds(items[:4])[1:3] == [{"dfew_00005"}, frozenset()]


def test_a_list_that_is_not_the_published_one_is_counted(whole: Path) -> None:
    counts = [p for p in Dfew().problems(whole) if p.kind == "unexpected_count"]
    assert len(counts) == 10 and {p.kind for p in counts} <= INCOMPLETE
    assert counts[0].path == TEST_1
    assert counts[0].action.startswith("3 rows, 2341 are published")


def test_thousands_of_missing_clips_make_a_short_list(tree: Path) -> None:
    more = dict.fromkeys(range(20, 320), "anger")
    rows = "".join(f"{clip},4\n" for clip in more)
    append(TEST_1, rows)(tree)
    missing = [p for p in Dfew().problems(tree) if p.kind == "missing_item"]
    assert len(missing) == 21 and missing[-1].action == "and 280 more of this kind"


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


def test_links_out_of_the_root_are_refused(tree: Path, tmp_path: Path) -> None:
    inner = tree / CROPS / "00001"
    (inner / "00001_00001.jpg").rename(tmp_path / "elsewhere.jpg")
    (inner / "00001_00001.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    film = tree / "Clip/original/1.mp4"
    film.rename(tmp_path / "1.mp4")
    film.symlink_to(tmp_path / "1.mp4")
    refused = {path for kind, path in kinds(tree) if kind == "outside_root"}
    assert refused == {f"{CROPS}/00001/00001_00001.jpg", "Clip/original/1.mp4"}
    first = next(iter(Dfew().index(tree)))
    assert (first.frames, first.audio) == (4, "")


def write_sheet(tree: Path, rows: list[list[object]]) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    (tree / "Annotation").mkdir()
    book.save(tree / "Annotation/annotation.xlsx")


VOTES = ["1happy", "2sad", "3neutral", "4angry", "5surprise", "6disgust", "7fear"]


@pytest.mark.parametrize(
    "rows",
    [
        [["order", *VOTES, "annotation"], [1, 0, 9, 1, 0, 0, 0, 0, 2], [2, 8, 1, 1, 0, 0, 0, 0, 1]],
        [[*VOTES, "clip_name"], [0, 9, 1, 0, 0, 0, 0, "00001"], [8, 1, 1, 0, 0, 0, 0, "00002"]],
    ],
)
def test_labels_are_held_against_the_annotation_sheet(tree: Path, rows: list[list[object]]) -> None:
    write_sheet(tree, rows)
    (problem,) = [p for p in Dfew().problems(tree) if p.kind == "label_mismatch"]
    assert problem.path == "Annotation/annotation.xlsx"
    assert "00002 is happiness here and neutral in the fold lists" in problem.action
    assert facts(tree) == EXPECTED, "the lists are used"


def test_without_lists_the_sheet_gives_labels_and_nothing_is_tested(tree: Path) -> None:
    shutil.rmtree(tree / "EmoLabel_DataSplit")
    unlabelled = facts(tree)
    assert set(unlabelled.values()) == {(None, "")} and len(unlabelled) == len(CLIPS)
    assert sum(kind == "missing_list" for kind, _ in kinds(tree)) == 10
    write_sheet(tree, [["clip_name", "annotation"], [1, 2], [2, 0]])
    assert facts(tree) == {"dfew_00001": ("sadness", "")}


def test_without_openpyxl_the_sheet_is_listed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "Annotation").mkdir()
    (tree / "Annotation/annotation.xlsx").write_bytes(b"PK")
    monkeypatch.setattr("irfer_datasets.annotations.find_spec", lambda name: None)
    assert kinds(tree) == [("unread_sheet", "Annotation/annotation.xlsx")]


def test_a_folder_that_is_not_the_dataset_is_told_why(whole: Path, tmp_path: Path) -> None:
    for inner, said in (
        ("Clip", "give the folder above"),
        ("EmoLabel_DataSplit", "give the folder above"),
    ):
        seen = Dfew().recognise(whole / inner)
        assert seen.confidence == 0.0 and said in seen.reason
    (tmp_path / "DFEW-part1.zip").touch()
    assert "DFEW-part1.zip: unpack it first" in Dfew().recognise(tmp_path).reason
    with pytest.raises(MissingError, match="unpack it first"):
        list(Dfew().index(tmp_path))
    (tmp_path / "a/EmoLabel_DataSplit").mkdir(parents=True)
    assert Dfew().recognise(tmp_path).confidence < 0.5


def test_the_settings_say_what_the_protocol_says() -> None:
    settings = {s.name: s for s in load().settings_of("dfew")}
    assert list(settings) == ["dfew_supervised", "dfew_nir_simulated"]
    for setting in settings.values():
        assert (setting.frames, setting.unit, setting.size) == ("uniform(16)", "item", 224)
        assert (setting.folds, setting.classes) == (5, CLASSES[:7])
        assert setting.primary == "uar" and setting.metrics[:2] == ("uar", "war")
    simulated = settings["dfew_nir_simulated"]
    assert simulated.kind == "simulated" and simulated.source is not None
    assert simulated.source.spectrum == simulated.target.spectrum == "vis"


def test_check_and_items_from_the_command_line(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    assert main(["data", "check", "dfew", "--data-root", str(whole), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["incomplete"] is True
    assert {p["kind"] for p in shown["problems"]} == {"unexpected_count"}
    assert main(["data", "items", "dfew", "--data-root", str(whole)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(CLIPS) and lines[1].startswith("dfew_00001,,sadness,vis,")


def test_what_hides_clips_is_named(tree: Path, tmp_path: Path) -> None:
    (tree / CROPS / "00001").rename(tmp_path / "linked")
    (tree / CROPS / "00001").symlink_to(tmp_path / "linked")
    shutil.copytree(tree / CROPS / "00002", tree / CROPS / "2")
    (tree / "Clip/jpg_256").symlink_to(tmp_path)
    assert sorted(kinds(tree)) == [
        ("duplicate_file", f"{CROPS}/2"),
        ("missing_item", f"{CROPS}/00001"),
        ("outside_root", f"{CROPS}/00001"),
        ("outside_root", "Clip/jpg_256"),
    ]


def test_a_linked_list_is_refused_and_missed(tree: Path, tmp_path: Path) -> None:
    (tree / TEST_1).rename(tmp_path / "set_1.csv")
    (tree / TEST_1).symlink_to(tmp_path / "set_1.csv")
    assert kinds(tree) == [("outside_root", TEST_1), ("missing_list", TEST_1)]


def test_original_films_are_also_called_raw(tree: Path) -> None:
    shutil.rmtree(tree / CROPS)
    (tree / "Clip/original").rename(tree / "raw")
    item = next(iter(Dfew().index(tree)))
    assert (item.files, item.part, item.audio) == (("raw/1.mp4",), "original", "raw/1.mp4")
    assert kinds(tree) == []


def test_a_closed_door_is_listed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def closed(path: Path) -> object:
        if Path(path).name == "00001":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert kinds(tree) == [("unreadable", f"{CROPS}/00001"), ("missing_item", f"{CROPS}/00001")]


def test_of_two_copies_one_is_read_and_the_other_named(tree: Path, tmp_path: Path) -> None:
    shutil.copytree(tree, tmp_path / "more/DFEW")
    dataset = Dfew()
    assert facts(tmp_path, dataset) == EXPECTED
    assert kinds(tmp_path, dataset) == [("second_tree", "more/DFEW")]
