"""CFEE trees: six folders, names in three forms, and everything that can be wrong with one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from irfer_bench.api import CLASSES, Item, MissingError
from irfer_bench.cli import main
from irfer_bench.registry import load
from irfer_datasets.cfee.dataset import CODES, FOLDERS, GROUPS, Cfee
from tests.irfer_datasets.cfee_tree import cfee_tree, write_cfee

SMALL = {"unexpected_count", "left_out"}
"""What every small tree with compound codes has to be told."""


def kinds(root: Path) -> list[tuple[str, str]]:
    return [(p.kind, p.path) for p in Cfee().problems(root) if p.kind not in SMALL]


def items(root: Path) -> dict[str, Item]:
    return {item.id: item for item in Cfee().index(root)}


@pytest.mark.parametrize("above", [".", "CFEE_Database_230", "CFEE/CFEE_Database_230", "a/b"])
def test_the_tree_is_found_wherever_it_was_unpacked(tmp_path: Path, above: str) -> None:
    cfee_tree(tmp_path / above)
    assert Cfee().identify(tmp_path).confidence > 0.9
    assert len(items(tmp_path)) == 3 * 7 and kinds(tmp_path) == []


def test_archives_unpacked_in_folders_of_their_own_and_without_them(tmp_path: Path) -> None:
    plain, nested = cfee_tree(tmp_path / "plain"), cfee_tree(tmp_path / "nested")
    flat = cfee_tree(tmp_path / "flat")
    for group, name in zip(GROUPS, FOLDERS, strict=True):
        if (nested / group).is_dir():
            (nested / group).rename(nested / "moved")
            (nested / group).mkdir()
            (nested / "moved").rename(nested / group / group)
            (flat / group / name).rename(flat / name)
            (flat / group).rmdir()
    expected = Cfee().fingerprint(plain)
    assert Cfee().fingerprint(nested) == Cfee().fingerprint(flat) == expected
    assert kinds(nested) == kinds(flat) == []


def test_an_item_says_what_its_name_says(tmp_path: Path) -> None:
    cfee_tree(tmp_path, subjects=(110,))
    item = items(tmp_path)["cfee_110_04_2000"]
    assert item.files == ("01-04/Images1/04_110_2000.jpg",)
    assert (item.subject, item.label, item.spectrum, item.pair) == ("110", "fear", "vis", None)
    labels = {item.id.split("_")[2]: item.label for item in items(tmp_path).values()}
    assert labels == CODES and set(labels.values()) == set(CLASSES[:7])


def test_short_turned_and_capital_names_are_read(tmp_path: Path) -> None:
    cfee_tree(tmp_path, codes=("01", "02", "26"))
    images = tmp_path / "21-26" / "Images6"
    for name in ("04_221.jpg", "260_05.png.jpg", "260_19.png.jpg", "06_222_12345.JPG"):
        (images / name).touch()
    found = items(tmp_path)
    assert found["cfee_221_04"].label == "fear"
    assert found["cfee_260_05"].label == "anger"
    assert found["cfee_222_06_12345"].label == "surprise"
    assert not any("_19" in name for name in found)
    assert {kind for kind, _ in kinds(tmp_path)} <= {"missing_expression"}, "names say everything"


def test_compound_expressions_are_counted_and_left_out(tmp_path: Path) -> None:
    cfee_tree(tmp_path, codes=("01", "08", "09", "26"))
    (left,) = [p for p in Cfee().problems(tmp_path) if p.kind == "left_out"]
    assert left.action.startswith("codes 08 to 26: 9 images of compound expressions")
    assert {item.label for item in items(tmp_path).values()} == {"neutral"}


def _touch(name: str) -> Callable[[Path], object]:
    def damage(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()

    return damage


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (
            _touch("01-04/Images1/27_110_2001.jpg"),
            ("unknown_label", "01-04/Images1/27_110_2001.jpg"),
        ),
        (
            _touch("01-04/Images1/00_110_2001.jpg"),
            ("unknown_label", "01-04/Images1/00_110_2001.jpg"),
        ),
        (_touch("01-04/Images1/a.jpg"), ("unexpected_file", "01-04/Images1/a.jpg")),
        (_touch("01-04/a.jpg"), ("unexpected_file", "01-04/a.jpg")),
        (_touch("01-04/Image1/x.jpg"), ("unexpected_file", "01-04/Image1/x.jpg")),
        (_touch("17-20/Bilder5/x.jpg"), ("unexpected_file", "17-20/Bilder5/x.jpg")),
        (_touch("05-08.zip"), ("packed", "05-08.zip")),
        (_touch("13-16/Images4.part1.rar"), ("packed", "13-16/Images4.part1.rar")),
        (_touch("01-04/Images1/Thumbs.db"), None),
        (
            lambda root: (root / "01-04/Images1").rename(root / "01-04/images1"),
            ("mis_cased", "01-04/images1"),
        ),
        (
            lambda root: (root / "01-04/Images1/01_110_2000.jpg").rename(
                root / "01-04/Images1/01_110.jpg"
            ),
            None,
        ),
        (
            _touch("01-04/Images1/01_110_2000.jpeg"),
            ("duplicate_file", "01-04/Images1/01_110_2000.jpg"),
        ),
    ],
)
def test_what_is_wrong_is_listed_and_the_rest_is_used(
    tmp_path: Path, damage: Callable[[Path], object], problem: tuple[str, str] | None
) -> None:
    cfee_tree(tmp_path)
    damage(tmp_path)
    assert kinds(tmp_path) == ([problem] if problem else [])
    assert len(items(tmp_path)) == 21


def test_a_smaller_copy_is_incomplete_and_says_both_numbers(tmp_path: Path) -> None:
    cfee_tree(tmp_path, codes=tuple(CODES))
    (tmp_path / "05-08/Images2/06_110_2000.jpg").unlink()
    told = {p.kind: p.action for p in Cfee().problems(tmp_path)}
    assert told["missing_expression"] == "subject 110 has no image of 06 surprise"
    counts = [p.action for p in Cfee().problems(tmp_path) if p.kind == "unexpected_count"]
    assert counts[0].startswith("3 subjects where 230 are published")
    assert counts[1].startswith("20 images of all codes where a public loader counts 5954")


def test_a_missing_folder_of_used_codes_is_named(tmp_path: Path) -> None:
    cfee_tree(tmp_path, codes=("01", "02", "03", "04"))
    gone = [path for kind, path in kinds(tmp_path) if kind == "missing_expression"]
    assert gone[0] == "05-08/Images2"


def test_the_whole_release_is_complete_though_it_has_gaps(tmp_path: Path) -> None:
    every = [f"{code:02d}" for code in range(1, 27)]
    cfee_tree(tmp_path, subjects=range(100, 330), codes=every)
    for subject in range(100, 126):
        (tmp_path / f"05-08/Images2/05_{subject}_{1900 + subject}.jpg").unlink()
    told = Counter(p.kind for p in Cfee().problems(tmp_path))
    assert told == {"left_out": 1, "absent_image": 26}
    folds = Cfee().folds(list(Cfee().index(tmp_path)))
    assert [len(fold) for fold in folds] == [46] * 5
    assert len(frozenset().union(*folds)) == 230


def test_folds_are_every_fifth_of_the_sorted_subjects(tmp_path: Path) -> None:
    cfee_tree(tmp_path, subjects=(300, 110, 126, 111, 205, 240))
    folds = [set(fold) for fold in Cfee().folds(list(Cfee().index(tmp_path)))]
    assert folds == [{"110", "300"}, {"111"}, {"126"}, {"205"}, {"240"}]


def test_a_folder_that_is_not_the_dataset_is_told_why(tmp_path: Path) -> None:
    cfee_tree(tmp_path / "C")
    group = Cfee().identify(tmp_path / "C/01-04")
    assert group.confidence == 0 and "give the folder above it" in group.reason
    images = Cfee().identify(tmp_path / "C/01-04/Images1")
    assert images.confidence == 0 and "give the folder two above it" in images.reason
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / "CFEE_Database_230.zip").touch()
    assert "CFEE_Database_230.zip: unpack it first" in Cfee().identify(packed).reason
    with pytest.raises(MissingError, match="unpack it first"):
        list(Cfee().index(packed))
    with pytest.raises(MissingError, match="--data-root cfee=FOLDER"):
        list(Cfee().index(None))
    half = tmp_path / "half"
    (half / "01-04/Images1").mkdir(parents=True)
    assert Cfee().identify(half).confidence < 0.5


def test_the_setting_and_the_whole_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (setting,) = load().settings_of("cfee")
    assert (setting.name, setting.classes, setting.detector) == (
        "cfee_supervised",
        CLASSES[:7],
        "opencv",
    )
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    write_cfee(tmp_path / "data")
    words = ["cfee", "--data-root", str(tmp_path / "data")]
    assert main(["data", "check", *words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["items"], report["incomplete"]) == (21, True)
    assert report["by_class"] == dict.fromkeys(sorted(CLASSES[:7]), 3)
    assert main(["data", "items", *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 22 and lines[1].startswith("cfee_110_01")
