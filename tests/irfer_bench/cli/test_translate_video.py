"""`irfer-bench translate` of videos: sizes, times, sound, progress."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from irfer_bench.orchestration import translating
from irfer_bench.orchestration.reporter import PlainReporter
from irfer_bench.orchestration.wanted import Wanted
from tests.irfer_bench.conftest import Preparer
from tests.irfer_datasets.movies import movie


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


def test_a_video_of_sixteen_bits_does_not_flicker(bench: Preparer) -> None:
    """Each image of a folder is stretched by its own percentiles; a video's frames are not."""
    levels = (10_000, 20_000, 40_000)
    with av.open(str(bench.folder / "deep.mkv"), "w") as container:
        video: Any = container.add_stream("ffv1", rate=5)
        video.width = video.height = 16
        video.pix_fmt = "gray16le"
        for level in levels:
            flat = np.full((16, 16), level, np.uint16)
            container.mux(video.encode(av.VideoFrame.from_ndarray(flat, format="gray16le")))
        container.mux(video.encode())
    assert bench.call("translate", "-t", "grey", "deep.mkv", "out")[0] == 0
    made = [np.asarray(Image.open(path)) for path in sorted((bench.folder / "out").iterdir())]
    expected = [round(level / 257) for level in levels]
    assert [int(np.median(frame)) for frame in made] == pytest.approx(expected, abs=1)


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
    made = np.asarray(Image.open(bench.folder / "frames" / "000000.png"))
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


def test_a_video_becomes_a_folder_of_frames(bench: Preparer) -> None:
    assert bench.run()[0] == 0
    (record,) = bench.out.glob("records/*/*.json")
    movie(bench.folder / "m.mkv", 3, codec="ffv1")
    code, out, _ = bench.call("translate", "--from", str(record), "m.mkv", "frames")
    assert (code, out) == (0, "wrote 3 images: frames\n")
    names = sorted(path.name for path in (bench.folder / "frames").iterdir())
    assert names == ["000000.png", "000001.png", "000002.png"]


def test_half_a_video_is_not_translated(bench: Preparer) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (12, 64, 64, 3), np.uint8)
    half = movie(bench.folder / "half.avi", 12, images=[*noise])
    half.write_bytes(half.read_bytes()[: half.stat().st_size * 6 // 10])
    code, _, err = bench.call("translate", "-t", "red", "half.avi", "out.mp4")
    assert code == 4
    assert "half.avi is cut off or damaged" in err
    assert "of 12 frames can be decoded" in err
    assert not (bench.folder / "out.mp4").exists()
