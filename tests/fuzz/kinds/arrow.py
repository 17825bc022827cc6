"""Stored clips: Arrow files, as a copied store may hold them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from tests.fuzz.mutations import mutate_bytes


def seeds(kind: str) -> list[bytes]:
    """Three clips of two frames, with and without sound and landmarks; one of JPEG files."""
    import numpy as np

    from irfer_bench.contracts.values import Clip, Item
    from irfer_bench.data.arrow import write_shard
    from irfer_bench.data.preparation.coding import code_frames

    frames = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
    points, sound = np.ones((2, 68, 2), np.float32), np.ones(5, np.float32)
    clips = [
        Clip("a", frames, "nir", "anger", "p1", pair="x", fps=25.0, positions=(0, 2), length=4),
        Clip("b", frames, "vis", None, None, landmarks=points, audio=sound, sample_rate=8000),
        Clip("cé", frames, "vis", "fear", "p2", lighting="dark"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clips.arrow"
        write_shard(path, clips[:2])
        first = path.read_bytes()
        write_shard(path, clips)
        second = path.read_bytes()
        slope = np.arange(32, dtype=np.uint8)[:, None, None].repeat(32, 1).repeat(3, 2)
        one = Clip("d", np.stack([slope, slope + 9]), "vis", positions=(0, 1), length=2)
        item = Item("d", None, None, "vis", frames=2)
        write_shard(path, [code_frames(one, item, None, "jpeg95")[0]], coded=True)
        return [first, second, path.read_bytes()]


def mutate(kind: str, random: Random, seed: bytes, others: Sequence[bytes]) -> bytes:
    """Changed bytes."""
    return mutate_bytes(random, seed, others)


def prepare(kind: str, content: bytes, place: Path) -> Callable[[], object]:
    """Open the shard and read every clip."""
    (place / "clips-00000.arrow").write_bytes(content)

    def call() -> None:
        from irfer_bench.data.clips import StoredClips

        clips = StoredClips(place, "key", "uniform(1)")
        view = clips.view()
        for clip in view:
            assert clip.frames.ndim == 4 and (clip.audio is None or clip.audio.ndim == 1)
        assert view.frame_counts() is not None and view.key

    return call
