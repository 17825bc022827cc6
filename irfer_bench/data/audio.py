"""Sound of a video file: one channel at its native rate, through PyAV."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.errors import DamagedError

_HINT = "restore the file or remove it"
_INTEGER = {"u1": (128.0, 128.0), "i2": (0.0, 32768.0), "i4": (0.0, 2147483648.0)}
"""Integer samples: the value of silence, and full scale."""


def decode_audio(container: Any, name: str) -> tuple[NDArray[Any], int] | None:
    """Channel 0 of the first audio track at its native rate, (samples,) float32; None without one.

    Neither mixed down nor resampled. A track in which no packet can be decoded is none.

    Args:
        container: an opened `av` container. name: used in the error message.

    Raises:
        DamagedError: the track is cut off, or damaged in places.
    """
    import av

    if not container.streams.audio:
        return None
    stream = container.streams.audio[0]
    listed = stream.index_entries
    parts: list[NDArray[Any]] = []
    packets, broken, rate = 0, 0, 0
    for packet in container.demux(stream):
        packets += packet.size > 0
        try:
            for frame in packet.decode():
                rate = rate or frame.sample_rate
                parts.append(_channel_0(frame))
        except av.error.FFmpegError:
            broken += 1
    if packets < len(listed):
        what = f"{name} is cut off: {packets} of {len(listed)} audio packets are present"
        raise DamagedError(what, _HINT)
    if not sum(map(len, parts)):
        return None
    if broken:
        raise DamagedError(f"the audio of {name} is damaged in {broken} places", _HINT)
    return np.concatenate(parts), int(rate)


def _channel_0(frame: Any) -> NDArray[Any]:
    """Planar samples are (channels, samples), packed ones (1, samples x channels)."""
    step = 1 if frame.format.is_planar else frame.layout.nb_channels
    first: NDArray[Any] = frame.to_ndarray()[0, ::step]
    if first.dtype.kind == "f":
        return np.asarray(first, dtype=np.float32)
    silence, full = _INTEGER[first.dtype.str[1:]]
    return np.asarray((first.astype(np.float64) - silence) / full, dtype=np.float32)
