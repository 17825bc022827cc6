"""What people bring by mistake, on every dataset: one line, an exit code, and nothing lost."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.cli import main
from irfer_bench.data.kept_manifests import signature
from irfer_bench.data.manifest import DAMAGED
from tests.conformance.sample_trees import SAMPLES

Capture = pytest.CaptureFixture[str]
FILES = sorted(set(SAMPLES) - {"hub"})
"""Datasets whose items are files; tables are tested with their own dataset."""
ODD_CASES = [
    ("oulu_casia", "NI"),
    ("oulu_casia", "Strong"),
    ("oulu_casia", "Anger"),
    ("nvie", "front"),
    ("nvie", "apex"),
    ("nvie", "visible"),
    ("large_hfe", "NIR"),
    ("large_hfe", "Anger"),
    ("dfew", "Clip"),
    ("dfew", "test(single-labeled)"),
    ("mafw", "data"),
    ("mafw", "no_caption"),
    ("mafw", "set_1"),
    ("cfee", "Images1"),
    ("kdef", "AF01"),
    ("raf_db", "EmoLabel"),
    ("raf_db", "Image"),
    ("affectnet", "val_set"),
    ("affectnet", "images"),
    ("ck_plus", "S005"),
]


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every sample, written once."""
    folder = tmp_path_factory.mktemp("trees")
    for name in FILES:
        (folder / name).mkdir()
        SAMPLES[name](folder / name)
    return {name: folder / name for name in FILES}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))


@pytest.fixture
def root(name: str, trees: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of the sample of `name`, to be damaged."""
    return Path(shutil.copytree(trees[name], tmp_path / "root"))


def call(capsys: Capture, *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(list(words))
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


def check(capsys: Capture, name: str, root: Path) -> tuple[int, dict[str, Any]]:
    code, out, err = call(capsys, "data", "check", name, "--data-root", str(root), "--json")
    assert out, err
    said: dict[str, Any] = json.loads(out)
    assert str(root) not in json.dumps(said), "a check names no path of this machine"
    return code, said


def items(capsys: Capture, name: str, root: Path) -> list[dict[str, Any]]:
    words = ("data", "items", name, "--data-root", str(root), "--format", "json")
    code, out, err = call(capsys, *words)
    assert code == 0, err
    rows: list[dict[str, Any]] = json.loads(out)
    return rows


def kinds(said: dict[str, Any]) -> set[str]:
    return {problem["kind"] for problem in said["problems"]}


@pytest.mark.parametrize("name", [name for name in FILES if name != "folder"])
def test_a_root_of_another_dataset_is_named(
    name: str, trees: dict[str, Path], capsys: Capture
) -> None:
    other = FILES[(FILES.index(name) + 3) % len(FILES)]
    code, _, err = call(capsys, "data", "check", name, "--data-root", str(trees[other]))
    assert code == 3 and f"is not {name}: " in err and f"it looks like {other} (" in err


@pytest.mark.parametrize("damage", ["cut", "emptied", "replaced"])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_costs_itself_alone(
    name: str, damage: str, root: Path, capsys: Capture
) -> None:
    whole = items(capsys, name, root)
    victim = next(row for row in whole if row["files"])
    file = root / victim["files"][-1]
    content = {"cut": file.read_bytes()[: file.stat().st_size // 2], "emptied": b""}
    file.write_bytes(content.get(damage, b"<html>not found</html>"))
    code, said = check(capsys, name, root)
    found = [p["kind"] for p in said["problems"] if p["path"] == victim["files"][-1]]
    kind = "empty" if damage == "emptied" else "damaged"
    assert code == 4 and [k for k in found if k in DAMAGED] == [kind]
    rest = items(capsys, name, root)
    alone = len(victim["files"]) == 1
    gone = {row["id"] for row in whole if victim["files"][-1] in row["files"]} if alone else set()
    assert {row["id"] for row in whole} - {row["id"] for row in rest} == gone


@pytest.mark.parametrize("name", FILES)
def test_linked_files_and_folders_are_read_wherever_they_lie(
    name: str, root: Path, capsys: Capture
) -> None:
    whole = items(capsys, name, root)
    file = root / whole[0]["files"][0]
    for place in (file, root / Path(whole[-1]["files"][0]).parts[0]):
        if place.exists():
            away = place.rename(root.parent / f"away {place.name}")
            place.symlink_to(away)
    assert items(capsys, name, root) == whole
    (root / "a loop").symlink_to(root)
    code, said = check(capsys, name, root)
    assert code == 0 and not kinds(said) & {"outside_root", "unreadable", "damaged"}
    assert items(capsys, name, root) == whole


@pytest.mark.parametrize("name", FILES)
def test_a_closed_folder_is_named_and_the_copy_incomplete(
    name: str, root: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = items(capsys, name, root)[0]
    shut, scandir = (root / victim["files"][0]).parent, os.scandir

    def refuse(path: Any = ".") -> Any:
        if not isinstance(path, int) and Path(path) == shut:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    code, out, err = call(capsys, "data", "check", name, "--data-root", str(root), "--json")
    assert "not read (Permission denied); correct its permissions" in out + err
    if code != 3:
        said = json.loads(out)
        assert said["incomplete"] and str(root) not in out


@pytest.mark.parametrize("place", [".", "a", "a/b"])
@pytest.mark.parametrize("name", [name for name in FILES if name != "folder"])
def test_what_is_still_packed_is_named_at_any_depth(
    name: str, place: str, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "new" / place).mkdir(parents=True)
    (tmp_path / "new" / place / "Part1.zip").touch()
    code, _, err = call(capsys, "data", "check", name, "--data-root", str(tmp_path / "new"))
    file = Path(place, "Part1.zip").as_posix()
    assert code == 3 and f"it holds {file}: unpack it first" in err


@pytest.mark.parametrize(("name", "folder"), ODD_CASES)
def test_folders_in_other_letter_cases_are_read_and_listed(
    name: str, folder: str, root: Path, capsys: Capture
) -> None:
    whole = {row["id"] for row in items(capsys, name, root)}
    odd = folder.swapcase()
    places = [path for path in root.rglob("*") if path.is_dir() and path.name == folder]
    assert places
    for path in sorted(places, key=lambda path: -len(path.parts)):
        path.rename(path.with_name(odd))
    assert {row["id"] for row in items(capsys, name, root)} == whole
    _, said = check(capsys, name, root)
    notes = [p for p in said["problems"] if p["kind"] == "mis_cased"]
    assert notes and {p["path"].rpartition("/")[2] for p in notes} == {odd}
    assert {p["action"] for p in notes} == {f"read as {folder}; rename it"}


@pytest.mark.parametrize(
    ("name", "damage", "kind"),
    [
        ("dfew", lambda root: (root / "Clip/original/1.mp4").write_bytes(b""), "empty"),
        (
            "dfew",
            lambda root: (root / "Clip/original/1.mp4").write_bytes(b"\0\0\0\x18ftypmp42"),
            "damaged",
        ),
    ],
)
def test_what_lies_beside_the_frames_is_checked_too(
    name: str, damage: Callable[[Path], object], kind: str, root: Path, capsys: Capture
) -> None:
    damage(root)
    code, said = check(capsys, name, root)
    assert code == 4 and kind in kinds(said)
    assert items(capsys, name, root)


@pytest.mark.parametrize("name", ["cfee"])
def test_a_blocked_copy_is_refused_though_all_of_it_was_prepared(
    name: str, root: Path, capsys: Capture
) -> None:
    words = ("data", "prepare", name, "--detector", "none", "--data-root", str(root))
    victim = root / items(capsys, name, root)[0]["files"][0]
    assert call(capsys, *words)[0] == 0
    victim.rename(victim.with_name("99_111_2001.jpg"))
    code, _, err = call(capsys, *words)
    assert code == 4 and "unknown label" in err


def test_a_scan_is_made_anew_once_permissions_are_corrected(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch(mode=0o200)
    before = signature(tmp_path)
    (tmp_path / "a.png").chmod(0o644)
    assert signature(tmp_path) != before


@pytest.mark.parametrize("name", ["dfew"])
def test_a_small_copy_without_a_class_runs_and_says_so(
    name: str, root: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root.parent)
    gone = [row["id"] for row in items(capsys, name, root) if row["label"] == "disgust"]
    for each in gone:
        shutil.rmtree(root / "Clip/clip_224x224" / each.removeprefix("dfew_"))
    method = ["-t", "none", "-r", "resnet18", "--preset", "quick"]
    tiny = ["-p", "resnet18.epochs=1", "-p", "resnet18.width=4", "-p", "resnet18.size=32"]
    words = ["run", "--dataset", name, "--data-root", f"{name}={root}", *method, *tiny, "--json"]
    code, out, err = call(capsys, *words)
    assert code == 0, err
    warnings = json.loads(out)["warnings"]
    assert gone and "fit resnet18: no training clip of disgust" in warnings
    assert any("incomplete" in warning for warning in warnings)
