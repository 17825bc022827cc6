"""Base class of video datasets: frames in folders or video files, with audio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from irfer_bench.api import Clip, Item, MissingError
from irfer_datasets.clip_files import VIDEOS, ClipFiles, VideoTree
from irfer_datasets.fold_lists import Assigned, group_folds, note_unlabelled
from irfer_datasets.stills import Stills, Survey, clip_of
from irfer_datasets.tree import relative

if TYPE_CHECKING:
    from numpy.typing import NDArray


class VideoSurvey(Survey):
    """A survey of thousands of clips; at most 20 problems of a kind are listed."""

    limit: ClassVar[int] = 20


@dataclass(frozen=True)
class Frames:
    """The files that are read for each clip.

    Args:
        source: name of the official folder of frames, or empty. place: that folder below the root.
    """

    source: str
    place: str
    clips: Mapping[str, ClipFiles]


class VideoClips(Stills):
    """Visible videos with audio in five official folds; frames and audio are read apart."""

    prefix: ClassVar[str]
    """Prefix of every item id."""

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The clip or some of its frames at the official size; only these are decoded.

        Raises:
            DamagedError: an image or the video cannot be decoded.
        """
        from irfer_datasets.video import read_frames

        if Path(item.files[0]).suffix.lower() not in VIDEOS:
            return super().read(root, item, frames)
        pixels, fps = read_frames(self._given(root), item.files[0], frames)
        return clip_of(item, pixels, fps=fps)

    def read_audio(self, root: Path | None, item: Item) -> tuple[NDArray[Any], int] | None:
        """The left channel at its own rate, (samples,) float32; None without audio.

        Raises:
            DamagedError: the audio file is empty or cut off.
        """
        from irfer_datasets.video import read_audio

        return read_audio(self._given(root), item.audio) if item.audio else None

    def select_frames(
        self, tree: VideoTree, wanted: str, labels: Mapping[str, Assigned], seen: Survey
    ) -> Frames:
        """Files of the labelled clips, or of all where there are no labels.

        `wanted` is the folder of frames, or `auto` for the first one that is present.

        Raises:
            MissingError: the wanted folder is absent.
        """
        source = next(iter(tree.sources), "") if wanted == "auto" else wanted
        if not source:
            return Frames("", relative(tree.base, seen.root), {})
        if source not in tree.sources:
            there = ", ".join(tree.sources) or "none"
            raise MissingError(
                f"{self.name}.frames = {wanted}: {seen.root} holds {there}",
                f"unpack {wanted} there, or leave frames at auto",
            )
        place = relative(tree.sources[source], seen.root)
        clips = tree.files_of(source, sorted(labels) if labels else None, seen)
        note_unlabelled(tree.clips(source, seen.root), labels, place, seen)
        return Frames(source, place, clips)

    def collect(
        self, frames: Frames, labels: Mapping[str, Assigned], audio: Mapping[str, str]
    ) -> list[Item]:
        """One item per clip with frames, in the order of their numbers."""
        return [
            Item(
                id=f"{self.prefix}_{clip}",
                label=labels[clip].label if clip in labels else None,
                subject=None,
                spectrum="vis",
                files=own.files,
                split=labels[clip].split if clip in labels else "",
                part=frames.source,
                frames=own.frames,
                audio=audio.get(clip, ""),
            )
            for clip, own in sorted(frames.clips.items())
        ]

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """Ids in each of the five official test lists, of the items that are present."""
        return group_folds(items)
