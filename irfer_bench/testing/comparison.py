"""Comparisons that the suites share: clips, states, unchanged inputs."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from irfer_bench.contracts.values import Clip, Clips, State
from irfer_bench.store.state import read_state, write_state
from irfer_bench.testing.memory import ClipList

ARRAYS = ("frames", "audio", "landmarks")


def digest_clips(clips: Iterable[Clip]) -> str:
    """Digest of all facts and arrays of clips."""
    digest = hashlib.sha256()
    for clip in clips:
        facts = [clip.id, clip.label, clip.subject, clip.spectrum, clip.pair, clip.fps]
        digest.update(json.dumps(facts).encode())
        for name in ARRAYS:
            value = getattr(clip, name)
            digest.update(b"-" if value is None else np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()


@contextmanager
def unchanged(**inputs: Clips) -> Iterator[None]:
    """Fail if the block changes its input clips."""
    before = {name: digest_clips(clips) for name, clips in inputs.items()}
    try:
        yield
    except ValueError as error:
        if "read-only" in str(error):
            raise AssertionError(
                f"the component writes into what it was given ({error}): copy the array first"
            ) from error
        raise
    for name, digest in before.items():
        assert digest == digest_clips(inputs[name]), (
            f"the component wrote into the clips of {name}: copy the array first"
        )


def pick(clips: Sequence[Clip] | ClipList, positions: Iterable[int]) -> ClipList:
    """The clips at these positions, in this order."""
    return ClipList([clips[k] for k in positions])


def hide_labels(clips: Iterable[Clip]) -> ClipList:
    """The same clips without labels."""
    return ClipList([replace(clip, label=None) for clip in clips])


def assert_same_pixels(
    made: Sequence[Clip], expected: Mapping[str, Clip], why: str, levels: int = 0
) -> None:
    """Every clip has the frames of the clip with its id, within `levels` of 255."""
    for clip in made:
        other = expected[clip.id].frames
        assert clip.frames.shape == other.shape, f"{clip.id}: another shape, {why}"
        gap = np.abs(clip.frames.astype(int) - other.astype(int)).max(initial=0)
        assert gap <= levels, f"{clip.id} differs by up to {gap} of 255 levels, {why}"


def assert_plain(state: State) -> None:
    """A state holds numpy arrays and JSON scalars: no object, no pickle."""
    assert isinstance(state, State), f"state() gave {type(state).__name__}, not a State"
    for name, value in state.tensors.items():
        assert isinstance(value, np.ndarray), (
            f"tensor {name!r} is {type(value).__name__}: give numpy (module_state does)"
        )
        assert value.dtype.kind in "fiub", f"tensor {name!r} has dtype {value.dtype}: give numbers"
    try:
        json.dumps(dict(state.scalars), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"the state's scalars are not plain JSON: {error}") from error


def round_trip(state: State) -> State:
    """The state as the next step reads it from the store."""
    with tempfile.TemporaryDirectory() as folder:
        write_state(Path(folder), state)
        return read_state(Path(folder))
