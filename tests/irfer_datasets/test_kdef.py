"""KDEF trees: 140 folders, AF that means two things, errata, and what must never be trained on."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from irfer_bench.api import CLASSES, Item, MissingError, read_folds
from irfer_bench.cli import main
from irfer_bench.registry import load
from irfer_datasets.kdef.dataset import BLACK, SUBJECTS, Kdef
from tests.irfer_datasets.cfee_tree import draw
from tests.irfer_datasets.kdef_tree import kdef_tree, write_kdef


def kinds(root: Path) -> list[tuple[str, str]]:
    return [(p.kind, p.path) for p in Kdef().problems(root) if p.kind != "missing_subject"]


def items(root: Path) -> dict[str, Item]:
    return {item.id: item for item in Kdef().index(root)}


@pytest.mark.parametrize("above", [".", "KDEF", "KDEF_and_AKDEF/KDEF", "x/KDEF_and_AKDEF/KDEF"])
def test_the_tree_is_found_wherever_it_was_unpacked(tmp_path: Path, above: str) -> None:
    kdef_tree(tmp_path / above)
    assert Kdef().identify(tmp_path).confidence > 0.9
    assert len(items(tmp_path)) == 2 * 2 * 35 and kinds(tmp_path) == []


def test_af_is_a_session_and_a_sex_in_front_and_afraid_behind(tmp_path: Path) -> None:
    kdef_tree(tmp_path / "KDEF")
    afraid = items(tmp_path)["kdef_af03afs"]
    assert afraid.files == ("KDEF/AF03/AF03AFS.JPG",)
    assert (afraid.subject, afraid.label, afraid.part) == ("F03", "fear", "straight")
    man = items(tmp_path)["kdef_bm02hafr"]
    assert (man.subject, man.label, man.part) == ("M02", "happiness", "full_right")
    assert Counter(item.label for item in items(tmp_path).values()) == dict.fromkeys(
        CLASSES[:7], 20
    )


def test_both_sessions_of_a_person_are_one_subject(tmp_path: Path) -> None:
    kdef_tree(tmp_path)
    assert {item.subject for item in items(tmp_path).values()} == {"F03", "M02"}


def test_extensions_and_folders_are_read_in_any_case(tmp_path: Path) -> None:
    kdef_tree(tmp_path, ("F02",))
    before = set(items(tmp_path))
    (tmp_path / "AF02/AF02ANS.JPG").rename(tmp_path / "AF02/af02ans.png")
    (tmp_path / "BF02").rename(tmp_path / "bf02")
    assert set(items(tmp_path)) == before and kinds(tmp_path) == [("mis_cased", "bf02")]


def test_the_averaged_faces_are_never_used(tmp_path: Path) -> None:
    write_kdef(tmp_path)
    left = [p for p in Kdef().problems(tmp_path) if p.kind == "left_out"]
    assert "KDEF_and_AKDEF/AKDEF" in [p.path for p in left]
    assert not any("AKDEF/AKDEF" in item.files[0] for item in items(tmp_path).values())
    alone = Kdef().identify(tmp_path / "KDEF_and_AKDEF/AKDEF")
    assert alone.confidence == 0 and "averaged faces" in alone.reason


def test_black_images_are_left_out_and_are_not_missing(tmp_path: Path) -> None:
    kdef_tree(tmp_path, sorted({stem[1:4] for stem in BLACK}))
    black = [path for kind, path in kinds(tmp_path) if kind == "left_out"]
    assert sorted(Path(path).stem for path in black) == sorted(BLACK)
    assert len(items(tmp_path)) == 10 * 70 - 10
    assert {kind for kind, _ in kinds(tmp_path)} == {"left_out"}
    assert not any(stem.endswith("S") for stem in BLACK), "frontal ones are whole"


def test_a_image_that_is_no_longer_black_is_used(tmp_path: Path) -> None:
    kdef_tree(tmp_path, ("F01",))
    assert len(items(tmp_path)) == 69
    draw(tmp_path / "AF01/AF01SUFR.JPG", 1, "surprise")
    assert len(items(tmp_path)) == 70 and kinds(tmp_path) == []


def test_a_misnamed_file_is_the_one_that_its_folder_lacks(tmp_path: Path) -> None:
    name = "AF31V.JPG"
    kdef_tree(tmp_path, ("F31",))
    (tmp_path / "AF31/AF31SAHR.JPG").rename(tmp_path / "AF31" / name)
    (problem,) = [p for p in Kdef().problems(tmp_path) if p.kind != "missing_subject"]
    assert (problem.kind, problem.path) == ("misnamed_file", f"AF31/{name}")
    assert problem.action.startswith("read as AF31SAHR")
    assert items(tmp_path)["kdef_af31sahr"].files == (f"AF31/{name}",)


def test_a_misnamed_file_is_not_guessed_where_two_are_missing(tmp_path: Path) -> None:
    kdef_tree(tmp_path, ("M31",))
    (tmp_path / "AM31/AM31HAS.JPG").rename(tmp_path / "AM31/AM31H.JPG")
    (tmp_path / "AM31/AM31HAHL.JPG").unlink()
    assert kinds(tmp_path) == [("misnamed_file", "AM31/AM31H.JPG"), ("missing_expression", "AM31")]
    assert len(items(tmp_path)) == 68
    # Nor where another person's file lies in the gap.
    (tmp_path / "AM31/AM31H.JPG").rename(tmp_path / "AM31/AM32HAHL.JPG")
    assert "kdef_am31hahl" not in items(tmp_path)


def _move(old: str, new: str) -> Callable[[Path], object]:
    return lambda root: (root / old).rename(root / new)


def _touch(name: str) -> Callable[[Path], object]:
    def damage(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()

    return damage


@pytest.mark.parametrize(
    ("damage", "problem", "lost"),
    [
        (lambda root: (root / "AF03/AF03ANS.JPG").unlink(), ("missing_expression", "AF03"), 1),
        (_move("AF03/AF03ANS.JPG", "BM02/AF03ANS.JPG"), None, 0),
        (_touch("AF03/AF03ANS2.JPG"), ("unexpected_file", "AF03/AF03ANS2.JPG"), 0),
        (_touch("BM02/AF03ANS.JPG"), ("duplicate_file", "BM02/AF03ANS.JPG"), 0),
        (_touch("AF03/AF03ANS.png"), ("duplicate_file", "AF03/AF03ANS.png"), 0),
        (_touch("AF03/notes.txt"), ("unexpected_file", "AF03/notes.txt"), 0),
        (_touch("AF03/Thumbs.db"), None, 0),
        (_touch("AF36/AF36ANS.JPG"), ("unexpected_file", "AF36/AF36ANS.JPG"), 0),
        (_touch("AF03ANS.JPG"), ("duplicate_file", "AF03ANS.JPG"), 0),
        (_touch("FAFFL.JPG"), ("left_out", "FAFFL.JPG"), 0),
        (_touch("KDEF2.zip"), ("packed", "KDEF2.zip"), 0),
        (lambda root: shutil.copytree(root / "AF03", root / "old/AF03"), ("second_tree", "old"), 0),
    ],
)
def test_what_is_wrong_is_listed_and_the_rest_is_used(
    tmp_path: Path,
    damage: Callable[[Path], object],
    problem: tuple[str, str] | None,
    lost: int,
) -> None:
    kdef_tree(tmp_path)
    before = set(items(tmp_path))
    damage(tmp_path)
    assert kinds(tmp_path) == ([problem] if problem else [])
    assert set(items(tmp_path)) <= before and len(items(tmp_path)) == len(before) - lost


def test_a_second_copy_is_named_and_not_read(tmp_path: Path) -> None:
    kdef_tree(tmp_path / "a")
    kdef_tree(tmp_path / "b")
    assert kinds(tmp_path) == [("second_tree", "b")] and len(items(tmp_path)) == 140


def test_the_whole_set_is_complete(tmp_path: Path) -> None:
    kdef_tree(tmp_path, SUBJECTS)
    assert {p.kind for p in Kdef().problems(tmp_path)} == {"left_out"}
    views = Counter(item.part for item in items(tmp_path).values())
    assert views["straight"] == 980 and sum(views.values()) == 4900 - len(BLACK)
    six = [i for i in items(tmp_path).values() if i.part == "straight" and i.label != "neutral"]
    assert len(six) == 840


def test_the_published_folds_part_the_seventy_people_evenly_by_sex(tmp_path: Path) -> None:
    folds = read_folds("irfer_datasets.kdef")
    assert sorted(name for fold in folds for name in fold) == list(SUBJECTS)
    assert [Counter(name[0] for name in fold) for fold in folds] == [{"F": 7, "M": 7}] * 5
    kdef_tree(tmp_path, ("F01", "F02", "F06", "M04"))
    assert Kdef().folds(list(Kdef().index(tmp_path))) == [
        {"F01", "F06"},
        {"F02"},
        frozenset(),
        {"M04"},
        frozenset(),
    ]


def test_a_folder_that_is_not_the_dataset_is_told_why(tmp_path: Path) -> None:
    kdef_tree(tmp_path / "KDEF")
    person = Kdef().identify(tmp_path / "KDEF/AF03")
    assert person.confidence == 0 and "give the folder above it" in person.reason
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / "KDEF_and_AKDEF.zip").touch()
    with pytest.raises(MissingError, match=r"KDEF_and_AKDEF\.zip: unpack it first"):
        list(Kdef().index(packed))
    (tmp_path / "half/KDEF/AF03").mkdir(parents=True)
    assert Kdef().identify(tmp_path / "half").confidence < 0.5


def test_the_setting_and_the_whole_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (setting,) = load().settings_of("kdef")
    assert (setting.name, setting.target.parts, setting.classes) == (
        "kdef_supervised",
        ("straight",),
        CLASSES[:7],
    )
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    write_kdef(tmp_path / "data")
    words = ["kdef", "--data-root", str(tmp_path / "data")]
    assert main(["data", "check", *words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["items"], report["incomplete"]) == (209, True)
    assert report["by_subject"] == {"F01": 69, "F02": 70, "M03": 70}
    assert main(["data", "items", *words]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 210
