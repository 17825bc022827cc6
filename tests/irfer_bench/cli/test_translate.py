"""`irfer-bench translate`: what is written, said and refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.irfer_bench.conftest import Preparer
from tests.irfer_datasets.movies import movie

SIZES = {"a.jpg": (40, 31), "b.png": (20, 50), "sub/c.bmp": (33, 33)}


@pytest.fixture
def images(bench: Preparer) -> Path:
    """Images of three sizes and formats, one of them in a folder of its own."""
    random = np.random.default_rng(0)
    root = bench.folder / "photos"
    for name, (height, width) in SIZES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 255, (height, width, 3), np.uint8)).save(path)
    return root


@pytest.fixture
def record(bench: Preparer) -> Path:
    """The record of a run with a fitted translator."""
    assert bench.run()[0] == 0
    (path,) = bench.out.glob("records/*/*.json")
    return path


def pixels(path: Path) -> Any:
    return np.asarray(Image.open(path))


def luma(path: Path) -> Any:
    return np.repeat(np.asarray(Image.open(path).convert("L"))[..., None], 3, 2)


def test_the_whole_output_of_a_folder(bench: Preparer, images: Path) -> None:
    code, out, err = bench.call("translate", "-t", "grey", "photos", "grey")
    assert (code, out) == (0, "wrote 3 images: grey\n")
    assert re.fullmatch(r"  translate by grey …\n  translate by grey: \d+ s\n", err)
    made = sorted(p for p in (bench.folder / "grey").rglob("*") if p.is_file())
    assert [str(p.relative_to(bench.folder / "grey")) for p in made] == [
        "a.png", "b.png", "sub/c.png",
    ]  # fmt: skip
    for name, path in zip(SIZES, made, strict=True):
        assert Image.open(path).format == "PNG"
        np.testing.assert_array_equal(pixels(path), luma(images / name))


def test_one_image_may_become_one_file(bench: Preparer, images: Path) -> None:
    assert bench.call("translate", "-t", "red", "photos/b.png", "b_red.png")[0] == 0
    made, given = pixels(bench.folder / "b_red.png"), pixels(images / "b.png")
    np.testing.assert_array_equal(made, np.repeat(given[..., :1], 3, 2))
    assert bench.call("translate", "-t", "red", "photos/b.png", "folder")[0] == 0
    np.testing.assert_array_equal(pixels(bench.folder / "folder" / "b.png"), made)


def test_an_input_is_never_overwritten(
    bench: Preparer, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = (images / "b.png").read_bytes()
    movie(bench.folder / "m.mp4", 2)
    monkeypatch.chdir(images)
    (images / "photos").mkdir()
    (images / "photos" / "b.png").write_bytes(given)
    for words in (("b.png", "."), ("b.png", "b.png"), (".", "."), (".", ".."),
                  ("../m.mp4", "../m.mp4")):  # fmt: skip
        code, _, err = bench.call("translate", "-t", "grey", *words, "--force")
        assert (code, err.count("\n")) == (2, 1), err
    assert (images / "b.png").read_bytes() == given


@pytest.mark.usefixtures("images")
def test_nothing_is_overwritten_without_force(bench: Preparer) -> None:
    words = ("translate", "-t", "grey", "photos", "grey")
    assert bench.call(*words)[0] == 0
    kept = pixels(bench.folder / "grey" / "a.png")
    (bench.folder / "grey" / "mine.txt").write_text("mine")
    code, _, err = bench.call(*words)
    assert code == 2
    assert "grey is there and not empty; name a new one, or say --force" in err
    (bench.folder / "grey" / "a.png").write_bytes(b"old")
    assert bench.call(*words, "--force")[0] == 0
    np.testing.assert_array_equal(pixels(bench.folder / "grey" / "a.png"), kept)
    assert (bench.folder / "grey" / "mine.txt").read_text() == "mine"


@pytest.mark.usefixtures("images")
def test_an_interruption_leaves_whole_images(
    bench: Preparer, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Image.Image.save
    saved: list[Any] = []

    def interrupted(self: Image.Image, path: Any, *more: Any) -> None:
        if saved:
            Path(path).write_bytes(b"half")
            raise KeyboardInterrupt
        saved.append(path)
        save(self, path, *more)

    monkeypatch.setattr(Image.Image, "save", interrupted)
    code, _, err = bench.call("translate", "-t", "grey", "photos", "grey")
    assert code == 130
    assert "interrupted; what was written is whole, --force starts again" in err
    (only,) = [path for path in (bench.folder / "grey").rglob("*") if path.is_file()]
    assert pixels(only).shape == (*SIZES["a.jpg"], 3)


def test_an_unreadable_image_is_named_and_the_others_are_translated(
    bench: Preparer, images: Path
) -> None:
    (images / "aa.jpg").write_bytes((images / "a.jpg").read_bytes()[:300])
    (images / "notes.jpeg").write_text("no image")
    (images / "gone.png").symlink_to("nowhere.png")
    code, out, err = bench.call("translate", "-t", "grey", "photos", "grey")
    assert code == 4
    assert out == "wrote 3 images: grey\n"
    assert "skipped: aa.jpg cannot be decoded" in err
    assert "skipped: notes.jpeg cannot be decoded (it is no image)" in err
    assert "skipped: gone.png (unreadable)" in err
    assert len(list((bench.folder / "grey").rglob("*.png"))) == 3


def test_no_readable_image_is_an_error(bench: Preparer) -> None:
    (bench.folder / "bad").mkdir()
    (bench.folder / "bad" / "a.png").write_text("no image")
    code, out, err = bench.call("translate", "-t", "grey", "bad", "out")
    assert (code, out) == (4, "")
    assert "no image could be read: a.png cannot be decoded (it is no image)" in err


def test_sixteen_bits_become_eight(bench: Preparer) -> None:
    deep = np.linspace(20000, 30000, 400).reshape(20, 20).astype(np.uint16)
    (bench.folder / "deep").mkdir()
    Image.fromarray(deep).save(bench.folder / "deep" / "t.png")
    assert bench.call("translate", "-t", "grey", "deep", "out")[0] == 0
    made = pixels(bench.folder / "out" / "t.png")
    assert (made.min(), made.max()) == (0, 255)
    assert (np.diff(made[..., 0].ravel().astype(int)) >= 0).all()


@pytest.mark.usefixtures("images")
def test_a_fitted_translator_of_a_record(bench: Preparer, images: Path, record: Path) -> None:
    done = bench.log().count("fit_translator")
    code, out, err = bench.call("translate", "--from", str(record), "photos", "made")
    assert code == 0, err
    assert out == "wrote 3 images: made\n"
    assert bench.log().count("fit_translator") == done, "it was fitted already"
    changed = {
        name: pixels((bench.folder / "made" / name).with_suffix(".png")).astype(int).mean()
        - pixels(images / name).astype(int).mean()
        for name in ("b.png", "sub/c.bmp")
    }
    assert all(abs(value) > 1 for value in changed.values()), changed
    words = ("translate", "--from", str(record), "photos", "none", "-p", "toy_shift.gain=0")
    assert bench.call(*words)[0] == 0
    np.testing.assert_array_equal(pixels(bench.folder / "none/b.png"), pixels(images / "b.png"))


@pytest.mark.usefixtures("images")
def test_a_record_says_what_it_used(bench: Preparer, record: Path) -> None:
    for words, said in (
        (("--preset", "bench"), "--preset and --from are both given; the record says what it used"),
        (("-t", "toy_raw"), "is of toy_shift, not toy_raw"),
        (("-p", "toy_shift.steps=9"), "toy_shift.steps changes what is trained"),
        (("-p", "toy_means.sharpness=9"), "'toy_means' takes no part; say -p toy_shift.FIELD"),
    ):
        code, _, err = bench.call("translate", "--from", str(record), *words, "photos", "out")
        assert code == 2
        assert said in err
        assert err.count("\n") == 1
    assert not (bench.folder / "out").exists()


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("photos", "out"), 2, "no translator is named; say --translator NAME, or --from RECORD"),
        (("-t", "gray", "photos", "out"), 2, "unknown translator 'gray'; did you mean 'grey'?"),
        (("-t", "toy_shift", "photos", "out"), 2,
         "toy_shift has to be fitted first; say --from RECORD, a record of a run with it\n"),
        (("-t", "cyclegan", "photos", "out"), 2, "or --weights FILE, a published checkpoint"),
        (("-t", "cyclegan", "--weights", "no.pth", "photos", "out"), 3, "no.pth are not here"),
        (("-t", "grey", "--weights", "no.pth", "photos", "out"), 2,
         "grey reads no published weights; leave --weights out"),
        (("-t", "oracle", "photos", "out"), 2, "oracle needs the true partner of every image"),
        (("-t", "grey", "nowhere", "out"), 3, "nowhere is not there"),
        (("-t", "grey", "empty", "out"), 3, "no image in empty (.bmp, .jpeg, .jpg, "),
        (("-t", "grey", "movies", "out"), 3, "a video is named itself: movies/m.mp4"),
        (("-t", "grey", "photos", "photos/out"), 2, "name a folder outside"),
        (("-t", "grey", "photos", "photos/b.png"), 2, "name a folder outside"),
        (("-t", "grey", "photos", "twins/a.png"), 2, "twins/a.png is a file"),
        (("-t", "grey", "twins", "out"), 2, "both become out/a.png; rename one of them"),
        (("-t", "grey", "movies/m.mp4", "m.webm"), 2, "written as .mp4, .mov, .mkv"),
        (("-t", "grey", "movies/m.mp4", "out"), 4, "movies/m.mp4 cannot be decoded"),
        (("--from", "no.json", "photos", "out"), 3, "no.json"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(
    bench: Preparer, words: tuple[str, ...], code: int, said: str
) -> None:
    for name in ("empty", "movies", "twins"):
        (bench.folder / name).mkdir()
    (bench.folder / "movies" / "m.mp4").write_bytes(b"x" * 100)
    for name in ("a.png", "a.jpg"):
        Image.new("RGB", (8, 8)).save(bench.folder / "twins" / name)
    found, out, err = bench.call("translate", *words)
    assert (found, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1
    assert not (bench.folder / "out").exists()
