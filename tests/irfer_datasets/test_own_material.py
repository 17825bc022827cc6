"""193 photographs of one's own, video and own classes: what a newcomer does, and what comes out."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from irfer_bench.api import Item
from irfer_bench.cli import main
from irfer_datasets.folder.dataset import Folder
from irfer_datasets.params import FolderParams
from tests.irfer_datasets.movies import movie
from tests.irfer_datasets.photographs import TOTAL, by_folders, by_names
from tests.irfer_datasets.trees import folder_tree, image

Capture = pytest.CaptureFixture[str]
OUTSIDE = "71 of 193 items (neutral 35, contempt 36) are outside the classes of "


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 193 photographs, written once."""
    return by_folders(tmp_path_factory.mktemp("own") / "photos")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    yield


def call(capsys: Capture, *words: str | Path) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(list(map(str, words)))
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


def index(root: Path, **params: str) -> dict[str, Item]:
    return {item.files[0]: item for item in Folder(FolderParams(**params)).index(root)}  # type: ignore[arg-type]


def problems(root: Path, **params: str) -> dict[str, str]:
    found = Folder(FolderParams(**params)).problems(root)  # type: ignore[arg-type]
    return {p.kind: f"{p.path}: {p.action}" for p in found if p.kind != "few_subjects"}


def test_check_says_what_is_there_and_what_the_default_setting_leaves_out(
    photos: Path, capsys: Capture
) -> None:
    code, out, _ = call(capsys, "data", "check", "folder", "--data-root", photos)
    assert code == 0
    assert "folder: 193 usable items" in out and "193 stills" in out
    assert "neutral 35" in out and "contempt 36" in out
    assert "misnamed_folder: near_infrared: read as nir; rename it" in out
    assert f"note: {OUTSIDE}folder_nir_supervised; folder8_nir_supervised takes them" in out
    assert "folder_nir_supervised is the default here: folder_nir_weak5 needs items that are" in out


def test_prepare_plan_and_run_take_the_setting_that_the_copy_can_run(
    photos: Path, capsys: Capture
) -> None:
    code, out, err = call(capsys, "data", "prepare", "folder", "--data-root", photos)
    assert code == 0, err
    assert "122 clips of 256 px" in out and f"note: {OUTSIDE}folder_nir_supervised" in out
    words = ("-d", "folder", "--data-root", photos, "-r", "resnet18", "--preset", "quick")
    few = ("-p", "resnet18.epochs=1", "-p", "resnet18.warmup_epochs=0")
    code, out, err = call(capsys, "plan", *words)
    assert code == 0, err
    assert "folder_nir_supervised" in out and f"note: {OUTSIDE}" in out
    code, out, err = call(capsys, "run", *words, *few, "--out", "out")
    assert code == 0, err
    said = " ".join(out.split())
    assert "tested on 26; chance is 16.67 %" in said
    assert "71 of 193 items (neutral 35, contempt 36) are outside the setting's classes" in said


def test_all_eight_expressions_are_recognised_by_their_own_setting(
    photos: Path, capsys: Capture
) -> None:
    words = ("-s", "folder8_nir_supervised", "--data-root", f"folder={photos}", "--preset", "quick")
    few = ("-r", "pca", "-p", "pca.epochs=1", "--out", "out", "--json")
    code, out, err = call(capsys, "run", *words, *few)
    assert code == 0, err
    record = json.loads(Path(json.loads(out)["record"]).read_text())
    assert record["classes"][-2:] == ["neutral", "contempt"]
    assert sum(map(sum, record["confusion"])) == record["data"]["test"] == 42
    assert record["recognizer"]["drawn_faces"] is True
    assert not any("outside" in warning for warning in record["warnings"])


def test_subjects_in_the_files_names_are_found_by_a_pattern_that_check_suggests(
    tmp_path: Path, capsys: Capture
) -> None:
    root = by_names(tmp_path / "named")
    code, out, _ = call(capsys, "data", "check", "folder", "--data-root", root)
    assert code == 0 and "no_subject: " in out
    assert "(19: S01, S02, S03 …), say -p folder.subject='^[^_. -]+'" in out
    pattern = "folder.subject=^[^_. -]+"
    _, out, _ = call(capsys, "data", "check", "folder", "--data-root", root, "-p", pattern)
    assert "subjects     19" in out and "no_subject" not in out
    items = list(Folder(FolderParams(subject="^[^_. -]+")).index(root))
    assert len(items) == TOTAL and {item.subject for item in items} >= {"S01", "S19"}


@pytest.mark.parametrize("below", ["near_infrared", "near_infrared/S01", "near_infrared/S01/fear"])
def test_a_root_too_deep_is_told_the_folder_above(
    photos: Path, below: str, capsys: Capture
) -> None:
    code, _, err = call(capsys, "data", "check", "folder", "--data-root", photos / below)
    assert code == 3 and f"did you mean {photos}/?" in err
    assert "<spectrum>/<subject>/<expression>/<name>" in err


def test_a_root_too_high_is_told_the_folder_below(photos: Path, capsys: Capture) -> None:
    code, _, err = call(
        capsys, "run", "-d", "folder", "--data-root", photos.parent, "-r", "resnet18"
    )
    assert code == 3 and f"did you mean {photos}/?" in err


def test_a_tree_without_the_spectrums_level_says_how_to_name_it(
    photos: Path, capsys: Capture
) -> None:
    root = photos / "near_infrared"
    shutil.copytree(root, Path("flat"))
    code, _, err = call(capsys, "data", "check", "folder", "--data-root", "flat")
    assert code == 3 and "say -p folder.spectrum=nir" in err
    assert len(index(Path("flat"), spectrum="nir")) == TOTAL


def test_images_in_no_folder_are_sent_to_a_manifest(tmp_path: Path, capsys: Capture) -> None:
    image(tmp_path / "own/S01_happy_nir.png")
    code, _, err = call(capsys, "data", "check", "folder", "--data-root", tmp_path / "own")
    assert code == 3 and "or write manifest.csv with the columns path,subject,spectrum" in err


def test_subject_and_expression_may_be_swapped(tmp_path: Path) -> None:
    for subject in ("anna", "ben"):
        for label in ("Happy", "sad"):
            image(tmp_path / "nir" / label / subject / "0.png")
    items = index(tmp_path)
    item = items["nir/Happy/anna/0.png"]
    assert len(items) == 4 and (item.subject, item.label) == ("anna", "happiness")
    assert item.frames == 1


def test_videos_and_folders_of_frames_are_clips_of_the_same_layout(tmp_path: Path) -> None:
    movie(tmp_path / "nir/anna/anger/a.mp4", 12, audio="aac")
    movie(tmp_path / "nir/anna/fear/b.avi", 5)
    for k in (10, 9, 11):
        image(tmp_path / f"nir/ben/anger/c/{k}.png", value=k)
    movie(tmp_path / "nir/ben/anger/c.wav", 0, audio="pcm_s16le")
    image(tmp_path / "nir/ben/fear/still.png")
    items = index(tmp_path)
    video, silent = items["nir/anna/anger/a.mp4"], items["nir/anna/fear/b.avi"]
    frames = items["nir/ben/anger/c/9.png"]
    assert (video.frames, video.audio, video.part) == (12, "nir/anna/anger/a.mp4", "clips")
    assert (silent.frames, silent.audio) == (5, "")
    assert frames.files == tuple(f"nir/ben/anger/c/{k}.png" for k in (9, 10, 11))
    assert (frames.frames, frames.audio, frames.subject) == (3, "nir/ben/anger/c.wav", "ben")
    assert items["nir/ben/fear/still.png"].part == "main"
    assert problems(tmp_path) == {
        "no_sound": ".: 1 of 3 clips have no audio: methods of audio get silence"
    }
    dataset = Folder()
    assert dataset.read(tmp_path, video, [11, 0]).frames.shape == (2, 32, 48, 3)
    assert dataset.read(tmp_path, frames, [2]).frames.shape[0] == 1
    heard = dataset.read_audio(tmp_path, video)
    assert heard is not None and heard[1] == 8000
    assert dataset.read_audio(tmp_path, silent) is None


def test_a_manifest_names_videos_and_folders_of_frames(tmp_path: Path) -> None:
    movie(tmp_path / "a.mp4", 4, audio="aac")
    movie(tmp_path / "b.wav", 0, audio="pcm_s16le")
    image(tmp_path / "b/1.png")
    image(tmp_path / "b/2.png")
    image(tmp_path / "c.gif", mode="L")
    rows = (
        "path,subject,spectrum,label,audio",
        "a.mp4,s1,nir,anger,",
        "b,s2,near infrared,fear,b.wav",
        "c.gif,s3,nir,anger,",
    )
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    items = index(tmp_path)
    assert {name: (i.frames, i.audio) for name, i in items.items()} == {
        "a.mp4": (4, "a.mp4"), "b/1.png": (2, "b.wav"),
    }  # fmt: skip
    assert "a GIF: save it as PNG" in problems(tmp_path)["bad_row"]


def test_clips_of_two_spectra_are_partners_and_weak_ones_where_their_lengths_differ(
    tmp_path: Path,
) -> None:
    for spectrum, lengths in (("vis", (5, 5)), ("nir", (5, 7))):
        for name, length in zip("ab", lengths, strict=True):
            movie(tmp_path / spectrum / "anna" / "anger" / f"{name}.mp4", length)
    items = index(tmp_path)
    first, second = items["nir/anna/anger/a.mp4"], items["nir/anna/anger/b.mp4"]
    assert first.pair == items["vis/anna/anger/a.mp4"].pair is not None and not first.weak_pair
    assert second.pair == items["vis/anna/anger/b.mp4"].pair is not None and second.weak_pair


def test_video_is_scored_with_its_audio(tmp_path: Path, capsys: Capture) -> None:
    for number in range(5):
        for label in ("anger", "fear"):
            movie(tmp_path / f"own/vis/s{number}/{label}/a.mp4", 3 + number, audio="aac")
    few = ("-p", "resnet18.epochs=1", "-p", "resnet18.warmup_epochs=0", "-p", "resnet18.size=24")
    code, out, err = call(
        capsys, "run", "-s", "folder_own_vis_video_supervised", "--data-root", "folder=own",
        "-r", "resnet18", "--preset", "quick", *few, "--out", "out", "--json",
    )  # fmt: skip
    assert code == 0, err
    record = json.loads(Path(json.loads(out)["record"]).read_text())
    assert record["classes"] == ["anger", "fear"] and record["data"]["test"] == 2


def test_own_classes_are_those_of_the_folders(tmp_path: Path, capsys: Capture) -> None:
    root = folder_tree(
        tmp_path / "own", [f"s{k}" for k in range(6)], spectra=("nir",),
        labels=("happy", "pain", "Drowsy eyes"), each=2,
    )  # fmt: skip
    assert Counter(item.label for item in index(root).values()) == {
        "happiness": 12, "pain": 12, "drowsy_eyes": 12,
    }  # fmt: skip
    few = ("-p", "resnet18.epochs=1", "-p", "resnet18.warmup_epochs=0", "-p", "resnet18.size=24")
    code, out, err = call(
        capsys, "run", "-s", "folder_own_nir_supervised", "--data-root", f"folder={root}",
        "-r", "resnet18", "--preset", "quick", *few, "--out", "out", "--json",
    )  # fmt: skip
    assert code == 0, err
    record = json.loads(Path(json.loads(out)["record"]).read_text())
    assert record["classes"] == ["happiness", "drowsy_eyes", "pain"]
    words = ("-s", "folder_own_nir_supervised", "--data-root", root)
    code, out, err = call(capsys, "data", "prepare", "folder", *words)
    assert code == 0 and "drowsy_eyes" in out, err
    code, out, err = call(capsys, "data", "export", "folder", *words, "--out", "exported")
    assert code == 0, err


def test_own_classes_alone_are_named_by_a_parameter(tmp_path: Path) -> None:
    root = folder_tree(tmp_path, spectra=("nir",), labels=("awake", "danger"))
    assert index(root) == {} and "folder.classes=NAME,NAME" in problems(root)["unknown_label"]
    found = index(root, classes="awake, danger")
    assert {item.label for item in found.values()} == {"awake", "danger"}
    assert problems(root, classes="awake,danger") == {}


def test_one_class_alone_is_refused_in_words(tmp_path: Path, capsys: Capture) -> None:
    root = folder_tree(tmp_path / "own", spectra=("nir",), labels=("anger",))
    code, _, err = call(
        capsys, "run", "-s", "folder_own_nir_supervised", "--data-root", f"folder={root}",
        "-r", "resnet18", "--preset", "quick",
    )  # fmt: skip
    assert code == 3 and "it takes the classes of the data, and there are 1 (anger)" in err


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a.heic", "HEIC: convert it to PNG or JPEG"),
        ("a.AVIF", "AVIF: convert it"),
        ("a.gif", "a GIF: save it as PNG, an animation as a video"),
        ("a.eps", "EPS: convert it"),
        ("a.dng", "a camera's raw image: convert it"),
    ],
)
def test_images_that_are_not_read_are_named_and_the_copy_is_incomplete(
    tmp_path: Path, name: str, says: str, capsys: Capture
) -> None:
    folder_tree(tmp_path, ["anna"], spectra=("nir",))
    (tmp_path / "nir/anna/anger" / name).write_bytes(b"content")
    assert says in problems(tmp_path)["unread_image"]
    _, out, _ = call(capsys, "data", "check", "folder", "--data-root", tmp_path)
    assert "2 usable items (incomplete)" in out
    assert f"unread_image: nir/anna/anger/{name}: not read; {says}" in out


def test_nothing_but_heic_is_refused_in_one_line(tmp_path: Path, capsys: Capture) -> None:
    for k in range(3):
        place = tmp_path / "own/nir/anna/happy" / f"IMG_{k}.HEIC"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"content")
    code, _, err = call(capsys, "data", "check", "folder", "--data-root", "own")
    (line,) = (line for line in err.splitlines() if "is not folder" in line)
    assert code == 3
    assert "IMG_0.HEIC: not read; HEIC: convert it to PNG or JPEG (and 2 more)" in line


def test_visible_images_among_infrared_ones_are_noticed(tmp_path: Path) -> None:
    folder_tree(tmp_path, spectra=("nir",), each=3)
    assert problems(tmp_path) == {}
    Image.new("RGB", (32, 24), (200, 90, 40)).save(tmp_path / "nir/ben/anger/9.jpg")
    said = problems(tmp_path)["mixed_spectra"]
    assert said.startswith("nir/ben/anger/9.jpg: in colour, as 1 of 13 nir images")
    for path in sorted(tmp_path.rglob("*.png")):
        Image.new("RGB", (32, 24), (200, 90, 40)).save(path)
    assert problems(tmp_path) == {}, "false colours throughout are usual for thermal cameras"


def test_a_level_too_many_is_said(tmp_path: Path) -> None:
    folder_tree(tmp_path, ["anna"], spectra=("nir",))
    image(tmp_path / "nir/ben/session1/happy/0.png")
    assert problems(tmp_path)["unexpected_folder"].startswith(
        "nir/ben/session1: not read; it is a level too many"
    )


def test_a_damaged_video_is_named_by_check(tmp_path: Path, capsys: Capture) -> None:
    folder_tree(tmp_path, ["anna"], spectra=("nir",))
    movie(tmp_path / "nir/anna/anger/a.mp4", 6)
    (tmp_path / "nir/anna/anger/b.mp4").write_bytes(b"no video at all")
    code, out, _ = call(capsys, "data", "check", "folder", "--data-root", tmp_path, "--json")
    said: dict[str, Any] = json.loads(out)
    assert code == 4 and said["items"] == 3
    (damaged,) = (p for p in said["problems"] if p["kind"] == "damaged")
    assert damaged["path"] == "nir/anna/anger/b.mp4" and "cannot be decoded" in damaged["action"]
