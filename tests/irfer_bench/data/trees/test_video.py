"""Frames by exact number and sound as it was recorded, from every kind of file and its ruins."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from irfer_bench.api import DamagedError, probe_video, read_audio_track, read_video
from irfer_bench.data.matroska import lengths
from irfer_bench.data.trees.video import VideoFacts
from tests.irfer_datasets.movies import RATE, movie

KINDS = (("a.mp4", "libx264"), ("a.mp4", "mpeg4"), ("a.avi", "mpeg4"), ("a.mkv", "libx264"))


def numbers(frames: np.ndarray) -> list[int]:
    """Which frame of the ramp each is, read from its brightness."""
    return [round(float(frame.mean()) / 8) for frame in frames]


@pytest.mark.parametrize(("name", "codec"), KINDS)
def test_frames_are_counted_and_found_by_number(tmp_path: Path, name: str, codec: str) -> None:
    movie(tmp_path / name, 30, codec=codec)
    assert probe_video(tmp_path, name) == VideoFacts(30, 25.0, audio=False)
    whole, fps = read_video(tmp_path, name)
    assert whole.shape == (30, 32, 48, 3) and whole.dtype == np.uint8 and fps == 25.0
    assert numbers(whole) == list(range(30))
    some, _ = read_video(tmp_path, name, [29, 3, 3, 17])
    assert np.array_equal(some, whole[[29, 3, 3, 17]])


@pytest.mark.parametrize(("name", "codec", "tag"), [("a.avi", "mpeg4", b"FMP4"),
                                                    ("a.mp4", "libx264", b"avc1")])  # fmt: skip
def test_a_codec_that_nobody_knows_is_named(
    tmp_path: Path, name: str, codec: str, tag: bytes
) -> None:
    path = movie(tmp_path / name, 6, codec=codec)
    path.write_bytes(path.read_bytes().replace(tag, b"zzzz").replace(b"avcC", b"zzzC"))
    for read in (probe_video, read_video):
        with pytest.raises(DamagedError, match="a video codec that is not read here"):
            read(tmp_path, name)


def test_what_an_edit_list_hides_is_not_there(tmp_path: Path) -> None:
    """A clip cut without coding it anew carries the frames before the cut, hidden."""
    movie(tmp_path / "long.mp4", 30, codec="libx264")
    with av.open(str(tmp_path / "long.mp4")) as long, av.open(str(tmp_path / "a.mp4"), "w") as cut:
        stream = cut.add_stream_from_template(long.streams.video[0])
        for packet in long.demux(long.streams.video[0]):
            if packet.dts is not None:
                shift = round(7 / 25 / packet.time_base)
                packet.pts, packet.dts, packet.stream = (
                    packet.pts - shift,
                    packet.dts - shift,
                    stream,
                )
                cut.mux(packet)
    assert probe_video(tmp_path, "a.mp4").frames == 23
    frames, _ = read_video(tmp_path, "a.mp4", [0, 22])
    assert numbers(frames) == [7, 29]


@pytest.mark.parametrize(
    ("name", "codec", "tolerance"),
    [("a.mp4", "aac", 0.05), ("a.avi", "pcm_s16le", 1e-4), ("a.wav", "pcm_s16le", 1e-4)],
)
def test_sound_is_the_left_channel_at_its_own_rate(
    tmp_path: Path, name: str, codec: str, tolerance: float
) -> None:
    movie(tmp_path / name, 0 if name.endswith("wav") else 10, audio=codec)
    heard = read_audio_track(tmp_path, name)
    assert heard is not None
    sound, rate = heard
    assert (rate, sound.dtype, sound.ndim) == (RATE, np.float32, 1)
    assert RATE <= len(sound) <= RATE + 3000
    assert np.abs(sound).max() == pytest.approx(0.5, abs=tolerance)
    if name.endswith("mp4"):
        assert probe_video(tmp_path, name).audio


def test_a_video_without_audio_has_none(tmp_path: Path) -> None:
    movie(tmp_path / "a.mp4", 5)
    assert read_audio_track(tmp_path, "a.mp4") is None
    assert not probe_video(tmp_path, "a.mp4").audio


def test_a_sound_track_without_a_usable_packet_is_none(tmp_path: Path) -> None:
    path = movie(tmp_path / "a.mp4", 5, audio="aac")
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        entries = list(container.streams.audio[0].index_entries)
    for entry in entries:
        data[entry.pos : entry.pos + entry.size] = b"\xff" * entry.size
    path.write_bytes(data)
    assert read_audio_track(tmp_path, "a.mp4") is None
    assert len(read_video(tmp_path, "a.mp4")[0]) == 5


def ruin(path: Path, how: str) -> None:
    data = path.read_bytes()
    path.write_bytes({"empty": b"", "cut": data[: len(data) // 2], "text": b"not a video"}[how])


@pytest.mark.parametrize(
    ("how", "said"), [("empty", "a.mp4 is empty"), ("cut", "cannot be"), ("text", "cannot be")]
)
def test_a_ruined_file_is_damaged(tmp_path: Path, how: str, said: str) -> None:
    ruin(movie(tmp_path / "a.mp4", 20, audio="aac"), how)
    for read in (probe_video, read_video, read_audio_track):
        with pytest.raises(DamagedError, match=said):
            read(tmp_path, "a.mp4")


def test_a_video_cut_behind_its_header_is_damaged_where_it_ends(tmp_path: Path) -> None:
    path = movie(tmp_path / "a.mp4", 30, audio="aac", options={"movflags": "faststart"})
    ruin(path, "cut")
    assert probe_video(tmp_path, "a.mp4").frames == 30
    frames, _ = read_video(tmp_path, "a.mp4", [0, 1])
    assert numbers(frames) == [0, 1]
    with pytest.raises(DamagedError, match=r"cut off: frame 30 is asked for, \d+ can be decoded"):
        read_video(tmp_path, "a.mp4", [0, 29])
    with pytest.raises(DamagedError, match="audio packets are present"):
        read_audio_track(tmp_path, "a.mp4")


@pytest.mark.parametrize(
    ("name", "codec", "audio"),
    [("a.mkv", "libx264", "pcm_s16le"), ("a.mkv", "mpeg4", ""), ("a.webm", "libvpx", "libopus"),
     ("a.webm", "libvpx", "")],
)  # fmt: skip
def test_a_matroska_file_that_is_cut_off_is_not_taken_for_a_short_one(
    tmp_path: Path, name: str, codec: str, audio: str
) -> None:
    path = movie(tmp_path / name, 30, codec=codec, audio=audio)
    whole = path.read_bytes()
    assert lengths(path) == (len(whole), len(whole))
    assert len(read_video(tmp_path, name)[0]) == probe_video(tmp_path, name).frames == 30
    path.write_bytes(whole[: len(whole) * 6 // 10])
    said = rf"{name} is cut off: \d+ of {len(whole)} bytes are present"
    for read in (probe_video, read_video, read_audio_track):
        with pytest.raises(DamagedError, match=said):
            read(tmp_path, name)


def test_a_matroska_file_of_unknown_length_is_read(tmp_path: Path) -> None:
    path = movie(tmp_path / "a.mkv", 10, options={"live": "1"})
    assert lengths(path) is None
    assert probe_video(tmp_path, "a.mkv").frames == 10
    assert lengths(movie(tmp_path / "a.mp4", 10)) is None
    for ruin in (b"", b"\x1a\x45\xdf\xa3", path.read_bytes()[:30], b"\x1a\x45\xdf\xa3\x00" * 9):
        (tmp_path / "b.mkv").write_bytes(ruin)
        assert lengths(tmp_path / "b.mkv") is None


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_frames_of_uneven_times_are_counted_and_found_by_number(tmp_path: Path, name: str) -> None:
    times = [40 * k if k < 15 else 600 + 500 * (k - 15) for k in range(30)]
    movie(tmp_path / name, 30, codec="libx264", times=times, audio="aac")
    facts = probe_video(tmp_path, name)
    assert (facts.frames, facts.audio) == (30, True)
    if name.endswith("mp4"):  # Matroska holds the rate that the writer meant
        assert facts.fps is not None
        assert 3.5 < facts.fps < 5
    frames, _ = read_video(tmp_path, name, [0, 14, 15, 29])
    assert numbers(frames) == [0, 14, 15, 29]
    heard = read_audio_track(tmp_path, name)
    assert heard is not None
    assert RATE <= len(heard[0]) <= RATE + 3000


def test_sound_alone_is_no_video_and_a_link_is_followed(tmp_path: Path) -> None:
    movie(tmp_path / "a.wav", 0, audio="pcm_s16le")
    with pytest.raises(DamagedError, match="holds no video"):
        probe_video(tmp_path, "a.wav")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/b.wav").symlink_to(tmp_path / "a.wav")
    assert read_audio_track(tmp_path / "root", "b.wav") is not None
    with pytest.raises(DamagedError, match=r"none\.mp4 cannot be decoded"):
        probe_video(tmp_path, "none.mp4")
