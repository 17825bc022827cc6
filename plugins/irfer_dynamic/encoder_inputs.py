"""What the encoders are given of a clip: its frames and the spectrogram of its audio."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor

from irfer_bench.api import Clip, Context, DamagedError
from irfer_bench.nn.clip_input import ClipInput
from irfer_bench.nn.clip_views import ClipView
from irfer_bench.nn.frame_sampling import FrameSampling
from irfer_bench.nn.frames import CACHE_BYTES, FrameTable
from irfer_bench.nn.log_mel import FRAME, spectrogram
from irfer_dynamic.encoder_params import EncoderParams

IMAGENET = (
    (((0.485,),), ((0.456,),), ((0.406,),)),
    (((0.229,),), ((0.224,),), ((0.225,),)),
)
"""Mean and deviation of red, green and blue, each (3, 1, 1)."""


class Example(NamedTuple):
    """Frames (B, t, 3, S, S) and spectrograms (B, 1, time, mels); empty where unused."""

    frames: Tensor
    audio: Tensor

    def to(self, device: str) -> Example:
        """The same on a device."""
        return Example(self.frames.to(device), self.audio.to(device))


@dataclass(frozen=True)
class EncoderInputs:
    """Clips to examples of one or both modalities.

    Args:
        frames, audio: which of the two is used.
    """

    params: EncoderParams
    frames: bool = True
    audio: bool = True

    @property
    def _video(self) -> ClipInput:
        p = self.params
        area = (p.crop, 1.0)
        return ClipInput(
            FrameSampling(p.frames, mode=p.segment_mode),
            ClipView(p.size, area=area, flip=p.flip, brightness=p.brightness),
        )

    def reader(self, table: FrameTable) -> TrainingReader:
        """Random views of the clips of a table, whose spectrograms are computed once."""
        return TrainingReader(self, table)

    def views(self, clips: Sequence[Clip], generator: Generator) -> Tensor:
        """(B, t, 3, S, S): random frames, one change for all of a clip."""
        if not self.frames:
            return torch.zeros(len(clips), 0)
        return self.normalise(self._video.train(clips, generator))

    def evaluate(self, clips: Sequence[Clip]) -> list[Example]:
        """The examples by which each video is scored: one, or two with the same audio."""
        p, count = self.params, self.params.test_clips if self.frames else 1
        audio = self.read_audio(clips)
        if not self.frames:
            return [Example(torch.zeros(len(clips), 0), audio)]
        taken = self.normalise(self._video.evaluate(clips, count, p.clip_split))
        return [Example(frames, audio) for frames in taken]

    def is_short(self, clip: Clip) -> bool:
        """Whether it has too few frames for `test_clips` clips, and is scored as one."""
        return self.frames and self._video.is_short(clip, self.params.test_clips)

    def normalise(self, frames: Tensor) -> Tensor:
        """(..., 3, S, S) in 0..1 as the encoder is given them."""
        if self.params.pixels == "unit":
            return frames
        return (frames - torch.tensor(IMAGENET[0])) / torch.tensor(IMAGENET[1])

    def read_audio(self, clips: Sequence[Clip]) -> Tensor:
        """(B, 1, time, mels) spectrograms; missing audio is a constant.

        Raises:
            DamagedError: audio without a rate, or with samples that are not finite.
        """
        if not self.audio:
            return torch.zeros(len(clips), 0)
        pair = self.params.pair
        rows = [
            spectrogram(
                checked(clip), clip.sample_rate or 0, window=pair.window, mels=pair.mels,
                resample=self.params.audio_rate == "16k",
            )
            for clip in clips
        ]  # fmt: skip
        return torch.stack(rows)[:, None]


class TrainingReader:
    """Examples of a table's clips by number, for a thread that reads ahead."""

    def __init__(self, inputs: EncoderInputs, table: FrameTable) -> None:
        self._inputs, self._table = inputs, table
        pair = inputs.params.pair

        @lru_cache(maxsize=max(1, CACHE_BYTES // (4 * pair.window * pair.mels)))
        def read_audio(number: int) -> Tensor:
            return inputs.read_audio([table.clip(number)])

        self._audio = read_audio

    def read(self, numbers: Sequence[int], generator: Generator) -> Example:
        """One random view of each clip."""
        clips = [self._table.clip(i) for i in numbers]
        audio = torch.cat([self._audio(i) for i in numbers])
        return Example(self._inputs.views(clips, generator), audio)


def checked(clip: Clip) -> Any:
    """The clip's audio, or None where it has none, or less than one frame of 25 ms.

    Raises:
        DamagedError: it has no rate, or samples that are not finite.
    """
    if clip.audio is None or not clip.audio.shape[-1]:
        return None
    if not clip.sample_rate:
        raise DamagedError(
            f"clip {clip.id!r} has audio without a sample rate",
            "the dataset's read_audio gives both",
        )
    bad = int((~np.isfinite(clip.audio)).sum())
    if bad:
        raise DamagedError(
            f"the audio of clip {clip.id!r} has {bad} samples that are not finite",
            "decode it again, or remove the file to have the clip without audio",
        )
    return clip.audio if clip.audio.shape[-1] >= FRAME * clip.sample_rate else None


class AudioCount:
    """How many clips have no audio, and how many nothing but silence."""

    def __init__(self) -> None:
        self.missing = self.silent = 0

    def add(self, clips: Iterable[Clip]) -> None:
        """Count more clips."""
        for clip in clips:
            audio = checked(clip)
            self.missing += audio is None
            self.silent += audio is not None and not np.any(audio)

    def report(self, ctx: Context) -> None:
        """Put both numbers into the record."""
        ctx.report("clips_without_audio", self.missing)
        ctx.report("clips_with_silent_audio", self.silent)
