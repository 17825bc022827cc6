"""`irfer-bench predict`: what is written and drawn."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from skimage import data

from irfer_bench.api import Face
from irfer_bench.orchestration.prediction import labelling, rows
from tests.irfer_bench.conftest import Preparer
from tests.irfer_datasets.movies import movie

ZERO = ("predict", "-r", "clip_zero_shot", "--preset", "quick")
FACE = data.astronaut()[0:220, 120:340]
"""One frontal face in a photograph."""


@pytest.fixture
def photos(bench: Preparer) -> Path:
    """A portrait, the same upside down, three of it in one image, none, a black image, other depths
    and damaged files."""
    root = bench.folder / "photos"
    root.mkdir()
    three = np.full((300, 900, 3), 200, np.uint8)
    for side, left in ((220, 20), (160, 300), (280, 560)):
        three[10 : 10 + side, left : left + side] = Image.fromarray(FACE).resize((side, side))
    grey = np.asarray(Image.fromarray(FACE).convert("L"))
    for name, image in (
        ("a.jpg", FACE), ("black.png", FACE * 0), ("deep.png", grey.astype(np.uint16) * 200 + 500),
        ("grey.png", grey), ("none.png", data.camera()[:200]), ("three.png", three),
        ("turned.png", FACE[::-1, ::-1]), ("שלום.png", FACE),
    ):  # fmt: skip
        Image.fromarray(np.ascontiguousarray(image)).save(root / name)
    (root / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(50))
    (root / "cut.jpg").write_bytes((root / "a.jpg").read_bytes()[:500])
    return root


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_file_has_its_rows(bench: Preparer, photos: Path) -> None:
    code, out, err = bench.call(*ZERO, "photos", "--out", "labels.csv")
    assert code == 4, "two files are damaged, the others are done"
    found = read(bench.folder / "labels.csv")
    assert {row["file"] for row in found} == {f"photos/{path.name}" for path in photos.iterdir()}
    by_name: dict[str, list[dict[str, str]]] = {}
    for row in found:
        by_name.setdefault(row["file"].removeprefix("photos/"), []).append(row)
    for name in ("a.jpg", "grey.png", "deep.png", "שלום.png", "turned.png"):
        (row,) = by_name[name]
        p = {key[2:]: float(value) for key, value in row.items() if key.startswith("p_")}
        assert len(p) == 7
        assert sum(p.values()) == pytest.approx(1, abs=1e-4)
        assert row["predicted"] == max(p, key=lambda each: p[each])
        assert (row["faces"], row["frames"]) == ("1", "1")
    (up,), (down,) = by_name["a.jpg"], by_name["turned.png"]
    assert (up["turned"], down["turned"]) == ("0", "180")
    assert "upside down: turned by 180 degrees" in down["note"]
    assert float(down["left"]) == pytest.approx(220 - float(up["right"]), abs=4)
    assert float(down["p_anger"]) == pytest.approx(float(up["p_anger"]), abs=0.1)
    three = by_name["three.png"]
    assert [row["face"] for row in three] == ["1", "2", "3"]
    assert [row["note"] for row in three] == ["face 1 of 3, the largest", "face 2 of 3",
                                              "face 3 of 3"]  # fmt: skip
    sides = [float(row["right"]) - float(row["left"]) for row in three]
    assert sides == sorted(sides, reverse=True)
    for name, note in (
        ("none.png", "no face found by opencv, nor upside down"),
        ("black.png", "all pixels are equal: there is no face"),
        ("phone.heic", "cannot be decoded (it is a HEIC file; images are read as PNG, JPEG,"),
        ("cut.jpg", "cannot be decoded"),
    ):
        (row,) = by_name[name]
        assert row["note"].startswith(note)
        assert row["predicted"] == row["p_anger"] == ""
    assert "skipped: photos/cut.jpg cannot be decoded" in err
    assert "knows drawn faces" in err
    assert "6 of 10 files labelled, 8 faces: " in out
    assert "wrote labels.csv" in out
    assert not (bench.folder / "faces").exists(), "no face is drawn without --allow-faces"


@pytest.mark.parametrize("width", [80, 120])
def test_the_whole_output(
    bench: Preparer, record: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for name, value in (("a", 90), ("b", 200)):
        Image.fromarray(np.arange(3 * 64**2).reshape(64, 64, 3).astype(np.uint8) // 8 + value).save(
            f"{name}.png"
        )
    Image.new("RGB", (64, 64)).save("black.png")
    words = ("predict", "--from", str(record), "--detector", "none", "a.png", "b.png", "black.png")
    code, out, err = bench.call(*words)
    assert code == 0, err
    first, second = (row["predicted"] for row in read(bench.folder / "predictions.csv")[:2])
    shares = [float(row["probability"]) for row in read(bench.folder / "predictions.csv")[:2]]
    name = max(len("predicted"), len(first), len(second))
    lines = [
        f"{'file':<9}  {'face':<9}  {'predicted':<{name}}     %  note",
        f"{'a.png':<9}  {'0,0 64x64':<9}  {first:<{name}}  {100 * shares[0]:4.1f}",
        f"{'b.png':<9}  {'0,0 64x64':<9}  {second:<{name}}  {100 * shares[1]:4.1f}",
        f"{'black.png':<9}  {'':<9}  {'':<{name}}        all pixels are equal: there is no face",
    ]
    counted = f"{first} 2" if first == second else f"{first} 1, {second} 1"
    shown = out.splitlines()
    assert [shown[0], *shown[2:5]] == lines
    assert shown[5:] == ["", f"2 of 3 files labelled, 2 faces: {counted}", "wrote predictions.csv"]
    assert max(map(len, shown)) <= width


def test_a_fitted_recognizer_of_a_record_or_a_file(bench: Preparer, record: Path) -> None:
    import irfer_bench as ib

    fitted = ib.load(record)
    side = fitted.setting.size
    random = np.random.default_rng(0)
    images = random.integers(0, 255, (3, side, side, 3), np.uint8)
    for number, image in enumerate(images):
        Image.fromarray(image).save(bench.folder / f"{number}.png")
    expected = np.exp(fitted.predict(images))
    names = [f"{number}.png" for number in range(3)]
    done = bench.log().count("fit_recognizer")
    words = ("--detector", "none", *names)
    assert bench.call("predict", "--from", str(record), *words, "--out", "one.csv")[0] == 0
    assert bench.call("export", str(record), "mine")[0] == 0
    assert json.loads(Path("mine/recognizer/method.json").read_text())["images"]["classes"]
    for given in ("mine", "mine/recognizer", "mine/recognizer/state.safetensors"):
        again = ("predict", "--weights", given, *words, "--out", "two.csv", "--force")
        assert bench.call(*again)[0] == 0
        assert Path("two.csv").read_text() == Path("one.csv").read_text()
    found = read(Path("one.csv"))
    for row, p in zip(found, expected, strict=True):
        assert [float(row[f"p_{name}"]) for name in fitted.classes] == pytest.approx(
            p.tolist(), abs=1e-5
        )
    assert bench.log().count("fit_recognizer") == done, "it was fitted already"
    made = ib.predict(names, record=record, detector="none", out="three.parquet")
    table = pq.read_table("three.parquet").to_pylist()
    assert [row["predicted"] for row in table] == [row["predicted"] for row in found]
    assert table == [row.values(made.classes) for row in made.rows]


def test_weights_of_a_recognizer_that_needs_no_fit(bench: Preparer, photos: Path) -> None:
    """A file of another name than the embedded one gives the embedded one's labels."""
    from irfer_clip.backbone_files import MINI_MERGES, locate

    mini = locate("mini", bench.folder)
    Path("mine").mkdir()
    for path, name in ((mini, "mine/other.safetensors"), (mini.with_name(MINI_MERGES), "mine")):
        shutil.copy(path, name)
    assert bench.call(*ZERO, "photos/a.jpg", "--out", "one.csv")[0] == 0
    words = ("predict", "-r", "clip_zero_shot", "photos/a.jpg", "--out", "two.csv")
    code, _, err = bench.call(*words, "--weights", "mine/other.safetensors")
    assert code == 0, err
    assert Path("two.csv").read_text() == Path("one.csv").read_text()
    both = ("--weights", "mine/other.safetensors", "-p", "clip_zero_shot.backbone=mini", "--force")
    code, _, err = bench.call(*words, *both)
    assert (code, err.count("\n")) == (2, 1)
    assert "--weights and -p clip_zero_shot.backbone are both given" in err


def test_drawn_faces_of_a_record_are_advised_another_fit(bench: Preparer) -> None:
    from irfer_bench.orchestration.predicting import _notes

    method = SimpleNamespace(name="coop", preset="quick", params=SimpleNamespace(drawn_faces=True))
    images = SimpleNamespace(translated=False)
    for fitted, advice in ((True, "fit one by irfer-bench run --preset"), (False, "say --preset")):
        ready: Any = SimpleNamespace(method=method, images=images, fitted=fitted)
        (note,) = _notes(ready)
        assert f"; {advice} paper, with pretrained weights" in note


def test_faces_are_drawn_where_allowed(bench: Preparer, photos: Path) -> None:
    words = (*ZERO, "photos/a.jpg", "photos/three.png", "photos/none.png", "--allow-faces")
    code, out, _ = bench.call(*words, "--out", "o/labels.csv")
    assert code == 0
    folder = bench.folder / "o" / "faces"
    assert oct(folder.stat().st_mode)[-3:] == "700"
    assert sorted(path.name for path in folder.iterdir()) == [
        "DO_NOT_PUBLISH.txt", "labels-1.png", "labels-1.svg",
    ]  # fmt: skip
    assert "drew o/faces/labels-1.{png,svg}" in out
    image = np.asarray(Image.open(folder / "labels-1.png").convert("RGB"))
    for colour in ((0x2B, 0x6C, 0xB0), (0xC0, 0x56, 0x21), (0x2F, 0x85, 0x5A)):
        assert (np.abs(image.astype(int) - colour).max(-1) < 8).sum() > 50, "a box of each face"
    drawn = (folder / "labels-1.svg").read_text()  # each text stands in a comment before its paths
    rows = [row for row in read(Path("o/labels.csv")) if row["file"] == "photos/three.png"]
    for number, row in enumerate(rows, start=1):
        label = f"{number}: {100 * float(row['probability']):.0f} % {row['predicted']}"
        assert f"<!-- {label}{' (bars)' * (number == 1)} -->" in drawn, "a line for each face"


def test_many_faces_and_long_names_fit_below_an_image() -> None:
    from irfer_bench.render.figures.labels import LINES, LabelledFace, LabelledImage, _lines

    name = "contempt " * 9
    faces = tuple(LabelledFace(None, (k / 20, 0.0), name) for k in range(12, 0, -1))
    image = np.zeros((4, 4, 3), np.uint8)
    lines = [text for text, _ in _lines(LabelledImage(image, "crowd.png", "", faces))]
    assert len(lines) == LINES
    assert lines[1].startswith("2: 55 % contempt contempt")
    assert lines[-1] == "and 5 more: see the table"
    assert max(map(len, lines)) <= 40


def test_a_video_is_labelled_frame_by_frame(bench: Preparer) -> None:
    side = 96
    portrait = np.asarray(Image.fromarray(FACE).resize((side, side)))
    dark = np.full_like(portrait, 30)
    movie(bench.folder / "clip.mp4", 12, images=[portrait] * 8 + [dark] * 4)
    (bench.folder / "bad.mp4").write_bytes(b"x" * 100)
    noise = np.random.default_rng(0).integers(0, 255, (12, side, side, 3), np.uint8)
    half = movie(bench.folder / "half.avi", 12, images=[*noise])
    half.write_bytes(half.read_bytes()[: half.stat().st_size * 6 // 10])
    code, out, err = bench.call(*ZERO, "clip.mp4", "bad.mp4", "half.avi", "--frames", "all")
    assert code == 4
    clip, bad, cut = read(bench.folder / "predictions.csv")
    assert (cut["predicted"], cut["frames"]) == ("", "0")
    assert re.fullmatch(r"is cut off or damaged: \d of 12 frames can be decoded", cut["note"])
    assert (clip["frames"], clip["faces"]) == ("8", "1")
    assert clip["note"] == "4 of 12 frames without a face"
    assert bad["note"].startswith("cannot be decoded")
    assert "skipped: bad.mp4 cannot be decoded" in err
    assert "drew predictions.clip.{png,svg}" in out
    assert (bench.folder / "predictions.clip.svg").stat().st_size > 1000
    code, _, _ = bench.call(*ZERO, "clip.mp4", "--no-face", "whole", "--force")
    (clip,) = read(bench.folder / "predictions.csv")
    assert clip["frames"] == "12"


def test_an_interruption_keeps_what_was_labelled(
    bench: Preparer, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    for number in range(5):
        Image.fromarray(random.integers(0, 255, (20, 20, 3), np.uint8)).save(f"{number}.png")
    monkeypatch.setattr(labelling, "AT_ONCE", 2)
    monkeypatch.setattr(rows, "EVERY", 0.0)
    decoded: list[str] = []
    read_image = labelling.read_image

    def interrupted(path: Path, name: str) -> Any:
        if len(decoded) == 4:
            assert len(read(Path("predictions.csv"))) == 4, "it is on disk while the run goes on"
            raise KeyboardInterrupt
        decoded.append(name)
        return read_image(path, name)

    monkeypatch.setattr(labelling, "read_image", interrupted)
    words = ("predict", "--from", str(record), "--detector", "none")
    code, out, err = bench.call(*words, *(f"{number}.png" for number in range(5)))
    assert (code, out) == (130, "")
    assert "interrupted; predictions.csv holds what was labelled so far" in err
    assert [row["file"] for row in read(Path("predictions.csv"))] == [f"{k}.png" for k in range(4)]


def test_the_same_face_is_listed_once() -> None:
    from irfer_bench.orchestration.prediction.faces import _apart

    large, inside, other = Face(0, 0, 40, 40), Face(10, 10, 35, 35), Face(60, 0, 80, 20)
    assert _apart([inside, other, large]) == (large, other)
