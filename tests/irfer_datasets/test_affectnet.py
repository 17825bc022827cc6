"""AffectNet as lists of 2017 and crops of 2021, and everything that can be wrong with either."""

from __future__ import annotations

import io
import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from irfer_bench.api import DamagedError, Item, MissingError
from irfer_bench.cli import main
from irfer_bench.data.manifest import BLOCKING, INCOMPLETE, scan
from irfer_bench.registry import load
from irfer_datasets.affectnet.crops import parse_code, read_codes
from irfer_datasets.affectnet.dataset import AffectNet
from irfer_datasets.affectnet.faces import FaceList
from irfer_datasets.affectnet.layout import Tree, count
from irfer_datasets.affectnet.params import AffectNetParams
from irfer_datasets.crowd import CrowdSurvey
from tests.irfer_datasets.affectnet_tree import (
    crops_tree,
    landmarks,
    lists_tree,
    rows,
    write_list,
)
from tests.irfer_datasets.trees import picture

CODES = (
    "neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt",
)  # fmt: skip
"""The owners' 0 to 7."""
TRAINING = "Manually_Annotated_file_lists/training.csv"


def kinds(root: Path, dataset: AffectNet | None = None) -> list[str]:
    """Kinds of all problems but that the tree is small and has labels without expression."""
    small = {"unexpected_count", "left_out"}
    return [p.kind for p in (dataset or AffectNet()).problems(root) if p.kind not in small]


def facts(root: Path, dataset: AffectNet | None = None) -> Counter[tuple[str, str | None]]:
    return Counter((item.split, item.label) for item in (dataset or AffectNet()).index(root))


SMALL = Counter({**{("train", c): 2 for c in CODES}, **{("val", c): 1 for c in CODES}})
"""What both trees of the tests hold."""


@pytest.mark.parametrize("base", [".", "AffectNet", "AffectNet-8Labels/AffectNet"])
def test_the_crops_of_2021(tmp_path: Path, base: str) -> None:
    crops_tree(tmp_path / base)
    assert AffectNet().recognise(tmp_path).confidence >= 0.9
    assert facts(tmp_path) == SMALL and kinds(tmp_path) == []
    items = {item.id: item for item in AffectNet().index(tmp_path)}
    assert (items["affectnet_train_2"].label, items["affectnet_val_24"].label) == (CODES[1],) * 2
    assert {(i.subject, i.spectrum, i.part) for i in items.values()} == {(None, "vis", "manual")}


@pytest.mark.parametrize(
    ("images", "lists"),
    [
        ("Manually_Annotated_Images", "Manually_Annotated_file_lists"),
        (
            "Manually_Annotated/Manually_Annotated_Images",
            "Manually_Annotated_file_lists/Manually_Annotated_file_lists",
        ),
        ("Manually_Annotated_Images/Manually_Annotated_Images", "Manually_Annotated_file_lists"),
        ("manually_annotated_images", "Manually_Annotated_file_list"),
        ("Manually_Annotated_Images", "."),
        ("AffectNet/Manually_Annotated/Manually_Annotated_Images", "AffectNet/Manually_Annotated"),
    ],
)
@pytest.mark.parametrize("headers", [True, False])
def test_the_lists_of_2017_in_every_spelling(
    tmp_path: Path, images: str, lists: str, headers: bool
) -> None:
    lists_tree(tmp_path, images=images, lists=lists, headers=headers)
    assert AffectNet().recognise(tmp_path).confidence >= 0.9
    assert facts(tmp_path) == SMALL
    assert kinds(tmp_path) == (["mis_cased"] if images.islower() else [])


def test_ids_say_nothing_and_do_not_depend_on_where_the_pictures_lie(tmp_path: Path) -> None:
    lists_tree(tmp_path / "a")
    lists_tree(tmp_path / "b", images="Manually_Annotated/Manually_Annotated_Images")
    first, second = (
        {item.id: item.label for item in AffectNet().index(tmp_path / name)} for name in "ab"
    )
    assert first == second and len(first) == 24
    assert all(name.replace("_", "").isalnum() and name.islower() for name in first)
    assert AffectNet().fingerprint(tmp_path / "a") == AffectNet().fingerprint(tmp_path / "b")


def test_labels_that_are_no_expressions_are_counted_and_left_out(tmp_path: Path) -> None:
    crops_tree(tmp_path / "crops")
    lists_tree(tmp_path / "lists")
    for name in ("crops", "lists"):
        (problem,) = [p for p in AffectNet().problems(tmp_path / name) if p.kind == "left_out"]
        assert problem.action.endswith("no expressions: 3 none, 3 uncertain, 3 no face")
    assert "left_out" not in BLOCKING | INCOMPLETE


def test_the_face_is_cut_out_by_the_owners_box(tmp_path: Path) -> None:
    lists_tree(tmp_path)
    dataset = AffectNet()
    item = next(i for i in dataset.index(tmp_path) if i.files[0].endswith("/2/ab03.jpeg"))
    clip = dataset.read(tmp_path, item)
    with Image.open(tmp_path / item.files[0]) as image:
        whole = np.asarray(image.convert("RGB"))
    assert np.array_equal(clip.frames, whole[None, 4:20, 6:26])
    assert clip.landmarks is not None and clip.landmarks.shape == (1, 68, 2)
    assert clip.landmarks[0, 0].tolist() == [10 + 3 - 6, 8.5 - 4]
    assert clip.landmarks.dtype == np.float32


@pytest.mark.parametrize(
    ("box", "shape", "moved"),
    [
        ("NULL,NULL,NULL,NULL", (24, 32), (0, 0)),
        ("6,4,0,0", (24, 32), (0, 0)),
        ("100,100,20,20", (24, 32), (0, 0)),
        ("-6,-4,20,16", (12, 14), (0, 0)),
        ("20,10,40,40", (14, 12), (20, 10)),
        ("6.0,4.0,20.0,16.0", (16, 20), (6, 4)),
    ],
)
def test_a_box_that_is_none_or_reaches_out(
    tmp_path: Path, box: str, shape: tuple[int, int], moved: tuple[int, int]
) -> None:
    lists_tree(tmp_path)
    place = tmp_path / TRAINING
    place.write_text(place.read_text().replace(",6,4,20,16,", f",{box},", 1))
    item = next(i for i in AffectNet().index(tmp_path) if i.files[0].endswith("/1/ab00.jpg"))
    clip = AffectNet().read(tmp_path, item)
    assert clip.frames.shape == (1, *shape, 3)
    assert clip.landmarks is not None
    assert clip.landmarks[0, 0].tolist() == [10 - moved[0], 8.5 - moved[1]]
    listed = ["no_box"] if "NULL" in box or ",0,0" in box else []
    assert kinds(tmp_path) == listed


def test_landmarks_that_are_none_are_none(tmp_path: Path) -> None:
    lists_tree(tmp_path)
    place = tmp_path / TRAINING
    place.write_text(place.read_text().replace(landmarks(0), "NULL").replace(landmarks(1), "1;2"))
    for name in ("/1/ab00.jpg", "/2/ab01.JPG"):
        item = next(i for i in AffectNet().index(tmp_path) if i.files[0].endswith(name))
        assert AffectNet().read(tmp_path, item).landmarks is None


def test_boxes_and_landmarks_are_part_of_the_fingerprint(tmp_path: Path) -> None:
    lists_tree(tmp_path)
    place, before = tmp_path / TRAINING, AffectNet().fingerprint(tmp_path)
    text = place.read_text()
    for old, new in ((",6,4,20,16,", ",6,4,20,17,"), (landmarks(2), landmarks(3))):
        place.write_text(text.replace(old, new, 1))
        assert AffectNet().fingerprint(tmp_path) != before
    header, *lines = text.splitlines()
    write_list(place, lines[::-1], header)
    assert AffectNet().fingerprint(tmp_path) == before


def test_a_list_that_changed_after_indexing_is_noticed(tmp_path: Path) -> None:
    lists_tree(tmp_path)
    items = [item for item in AffectNet().index(tmp_path) if item.split == "train"]
    before = {item.id: AffectNet().read(tmp_path, item).frames for item in items}
    write_list(tmp_path / TRAINING, rows("train", 2)[::-1])
    dataset = AffectNet()
    for item in items:
        assert np.array_equal(dataset.read(tmp_path, item).frames, before[item.id])
    write_list(tmp_path / TRAINING, rows("train", 1))
    with pytest.raises(DamagedError, match=r"training\.csv has no row for 1/ab"):
        for item in items:
            AffectNet().read(tmp_path, item)


def test_every_row_is_found_by_name(tmp_path: Path) -> None:
    """Quoted, with backslashes and in another case, as copies of the lists have them."""
    boxes = {f"{n % 3}/p{n:03d}": (n, n + 1, n + 2, n + 3) for n in range(200)}
    lines = [f"{name}.jpg,{','.join(map(str, box))},,1,0,0" for name, box in boxes.items()]
    lines[3], lines[4] = lines[3].replace("/", "\\").upper(), f'"{lines[4]}'.replace(",", '",', 1)
    write_list(tmp_path / "list.csv", lines)
    faces = FaceList(tmp_path / "list.csv", tmp_path)
    for name, box in boxes.items():
        assert faces.find(f"{name}.png").box == box
    with pytest.raises(DamagedError, match="no row for 0/p999"):
        faces.find("0/p999.jpg")


def test_the_automatic_list_is_read_only_when_asked_for(tmp_path: Path) -> None:
    lists_tree(tmp_path)
    for spelling in ("Automatically_annotated_file_list", "Automatically_Annotated_file_lists"):
        lines = [f"9/x{k}.jpg,6,4,20,16,{landmarks(k)},{k},-2,-2" for k in range(3)]
        write_list(tmp_path / spelling / "automatically_annotated.csv", lines)
        for k in range(3):
            picture(tmp_path / f"Automatically_Annotated_Images/9/x{k}.jpg", k)
        assert facts(tmp_path) == SMALL
        both = AffectNet(AffectNetParams(automatic=True))
        automatic = [item for item in both.index(tmp_path) if item.part == "automatic"]
        assert [item.label for item in automatic] == list(CODES[:3])
        assert {item.split for item in automatic} == {"train"} and kinds(tmp_path, both) == []
        shutil.rmtree(tmp_path / spelling)


def test_where_both_releases_lie_the_later_is_read_and_the_other_named(tmp_path: Path) -> None:
    crops_tree(tmp_path / "new")
    lists_tree(tmp_path / "old")
    assert kinds(tmp_path) == ["second_tree"] and facts(tmp_path) == SMALL
    old = AffectNet(AffectNetParams(form="lists_2017"))
    assert all(item.files[0].startswith("old/") for item in old.index(tmp_path))
    shutil.rmtree(tmp_path / "old")
    with pytest.raises(MissingError, match="holds only crops_2021"):
        list(AffectNet(old.params).index(tmp_path))


def _training(change: Callable[[str], str], encoding: str = "utf-8") -> Callable[[Path], object]:
    return lambda root: (root / TRAINING).write_bytes(
        change((root / TRAINING).read_text()).encode(encoding)
    )


ROW = rows("train", 2)[0]


@pytest.mark.parametrize(
    ("damage", "expected", "lost"),
    [
        (_training(lambda t: t.replace("\n", "\r\n")), [], 0),
        (_training(lambda t: t, "utf-8-sig"), [], 0),
        (_training(lambda t: t.rstrip("\n")), [], 0),
        (_training(lambda t: t + "9/人.jpg,1,1,9,9,,8,-2,-2\n", "gb18030"), ["encoding"], 0),
        (_training(lambda t: t.replace("1/ab", "1\\ab")), [], 0),
        (_training(lambda t: t + ROW + "\n"), ["duplicate_row"], 0),
        (_training(lambda t: t + ROW.replace(",0,-2", ",3,-2") + "\n"), ["duplicate_id"], 1),
        (
            _training(lambda t: t + rows("val", 1)[0] + "\n"),
            ["duplicate_id"],
            1,
        ),
        (_training(lambda t: t.replace(",0,-2", ",11,-2", 1)), ["unknown_label"], 1),
        (_training(lambda t: t.replace(",0,-2", ",-1,-2", 1)), ["unknown_label"], 1),
        (_training(lambda t: t.replace(",0,-2", ",happy,-2", 1)), ["bad_row"], 1),
        (_training(lambda t: t + "1/ab99.jpg,1,2\n"), ["bad_row"], 0),
        (_training(lambda t: t + "../me.jpg,1,1,9,9,,1,0,0\n"), ["outside_root"], 0),
        (_training(lambda t: t + "1/gone.jpg,1,1,9,9,,1,0,0\n"), ["missing_item"], 0),
        (
            lambda r: (r / "Manually_Annotated_Images/1/ab00.jpg").unlink(),
            ["missing_item"],
            1,
        ),
        (
            lambda r: picture(r / "Manually_Annotated_Images/1/new.jpg"),
            ["unlabelled_file"],
            0,
        ),
        (
            lambda r: picture(r / "Manually_Annotated_Images/77/new.jpg"),
            ["unlabelled_file"],
            0,
        ),
        (
            lambda r: (r / "Manually_Annotated_Images/1/ab00.jpg").rename(
                r / "Manually_Annotated_Images/1/ab00.JPEG"
            ),
            [],
            0,
        ),
        (lambda r: (r / TRAINING).unlink(), ["missing_list"] + ["unlabelled_file"] * 22, 16),
        (lambda r: (r / "Manually_Annotated_Images.part01.rar").touch(), ["packed"], 0),
    ],
)
def test_what_is_wrong_with_the_lists_is_listed_and_the_rest_is_used(
    tmp_path: Path, damage: Callable[[Path], object], expected: list[str], lost: int
) -> None:
    lists_tree(tmp_path)
    damage(tmp_path)
    if expected == ["unknown_label"] or (expected == ["bad_row"] and lost):
        expected = [*expected, "unlabelled_file"]
    assert kinds(tmp_path) == expected
    items = list(AffectNet().index(tmp_path))
    assert len(items) == 24 - lost
    dataset = AffectNet()
    for item in items:
        assert dataset.read(tmp_path, item).frames.shape[0] == 1


def test_a_header_in_another_order_is_followed(tmp_path: Path) -> None:
    lists_tree(tmp_path)
    place, before = tmp_path / TRAINING, AffectNet().fingerprint(tmp_path)
    cells = [line.split(",") for line in place.read_text().splitlines()]
    place.write_text("".join(",".join(reversed(row)) + "\n" for row in cells))
    assert facts(tmp_path) == SMALL and AffectNet().fingerprint(tmp_path) == before
    item = next(i for i in AffectNet().index(tmp_path) if i.files[0].endswith("/1/ab00.jpg"))
    assert AffectNet().read(tmp_path, item).frames.shape == (1, 16, 20, 3)
    place.write_text(place.read_text().replace("expression", "label", 1))
    with pytest.raises(DamagedError, match="lacks column expression"):
        list(AffectNet().index(tmp_path))


def _save(value: object, name: str = "train_set/annotations/1_exp.npy") -> Callable[[Path], object]:
    return lambda root: np.save(root / name, np.asarray(value), allow_pickle=True)


@pytest.mark.parametrize(
    ("damage", "expected", "lost"),
    [
        (_save("3"), [], 0),
        (_save(b"3"), [], 0),
        (_save(np.array([[3]])), [], 0),
        (_save(11), ["unknown_label"], 1),
        (_save(-1), ["unknown_label"], 1),
        (_save(1.5), ["bad_row"], 1),
        (_save("happy"), ["bad_row"], 1),
        (_save([1, 2]), ["bad_row"], 1),
        (_save(np.array({"label": 1}, dtype=object)), ["bad_row"], 1),
        (lambda r: (r / "train_set/annotations/1_exp.npy").write_bytes(b""), ["bad_row"], 1),
        (lambda r: (r / "train_set/annotations/1_exp.npy").write_bytes(b"x"), ["bad_row"], 1),
        (lambda r: (r / "train_set/annotations/1_exp.npy").unlink(), ["unlabelled_file"], 1),
        (lambda r: (r / "train_set/images/1.jpg").unlink(), ["missing_item"], 1),
        (lambda r: (r / "train_set/annotations/1_lnd.npy").unlink(), [], 0),
        (lambda r: (r / "train_set/images/me.jpg").touch(), ["unexpected_file"], 0),
        (lambda r: (r / "train_set/images/01.jpg").touch(), ["duplicate_file"], 0),
        (lambda r: (r / "train_set/images/.DS_Store").touch(), [], 0),
        (lambda r: (r / "train_set").rename(r / "Train_Set"), ["mis_cased"], 0),
        (lambda r: shutil.rmtree(r / "val_set"), ["missing_list"], 8),
        (lambda r: shutil.rmtree(r / "val_set/annotations"), ["missing_list"], 8),
        (lambda r: (r / "val_set.zip").touch(), ["packed"], 0),
    ],
)
def test_what_is_wrong_with_the_crops_is_listed_and_the_rest_is_used(
    tmp_path: Path, damage: Callable[[Path], object], expected: list[str], lost: int
) -> None:
    crops_tree(tmp_path)
    damage(tmp_path)
    assert kinds(tmp_path) == expected
    assert sum(facts(tmp_path).values()) == 24 - lost


def test_pickles_are_not_opened() -> None:
    stream = io.BytesIO()
    np.save(stream, np.array(print, dtype=object), allow_pickle=True)
    reason = parse_code(stream.getvalue())
    assert isinstance(reason, str) and "no plain .npy" in reason


def test_many_labels_are_read_in_their_order(tmp_path: Path) -> None:
    codes = [(7 * k) % 11 for k in range(2500)]
    for code in range(11):
        np.save(tmp_path / f"{code}.npy", np.array(code))
    assert list(read_codes([f"{tmp_path}/{code}.npy" for code in codes])) == codes


def test_a_linked_picture_outside_the_root_is_refused(tmp_path: Path) -> None:
    root = crops_tree(tmp_path / "data")
    place = root / "train_set/images/1.jpg"
    place.rename(tmp_path / "elsewhere.jpg")
    place.symlink_to(tmp_path / "elsewhere.jpg")
    assert kinds(root) == ["outside_root", "missing_item"]
    lists = lists_tree(tmp_path / "lists")
    (lists / "Manually_Annotated_Images/1").rename(tmp_path / "far")
    (lists / "Manually_Annotated_Images/1").symlink_to(tmp_path / "far")
    assert "outside_root" in kinds(lists)
    (root / "val_set").rename(tmp_path / "val")
    (root / "val_set").symlink_to(tmp_path / "val")
    assert kinds(root).count("outside_root") == 2
    (root / "train_set").rename(tmp_path / "train")
    (root / "train_set").symlink_to(tmp_path / "train")
    assert "train_set: links are not followed" in AffectNet().recognise(root).reason


def test_a_folder_that_is_not_the_dataset_is_told_why(tmp_path: Path) -> None:
    crops_tree(tmp_path / "a")
    lists_tree(tmp_path / "b")
    half = AffectNet().recognise(tmp_path / "a/val_set")
    assert half.confidence == 0.0 and "holds train_set and val_set" in half.reason
    part = AffectNet().recognise(tmp_path / "b/Manually_Annotated_Images")
    assert part.confidence == 0.0 and "holds pictures and file lists" in part.reason
    shutil.rmtree(tmp_path / "b/Manually_Annotated_file_lists")
    (tmp_path / "b/Manually_Annotated_file_lists.zip").touch()
    packed = AffectNet().recognise(tmp_path / "b")
    assert packed.confidence < 0.5
    assert "Manually_Annotated_file_lists.zip: unpack it" in packed.reason
    with pytest.raises(MissingError, match=r"Manually_Annotated_file_lists\.zip: unpack it first"):
        list(AffectNet().index(tmp_path / "b"))


def test_the_published_numbers_are_no_problem(tmp_path: Path) -> None:
    train = (74874, 134415, 25459, 14090, 6378, 3803, 24882, 3750)
    for contempt in (499, 500):
        seen = CrowdSurvey(tmp_path)
        one = {(s, c): Item(f"{s}_{c}", c, None, "vis", split=s, part="manual")
               for s in ("train", "val") for c in CODES}  # fmt: skip
        for code, number in zip(CODES, train, strict=True):
            seen.items += [one["train", code]] * number
            seen.items += [one["val", code]] * (contempt if code == "contempt" else 500)
        count(Tree(tmp_path, "crops_2021"), {}, seen)
        assert seen.problems == []
    seen.items.remove(one["train", "fear"])
    seen.items.remove(one["val", "fear"])
    count(Tree(tmp_path, "crops_2021"), {}, seen)
    first, second = (p.action for p in seen.problems)
    assert "fear 6377 (published: 6378)" in first and "fear 499 (published: 500)" in second


def test_the_settings_say_what_the_protocol_says(tmp_path: Path) -> None:
    settings = {s.name: s for s in load().settings_of("affectnet")}
    names = ["affectnet7_supervised", "affectnet8_supervised", "raf_db_to_affectnet7"]
    assert list(settings) == names
    assert [len(settings[name].classes) for name in names] == [7, 8, 7]
    for setting in settings.values():
        assert (setting.folds, setting.primary, setting.detector) == (1, "accuracy", "none")
        assert setting.target.parts == ("manual",)
    cross = settings["raf_db_to_affectnet7"]
    assert (cross.kind, cross.tested, cross.target.splits) == ("cross", "all", ("val",))
    assert cross.source is not None and cross.source.dataset == "raf_db"
    items = list(AffectNet().index(crops_tree(tmp_path)))
    (fold,) = AffectNet().folds(items)
    assert fold == {item.id for item in items if item.split == "val"}


def test_the_commands_show_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    root = lists_tree(tmp_path / "data")
    assert main(["data", "check", "affectnet", "--data-root", str(root), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["incomplete"] and report["by_class"] == dict.fromkeys(sorted(CODES), 3)
    assert main(["data", "items", "affectnet", "--data-root", str(root)]) == 0
    assert capsys.readouterr().out.count("\naffectnet_") == 24
    place = root / TRAINING
    place.write_text(place.read_text().replace(",0,-2", ",12,-2"))
    assert main(["data", "check", "affectnet", "--data-root", str(root)]) == 4
    with pytest.raises(DamagedError):
        scan(AffectNet(), root).require()
