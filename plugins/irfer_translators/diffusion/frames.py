"""Clips as a bank of frames at the network's own size, and frames back into clips."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from irfer_bench.api import (
    Clip,
    Clips,
    Context,
    ContractError,
    MissingError,
    Spectrum,
    TranslationData,
)
from irfer_bench.nn.images import to_frames, to_tensor

RAM_BYTES = 512 * 2**20
"""Banks above this go to a memory-mapped file in the context's scratch folder."""


@dataclass(frozen=True)
class FrameBank:
    """Frames of many clips, one after another.

    Args:
        pixels: (N, S, S, 3) uint8. first: (clips + 1,) index of each clip's first frame.
        points: (N, 68, 2) float32 landmarks in [0, 1], or None where they were not asked for.
    """

    pixels: Any
    first: Any
    points: Any = None

    def images(self, index: Any, device: str) -> Tensor:
        """(n, 3, S, S) in [-1, 1]."""
        return to_tensor(self.pixels[np.asarray(index)]).to(device)


def build_bank(
    clips: Clips, size: int, ctx: Context, name: str,
    landmarks: Callable[[int, Clip], Any] | None = None,
) -> FrameBank:
    """Read every clip once; `landmarks` gives the (T, 68, 2) points of (position, clip)."""
    first = [0]
    pieces: list[Any] = []
    points: list[Any] = []
    spilled: Any = None
    held = 0
    for number, clip in enumerate(clips):
        if landmarks is not None:
            points.append(landmarks(number, clip))
        pieces.append(to_frames(to_tensor(clip.frames, size)))
        held += pieces[-1].nbytes
        first.append(first[-1] + len(clip.frames))
        if held > RAM_BYTES:
            spilled = _spill(spilled, pieces, size, ctx, name)
            pieces, held = [], 0
        ctx.progress(f"read {name}", number + 1, len(clips))
    if spilled is not None:
        spilled = _spill(spilled, pieces, size, ctx, name)
        pixels: Any = np.memmap(spilled, np.uint8, "r").reshape(-1, size, size, 3)
    else:
        pixels = np.concatenate(pieces) if pieces else np.zeros((0, size, size, 3), np.uint8)
    return FrameBank(pixels, np.asarray(first), np.concatenate(points) if points else None)


def _spill(path: Any, pieces: Sequence[Any], size: int, ctx: Context, name: str) -> Any:
    if path is None:
        path = ctx.scratch / f"{name}_{size}.u8"
        path.unlink(missing_ok=True)
    with path.open("ab") as file:
        for piece in pieces:
            file.write(np.ascontiguousarray(piece).tobytes())
    return path


def normalized_landmarks(clip: Clip) -> Any:
    """(T, 68, 2) positions in [0, 1], pixel centres at (k + 1/2) / side.

    Raises:
        MissingError: the clip has no landmarks; says how to bring them.
        ContractError: they are of another shape.
    """
    if clip.landmarks is None:
        raise MissingError(
            f"NFER-SDE's landmark energy needs 68 landmarks, and item {clip.id!r} has none",
            "bring them with --landmarks FILE (safetensors, one (T, 68, 2) float32 tensor per item "
            "id, in pixels of the original images), use a dataset that has landmarks, or ask for "
            "nfer_sde@cond_f, which does without",
        )
    expected = (len(clip.frames), 68, 2)
    if clip.landmarks.shape != expected:
        raise ContractError(
            f"landmarks of item {clip.id!r} have shape {clip.landmarks.shape}, expected {expected}"
        )
    height, width = clip.frames.shape[1:3]
    scaled = (np.asarray(clip.landmarks, np.float32) + 0.5) / np.array([width, height], np.float32)
    return scaled.astype(np.float32)


def frame_pairs(data: TranslationData, source: FrameBank, target: FrameBank) -> Any:
    """(P, 2) frame indices of all paired clips; clips of unequal length are matched by phase."""
    rows: list[Any] = []
    for a, b in data.pairs:
        n, m = (int(bank.first[k + 1] - bank.first[k]) for bank, k in ((source, a), (target, b)))
        own = np.arange(n)
        other = own if n == m else np.floor((own + 0.5) * m / n).astype(int)
        rows.append(np.stack([source.first[a] + own, target.first[b] + other], 1))
    return np.concatenate(rows) if rows else np.zeros((0, 2), int)


def pairs_key(data: TranslationData) -> str:
    """A digest of which clips are partners."""
    return hashlib.sha256(repr([tuple(map(int, p)) for p in data.pairs]).encode()).hexdigest()[:16]


Translate = Callable[[Tensor, Sequence[tuple[str, int]]], Tensor]
"""((B, 3, S, S) source in [-1, 1], (item id, frame number) of each) -> (B, 3, S, S)."""


def translate_clips(
    clips: Clips, translate: Translate, *, size: int, batch: int, spectrum: Spectrum, ctx: Context,
    finish: Callable[[Tensor], Tensor] | None = None, name: str = "translate",
) -> Iterator[Clip]:
    """Translate frame batches that cross clip borders, and yield whole clips in order.

    Every fact of a clip but its pixels and spectrum passes through.
    """
    waiting: list[Clip] = []
    total, done = len(clips), 0
    for clip in itertools.chain(clips, [None]):
        if clip is not None:
            waiting.append(clip)
            if sum(len(c.frames) for c in waiting) < batch:
                continue
        if waiting:
            x = torch.cat([to_tensor(c.frames, size) for c in waiting])
            facts = [(c.id, k) for c in waiting for k in range(len(c.frames))]
            parts = [
                translate(x[k : k + batch], facts[k : k + batch]) for k in range(0, len(x), batch)
            ]
            y = torch.split(torch.cat(parts), [len(c.frames) for c in waiting])
            for c, frames in zip(waiting, y, strict=True):
                shaped = frames if finish is None else finish(frames)
                height, width = c.frames.shape[1:3]
                yield replace(c, frames=to_frames(shaped, (height, width)), spectrum=spectrum)
            done += len(waiting)
            ctx.progress(name, done, total)
            waiting = []
