"""Tiny drawn videos: frame k is as bright as 8 k, the left ear hears a tone, the right one none."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

RATE = 8000


def movie(
    path: Path,
    frames: int = 20,
    *,
    codec: str = "mpeg4",
    size: tuple[int, int] = (48, 32),
    audio: str = "",
    options: dict[str, str] | None = None,
    images: Sequence[Any] = (),
    times: Sequence[int] = (),
) -> Path:
    """A video; `audio` names a sound codec, empty for none; `images` replace the ramp.

    Args:
        times: milliseconds at which the frames are shown; by default 25 a second.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options=options or {}) as container:
        if frames:
            video: Any = container.add_stream(codec, rate=25)
            video.width, video.height = size if not images else images[0].shape[1::-1]
            video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            video.thread_count = 1
            if times:
                video.time_base = video.codec_context.time_base = Fraction(1, 1000)
        sound: Any = container.add_stream(audio, rate=RATE, layout="stereo") if audio else None
        for k in range(frames):
            grey = np.full((size[1], size[0], 3), 8 * k % 256, np.uint8)
            pixels = images[k] if images else grey
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            if times:
                frame.pts, frame.time_base = times[k], Fraction(1, 1000)
            container.mux(video.encode(frame))
        if frames:
            container.mux(video.encode(None))
        if sound is not None:
            _speak(container, sound, RATE)
    return path


def _speak(container: Any, sound: Any, samples: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 200 * np.arange(samples) / RATE)
    both = np.stack([tone, np.zeros(samples)])
    if sound.format.is_planar:
        array = both.astype(np.float32)
    else:
        array = np.round(both * 32767).astype(np.int16).T.reshape(1, -1)
    for start in range(0, samples, 1000):
        step = array[:, start : start + 1000] if sound.format.is_planar else None
        if step is None:
            step = array[:, 2 * start : 2 * start + 2000]
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(step), format=sound.format.name, layout="stereo"
        )
        frame.sample_rate, frame.pts = RATE, start
        container.mux(sound.encode(frame))
    container.mux(sound.encode(None))
