"""What datasets of short films have in common: frames in folders or in video files, and sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from irfer_bench.api import Clip, Item, MissingError
from irfer_datasets.clip_files import VIDEOS, FilmTree, Take
from irfer_datasets.fold_lists import Assigned, group_folds, note_unlabelled
from irfer_datasets.stills import Stills, Survey, clip_of
from irfer_datasets.tree import relative

if TYPE_CHECKING:
    from numpy.typing import NDArray


class FilmSurvey(Survey):
    """A survey of thousands of clips, of which many may lack the same."""

    limit: ClassVar[int] = 20


@dataclass(frozen=True)
class Frames:
    """What is read of the clips.

    Args:
        source: the owner's form, empty where there is none. place: its folder below the root.
    """

    source: str
    place: str
    takes: Mapping[str, Take]


class FilmClips(Stills):
    """Clips of visible light, read frame by frame and heard apart; five owner's folds."""

    prefix: ClassVar[str]
    """What ids begin with."""

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The clip or some of its frames at the owner's size; only these are decoded.

        Raises:
            DamagedError: an image or the video cannot be decoded.
        """
        from irfer_datasets.video import read_frames

        if Path(item.files[0]).suffix.lower() not in VIDEOS:
            return super().read(root, item, frames)
        pixels, fps = read_frames(self._given(root), item.files[0], frames)
        return clip_of(item, pixels, fps=fps)

    def read_audio(self, root: Path | None, item: Item) -> tuple[NDArray[Any], int] | None:
        """The left channel at its own rate, (samples,) float32; None where the clip has no sound.

        Raises:
            DamagedError: the file with the sound is empty or cut off.
        """
        from irfer_datasets.video import read_audio

        return read_audio(self._given(root), item.audio) if item.audio else None

    def take(
        self, tree: FilmTree, wanted: str, labels: Mapping[str, Assigned], seen: Survey
    ) -> Frames:
        """Frames of the labelled clips, else of all: as asked for, or in the first form there is.

        Raises:
            MissingError: the form asked for is not there.
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
        takes = tree.takes(source, sorted(labels) if labels else None, seen)
        note_unlabelled(tree.clips(source, seen.root), labels, place, seen)
        return Frames(source, place, takes)

    def collect(
        self, frames: Frames, labels: Mapping[str, Assigned], sounds: Mapping[str, str]
    ) -> list[Item]:
        """One item per clip with frames, in the order of their numbers."""
        return [
            Item(
                id=f"{self.prefix}_{clip}",
                label=labels[clip].label if clip in labels else None,
                subject=None,
                spectrum="vis",
                files=take.files,
                split=labels[clip].split if clip in labels else "",
                part=frames.source,
                frames=take.frames,
                audio=sounds.get(clip, ""),
            )
            for clip, take in sorted(frames.takes.items())
        ]

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """Ids that each of the owner's five test lists holds, of those present."""
        return group_folds(items)
