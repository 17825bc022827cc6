"""Manifests of folders are kept, and renewed after any change."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from irfer_bench.contracts.values import Item
from irfer_bench.data.kept_manifests import signature, stored
from irfer_bench.data.manifest import Manifest
from irfer_bench.data.scanning import scan
from irfer_bench.errors import DamagedError, MissingError
from irfer_datasets.folder.dataset import Folder
from irfer_datasets.oulu_casia.dataset import OuluCasia
from tests.irfer_datasets.trees import folder_tree, image, oulu_tree


class Counting(Folder):
    """The folder dataset, counting how often it looks at the disk."""

    looks = 0

    def index(self, root: Path | None) -> Iterable[Item]:
        type(self).looks += 1
        return super().index(root)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return folder_tree(tmp_path / "data", [f"s{k}" for k in range(5)])


def test_counts_are_by_class_subject_and_domain(root: Path) -> None:
    manifest = scan(Folder(), root)
    assert manifest.by_class == {"anger": 10, "happiness": 10}
    assert manifest.by_subject == {f"s{k}": 4 for k in range(5)}
    assert manifest.by_domain == {"nir": 10, "vis": 10}
    assert (manifest.dataset, manifest.problems, len(manifest.items)) == ("folder", (), 20)


def test_an_unchanged_folder_is_not_read_again(root: Path, tmp_path: Path) -> None:
    Counting.looks = 0
    first = scan(Counting(), root, home=tmp_path / "home")
    looks = Counting.looks
    again = scan(Counting(), root, home=tmp_path / "home")
    assert (again, Counting.looks) == (first, looks)
    assert stored("folder", root, tmp_path / "home") == first


@pytest.mark.parametrize("change", ["add", "remove", "rename", "grow", "touch"])
def test_any_change_makes_it_read_again(root: Path, tmp_path: Path, change: str) -> None:
    home = tmp_path / "home"
    before = scan(Folder(), root, home=home)
    one = root / "nir/s0/anger/0.png"
    if change == "add":
        image(root / "nir/s0/anger/1.png")
    elif change == "remove":
        one.unlink()
    elif change == "rename":
        one.rename(one.with_name("9.png"))
    elif change == "grow":
        image(one, size=(48, 48))
    else:
        os.utime(one, ns=(1, 1))
    assert stored("folder", root, home) is None
    after = scan(Folder(), root, home=home)
    assert (after == before) == (change == "touch")
    assert stored("folder", root, home) == after


def test_a_kept_manifest_that_was_cut_or_edited_is_made_anew(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = scan(Folder(), root, home=home)
    (kept,) = (home / "manifests").iterdir()
    for content in (kept.read_bytes()[:100], b"", b'{"signature": 3}'):
        kept.write_bytes(content)
        assert stored("folder", root, home) is None
        assert scan(Folder(), root, home=home) == first


def test_another_version_or_parameter_has_a_manifest_of_its_own(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    scan(Folder(), root, home=home, stamp=["1", {}])
    assert stored("folder", root, home, ["1", {}]) is not None
    assert stored("folder", root, home, ["2", {}]) is None


def test_a_home_that_cannot_be_written_costs_only_time(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert len(scan(Folder(), root, home=tmp_path / "file").items) == 20


def test_a_manifest_survives_json(root: Path) -> None:
    manifest = scan(Folder(), root)
    assert msgspec.json.decode(msgspec.json.encode(manifest), type=Manifest) == manifest


def test_verifying_names_damaged_images_and_changes_neither_items_nor_fingerprint(
    root: Path, tmp_path: Path
) -> None:
    cut, empty = root / "nir/s0/anger/0.png", root / "vis/s1/anger/0.png"
    cut.write_bytes(cut.read_bytes()[:60])
    empty.write_bytes(b"")
    quick = scan(Folder(), root, home=tmp_path / "home")
    assert quick.problems == () and len(quick.usable()) == 20
    checked = scan(Folder(), root, home=tmp_path / "home", verify=True)
    assert sorted((p.kind, p.path) for p in checked.problems) == [
        ("damaged", "nir/s0/anger/0.png"),
        ("empty", "vis/s1/anger/0.png"),
    ]
    assert (checked.items, checked.fingerprint) == (quick.items, quick.fingerprint)
    assert len(checked.usable()) == 18 and checked.by_class["anger"] == 8
    assert scan(Folder(), root, home=tmp_path / "home") == checked


def test_a_sequence_loses_only_its_damaged_frames(tmp_path: Path) -> None:
    root = oulu_tree(tmp_path)
    (root / "NI/Strong/P001/Fear/002.jpeg").write_bytes(b"\xff\xd8")
    usable = {item.id: item for item in scan(OuluCasia(), root, verify=True).usable()}
    assert len(usable) == 24
    assert (usable["ni_strong_p001_fear"].frames, usable["ni_strong_p002_fear"].frames) == (5, 6)


def test_a_subject_in_two_splits_stops_a_run(root: Path) -> None:
    rows = "path,subject,spectrum,label,split\n"
    rows += "nir/s0/anger/0.png,x,nir,anger,train\nnir/s1/anger/0.png,x,nir,anger,test\n"
    (root / "manifest.csv").write_text(rows)
    manifest = scan(Folder(), root)
    assert [(p.kind, p.path) for p in manifest.problems] == [("subject_overlap", "x")]
    with pytest.raises(DamagedError, match="subject overlap: x: is in splits test, train"):
        manifest.require()


def test_an_id_that_comes_twice_stops_a_run(root: Path) -> None:
    class Twice(Folder):
        def index(self, root: Path | None) -> Iterable[Item]:
            items = list(super().index(root))
            return [*items, items[0]]

    manifest = scan(Twice(), root)
    assert len(manifest.items) == 20
    assert [problem.kind for problem in manifest.problems] == ["duplicate_id"]
    with pytest.raises(DamagedError, match="duplicate id"):
        manifest.require()


def test_a_missing_subject_stops_nothing_and_marks_results(tmp_path: Path) -> None:
    manifest = scan(OuluCasia(), oulu_tree(tmp_path))
    manifest.require()
    assert manifest.incomplete


def test_a_wrong_folder_is_told_whose_it_looks_like(tmp_path: Path, root: Path) -> None:
    others = [("oulu_casia", OuluCasia()), ("folder", Folder())]
    oulu = oulu_tree(tmp_path / "oulu")
    with pytest.raises(MissingError, match=r"is not folder: .*; it looks like oulu_casia \(24 it"):
        scan(Folder(), oulu, name="folder", others=others)
    with pytest.raises(MissingError, match=r"is not oulu_casia: .*; it looks like folder \(20 ima"):
        scan(OuluCasia(), root, name="oulu_casia", others=others)
    (tmp_path / "void").mkdir()
    with pytest.raises(MissingError, match="show oulu_casia prints the tree that is expected"):
        scan(OuluCasia(), tmp_path / "void", others=others)
    with pytest.raises(MissingError, match="is no folder"):
        scan(Folder(), tmp_path / "nowhere")


def test_a_linked_folder_cannot_trap_the_listing(root: Path) -> None:
    before = signature(root)
    (root / "loop").symlink_to(root)
    assert signature(root) != before


def test_an_image_overwritten_with_size_and_date_kept_is_read_again(
    root: Path, tmp_path: Path
) -> None:
    home, one = tmp_path / "home", root / "nir/s0/anger/0.png"
    before = scan(Folder(), root, home=home)
    dates, content = one.stat(), bytearray(one.read_bytes())
    content[-20] ^= 1
    one.write_bytes(content)
    os.utime(one, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    assert stored("folder", root, home) is None
    assert scan(Folder(), root, home=home).fingerprint != before.fingerprint
