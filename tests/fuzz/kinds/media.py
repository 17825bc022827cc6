"""Videos and their sound, and files of sound alone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from random import Random

from tests.fuzz.mutations import mutate_bytes

FILES = (
    ("a.mp4", {"codec": "mpeg4", "audio": "aac"}),
    ("a.avi", {"codec": "mjpeg", "audio": "pcm_s16le"}),
    ("a.mkv", {"codec": "mpeg4"}),
    ("a.mov", {"codec": "mjpeg"}),
    ("a.wav", {"frames": 0, "audio": "pcm_s16le"}),
)


@cache
def _made() -> list[bytes]:
    from tests.irfer_datasets import movies

    with tempfile.TemporaryDirectory() as folder:
        return [
            movies.movie(
                Path(folder) / name, **{"frames": 4, "size": (16, 16)} | options
            ).read_bytes()
            for name, options in FILES
        ]


def seeds(kind: str) -> list[bytes]:
    """Four frames of 16 by 16 pixels in each container, and a WAV file."""
    return list(_made())


def mutate(kind: str, random: Random, seed: bytes, others: Sequence[bytes]) -> bytes:
    """Changed bytes."""
    return mutate_bytes(random, seed, others)


def prepare(kind: str, content: bytes, place: Path) -> Callable[[], object]:
    """Count, read all frames, read the sound."""
    (place / "media").write_bytes(content)

    def call() -> None:
        from irfer_bench.data.trees.video import probe_video, read_audio_track, read_video
        from irfer_bench.errors import DamagedError

        errors = []
        for read in (probe_video, read_video, read_audio_track):
            try:
                read(place, "media")
            except DamagedError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    return call
