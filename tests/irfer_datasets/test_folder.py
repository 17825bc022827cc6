"""Anyone's own images, by folders or by a manifest, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from irfer_bench.api import DamagedError, Item, read_image
from irfer_datasets.folder.dataset import Folder
from tests.irfer_datasets.trees import folder_tree, image


def index(root: Path) -> dict[str, Item]:
    return {item.files[0]: item for item in Folder().index(root)}


def problems(root: Path) -> list[tuple[str, str, str]]:
    few = {"few_subjects"}
    return [(p.kind, p.path, p.action) for p in Folder().problems(root) if p.kind not in few]


def manifest(root: Path, *rows: str, header: str = "path,subject,spectrum,label") -> None:
    (root / "manifest.csv").write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")


def test_folders_name_spectrum_subject_and_expression(tmp_path: Path) -> None:
    folder_tree(tmp_path)
    items = index(tmp_path)
    assert len(items) == 8 and problems(tmp_path) == []
    item = items["nir/anna/anger/0.png"]
    assert (item.subject, item.label, item.spectrum) == ("anna", "anger", "nir")
    assert "anna" not in item.id and "/" not in item.id
    assert Folder().identify(tmp_path).confidence > 0.5


def test_the_same_name_in_two_spectra_is_a_pair_and_alone_it_is_none(tmp_path: Path) -> None:
    folder_tree(tmp_path, each=2)
    image(tmp_path / "nir/anna/happy/7.png")
    image(tmp_path / "vis/anna/happiness/7.jpg")
    image(tmp_path / "vis/anna/anger/8.png")
    items = index(tmp_path)
    assert items["vis/ben/anger/1.png"].pair == items["nir/ben/anger/1.png"].pair is not None
    assert items["vis/ben/anger/1.png"].pair != items["nir/ben/anger/0.png"].pair
    assert items["nir/anna/happy/7.png"].pair == items["vis/anna/happiness/7.jpg"].pair is not None
    assert items["vis/anna/anger/8.png"].pair is None


def test_without_subjects_the_folds_are_by_item_and_partners_stay_together(tmp_path: Path) -> None:
    for spectrum in ("vis", "nir"):
        for k in range(10):
            image(tmp_path / spectrum / "anger" / f"{k}.png")
    items = list(Folder().index(tmp_path))
    assert {item.subject for item in items} == {None} and len(items) == 20
    folds = Folder().folds(items)
    assert len(folds) == 5 and sum(map(len, folds)) == 20
    fold_of = {name: k for k, fold in enumerate(folds) for name in fold}
    for item in items:
        partner = next(o for o in items if o.pair == item.pair and o.id != item.id)
        assert fold_of[item.id] == fold_of[partner.id]


def test_folds_are_every_fifth_subject_and_fewer_where_there_are_fewer(tmp_path: Path) -> None:
    folder_tree(tmp_path / "seven", [f"s{k}" for k in range(7)])
    folds = Folder().folds(list(Folder().index(tmp_path / "seven")))
    assert folds == [{"s0", "s5"}, {"s1", "s6"}, {"s2"}, {"s3"}, {"s4"}]
    folder_tree(tmp_path / "three", ["a", "b", "c"])
    assert Folder().folds(list(Folder().index(tmp_path / "three"))) == [{"a"}, {"b"}, {"c"}]
    (few,) = Folder().problems(tmp_path / "three")
    assert few.kind == "few_subjects" and "3 subjects make 3 folds instead of 5" in few.action


def test_other_peoples_visible_images_are_extra_and_never_tested(tmp_path: Path) -> None:
    folder_tree(tmp_path)
    image(tmp_path / "extra/zoe/fear/0.png")
    items = list(Folder().index(tmp_path))
    assert [(i.spectrum, i.part) for i in items if i.subject == "zoe"] == [("vis", "extra")]
    assert not any("zoe" in fold for fold in Folder().folds(items))


def test_a_csv_manifest_wins_and_survives_bom_crlf_and_backslashes(tmp_path: Path) -> None:
    folder_tree(tmp_path)
    text = (
        "path,subject,spectrum,label,lighting,pair,split\r\n"
        "vis\\anna\\anger\\0.png,A1,VIS,Angry,dark,m1,train\r\n"
        "nir/ben/anger/0.png, B1 ,nir,fear,,m1,test\r\n"
    )
    (tmp_path / "manifest.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    one, two = Folder().index(tmp_path)
    first, second = sorted((one, two), key=lambda item: item.split, reverse=True)
    assert (first.files, first.subject, first.label) == (("vis/anna/anger/0.png",), "A1", "anger")
    assert (first.lighting, first.pair, first.spectrum) == ("dark", "m1", "vis")
    assert (second.subject, second.split, second.pair) == ("B1", "test", "m1")
    assert Folder().folds([first, second]) == [{"B1"}]
    assert problems(tmp_path) == []


def test_a_parquet_manifest_says_the_same(tmp_path: Path) -> None:
    folder_tree(tmp_path)
    rows = {
        "path": ["vis/anna/anger/0.png"],
        "spectrum": ["vis"],
        "label": ["anger"],
        "subject": [7],
    }
    pyarrow.parquet.write_table(pyarrow.table(rows), tmp_path / "manifest.parquet")
    (item,) = Folder().index(tmp_path)
    assert (item.subject, item.label, item.files) == ("7", "anger", ("vis/anna/anger/0.png",))


@pytest.mark.parametrize(
    ("row", "kind", "says"),
    [
        ("vis/anna/anger/0.png,a,vis,angerr", "unknown_label", "did you mean anger?"),
        ("vis/anna/anger/0.png,a,vis,3", "unknown_label", "known: anger"),
        ("vis/anna/anger/0.png,a,viss,anger", "bad_row", "did you mean vis?"),
        ("vis/anna/anger/none.png,a,vis,anger", "missing_file", "no such file"),
        ("../secret.png,a,vis,anger", "outside_root", "downwards"),
        ("/etc/passwd,a,vis,anger", "outside_root", "downwards"),
        (",a,vis,anger", "bad_row", "no usable path"),
        ("nir/ben/anger/0.png,b,nir,anger", "duplicate_id", "listed twice"),
        ("./nir/ben/anger/0.png,c,nir,fear", "duplicate_id", "listed twice"),
    ],
)
def test_a_bad_row_is_named_with_its_number_and_the_others_are_used(
    tmp_path: Path,
    row: str,
    kind: str,
    says: str,
) -> None:
    folder_tree(tmp_path / "data")
    (tmp_path / "secret.png").touch()
    manifest(tmp_path / "data", "nir/ben/anger/0.png,b,nir,anger", row)
    ((found, _, action),) = problems(tmp_path / "data")
    assert found == kind and says in action and action.startswith("manifest.csv row 2: ")
    assert len(index(tmp_path / "data")) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"path,subject,label\n", "lacks column spectrum"),
        (b"", "lacks column path, spectrum, label"),
        ("path,spectrum,label\nä.png,vis,anger\n".encode("utf-16"), "cannot be read"),
    ],
)
def test_an_unreadable_manifest_is_one_clear_line(
    tmp_path: Path, content: bytes, says: str
) -> None:
    (tmp_path / "manifest.csv").write_bytes(content)
    with pytest.raises(DamagedError, match=says):
        list(Folder().index(tmp_path))


def test_wrong_folders_are_listed_with_what_was_meant(tmp_path: Path) -> None:
    folder_tree(tmp_path)
    image(tmp_path / "vis/anna/angerr/0.png")
    image(tmp_path / "vis/anna/stray.png")
    image(tmp_path / "nirr/anna/anger/0.png")
    image(tmp_path / "Thermal/anna/anger/0.png")
    (tmp_path / "vis/anna/anger/notes.txt").touch()
    assert problems(tmp_path) == [
        ("misnamed_folder", "nirr", "not read; did you mean nir?"),
        ("misnamed_folder", "Thermal", "read as lwir; rename it"),
        (
            "unexpected_file",
            "vis/anna/stray.png",
            "not read; images lie in <spectrum>/<subject>/<expression>/<name>.png",
        ),
        ("unexpected_file", "vis/anna/anger/notes.txt", "not read; it is no image"),
        (
            "unknown_label",
            "vis/anna/angerr",
            "not read; did you mean anger? "
            "(a class of your own is named by -p folder.classes=NAME,NAME)",
        ),
    ]
    assert index(tmp_path)["Thermal/anna/anger/0.png"].spectrum == "lwir"


def test_two_images_that_claim_one_partner_are_named(tmp_path: Path) -> None:
    folder_tree(tmp_path, ["anna"], labels=["anger"])
    image(tmp_path / "vis/anna/anger/0.jpg")
    assert [(kind, path) for kind, path, _ in problems(tmp_path)] == [
        ("ambiguous_pair", "vis/anna/anger/0.jpg"),
        ("ambiguous_pair", "vis/anna/anger/0.png"),
    ]


def test_the_fingerprint_follows_images_and_labels_and_not_the_place(tmp_path: Path) -> None:
    folder_tree(tmp_path / "a")
    folder_tree(tmp_path / "b")
    print_a = Folder().fingerprint(tmp_path / "a")
    assert Folder().fingerprint(tmp_path / "b") == print_a
    (tmp_path / "b" / "readme.txt").write_text("of no item")
    assert Folder().fingerprint(tmp_path / "b") == print_a
    image(tmp_path / "b/vis/anna/anger/0.png", value=99)
    assert Folder().fingerprint(tmp_path / "b") != print_a
    items = index(tmp_path / "a").values()
    rows = [f"{i.files[0]},{i.subject},{i.spectrum},{i.label}" for i in items]
    manifest(tmp_path / "a", *rows)
    by_manifest = Folder().fingerprint(tmp_path / "a")
    manifest(tmp_path / "a", *rows[1:], rows[0].replace(",anger", ",fear"))
    assert by_manifest != Folder().fingerprint(tmp_path / "a")
    manifest(tmp_path / "a", *reversed(rows))
    assert by_manifest == Folder().fingerprint(tmp_path / "a")


def test_sixteen_bits_stay_sixteen_bits_and_orientation_is_obeyed(tmp_path: Path) -> None:
    deep = (np.arange(12, dtype=np.uint16) * 5000).reshape(3, 4)
    for name in ("a.png", "a.tiff"):
        Image.fromarray(deep).save(tmp_path / name)
        got = read_image(tmp_path, name)
        assert got.dtype == np.uint16 and (got == deep[..., None]).all()
    turned = Image.new("RGB", (8, 4))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "b.jpg", exif=exif)
    assert read_image(tmp_path, "b.jpg").shape == (8, 4, 3)


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "gone"])
def test_a_image_that_cannot_be_read_is_named(tmp_path: Path, damage: str) -> None:
    root = tmp_path / "data"
    image(root / "a.png", size=(200, 200))
    whole = (root / "a.png").read_bytes()
    if damage == "gone":
        (root / "a.png").unlink()
    content = {"empty": b"", "cut": whole[: len(whole) // 2], "text": b"hello"}.get(damage)
    if content is not None:
        (root / "a.png").write_bytes(content)
    with pytest.raises(DamagedError, match=r"a\.png"):
        read_image(root, "a.png")
