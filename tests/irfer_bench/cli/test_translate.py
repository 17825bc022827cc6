"""`irfer-bench translate` and `show --grid`: what is written, said and refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from irfer_bench.api import BASIC
from irfer_bench.orchestration import translating
from irfer_bench.orchestration.reporter import PlainReporter
from irfer_bench.orchestration.translators import Wanted
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
    for words in (("b.png", "."), ("b.png", "b.png"), (".", "."), ("../m.mp4", "../m.mp4")):
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


def frames_of(path: Path) -> tuple[list[Any], list[float]]:
    with av.open(str(path)) as video:
        found = [(frame.to_ndarray(format="rgb24"), frame.time) for frame in video.decode(video=0)]
    return [frame for frame, _ in found], [float(time) for _, time in found]


@pytest.mark.parametrize(
    ("name", "codec", "audio", "out", "kept"),
    [
        ("m.mp4", "mpeg4", "aac", "n.mp4", True),
        ("m.mkv", "ffv1", "pcm_s16le", "n.mkv", True),
        ("m.mkv", "ffv1", "pcm_s16le", "n.mp4", False),
    ],
)
def test_a_video_becomes_a_video_of_the_same_size_times_and_sound(
    bench: Preparer, name: str, codec: str, audio: str, out: str, kept: bool
) -> None:
    given = movie(bench.folder / name, 70, codec=codec, audio=audio)
    code, said, err = bench.call("translate", "-t", "grey", name, out)
    assert (code, said) == (0, f"wrote {out}\n")
    before, times = frames_of(given)
    after, made = frames_of(bench.folder / out)
    assert len(after) == len(before) == 70, "more than one piece"
    assert made == pytest.approx(times)
    worst = max(np.abs(a.astype(int) - b).max() for a, b in zip(after, before, strict=True))
    assert worst <= (2 if out.endswith("mkv") else 5)
    with av.open(str(bench.folder / out)) as video:
        assert len(video.streams.audio) == int(kept)
    assert ("the sound (pcm_s16le) is left out" in err) == (not kept)


def noise_video(path: Path, codec: str, *, turn: float = 0) -> list[Any]:
    """Three frames of noise, 35 × 21, which a player turns counter-clockwise."""
    random = np.random.default_rng(0)
    shown = [random.integers(0, 255, (21, 35, 3), np.uint8) for _ in range(3)]
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream(codec, rate=25)
        video.width, video.height = 35, 21
        video.pix_fmt = "bgr0" if codec == "ffv1" else "yuv444p"
        if turn:
            video.set_display_rotation(turn)
        for image in shown:
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(video.encode(None))
    return shown


def test_odd_sizes_are_kept(bench: Preparer) -> None:
    shown = noise_video(bench.folder / "odd.mkv", "ffv1")
    for out in ("odd.mp4", "lossless.mkv"):
        assert bench.call("translate", "-t", "red", "odd.mkv", out)[0] == 0
        frames, _ = frames_of(bench.folder / out)
        assert [frame.shape for frame in frames] == [(21, 35, 3)] * 3
    np.testing.assert_array_equal(frames[2], np.repeat(shown[2][..., :1], 3, 2))


def test_a_turned_video_is_written_as_players_show_it(bench: Preparer) -> None:
    noise_video(bench.folder / "turned.mp4", "libx264", turn=90)
    (given, *_), _ = frames_of(bench.folder / "turned.mp4")
    assert bench.call("translate", "-t", "red", "turned.mp4", "frames")[0] == 0
    made = pixels(bench.folder / "frames" / "000000.png")
    np.testing.assert_array_equal(made[..., 0], np.rot90(given)[..., 0])


def test_progress_counts_the_whole(bench: Preparer, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []

    class Seen(PlainReporter):
        def progress(self, name: str, done: int, total: int, note: str = "") -> None:
            seen.append((done, total))

    monkeypatch.setattr(translating, "PIECE", 4)
    movie(bench.folder / "m.mp4", 10)
    (bench.folder / "many").mkdir()
    for number in range(10):
        Image.new("RGB", (8, 8)).save(bench.folder / "many" / f"{number}.png")
    for name, every in (("many", range(1, 11)), ("m.mp4", (4, 8, 10))):
        seen.clear()
        source, out = bench.folder / name, bench.folder / f"{every[0]}_out"
        translating.translate_files(Wanted("grey"), source, out, Seen())
        assert seen == [(done, 10) for done in every]
        assert len(list(out.iterdir())) == 10


def test_a_video_becomes_a_folder_of_frames(bench: Preparer, record: Path) -> None:
    movie(bench.folder / "m.mkv", 3, codec="ffv1")
    code, out, _ = bench.call("translate", "--from", str(record), "m.mkv", "frames")
    assert (code, out) == (0, "wrote 3 images: frames\n")
    names = sorted(path.name for path in (bench.folder / "frames").iterdir())
    assert names == ["000000.png", "000001.png", "000002.png"]


def test_the_grid_of_a_record(bench: Preparer, record: Path) -> None:
    code, out, err = bench.call("show", str(record), "--grid", "--out", "figures")
    assert code == 0, err
    made = sorted(path.name for path in (bench.folder / "figures").iterdir())
    assert made == [f"{record.stem}.grid.png", f"{record.stem}.grid.svg"]
    assert f"{record.stem}.grid.{{png,svg}}" in "".join(out.split())
    assert len(np.unique(pixels(bench.folder / "figures" / made[0]).reshape(-1, 4), axis=0)) > 20


def test_a_grid_of_people_has_to_be_allowed(bench: Preparer) -> None:
    random = np.random.default_rng(0)
    for spectrum in ("vis", "nir"):
        for subject in range(10):
            for label in BASIC:
                path = bench.folder / "people" / spectrum / f"p{subject}" / label / "1.png"
                path.parent.mkdir(parents=True)
                Image.fromarray(random.integers(0, 255, (8, 8, 3), np.uint8)).save(path)
    where = ("-s", "folder_nir_weak5", "--data-root", "people", "--fold", "1")
    assert bench.run(*where, "-t", "toy_shift", "-r", "toy_means")[0] == 0
    (record,) = bench.out.glob("records/*/*.json")
    code, _, err = bench.call("show", str(record), "--grid", "--out", "figures")
    assert code == 2
    assert "folder shows people; say --allow-faces folder to draw them" in err
    assert not list(bench.folder.glob("figures/**/*.png"))
    words = ["show", str(record), "--grid", "--out", "figures", "--allow-faces", "folder"]
    assert bench.call(*words)[0] == 0
    (image,) = bench.folder.glob("figures/faces/*.png")
    assert oct(image.parent.stat().st_mode)[-3:] == "700"
    assert "not to be published" in (image.parent / "DO_NOT_PUBLISH.txt").read_text()


def test_a_grid_needs_what_the_run_left(bench: Preparer, record: Path) -> None:
    (bench.home / "store").rename(bench.home / "gone")
    code, _, err = bench.call("show", str(record), "--grid")
    assert code == 3
    assert "no longer in the store" in err
    code, _, err = bench.call("show", "grey", "--grid")
    assert code == 2
    assert "--grid is of a record, and grey is none" in err


