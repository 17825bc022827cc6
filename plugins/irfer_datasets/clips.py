"""What datasets of short films have in common: frames in folders or in video files, and sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from irfer_bench.api import Clip, Item, MissingError
from irfer_datasets.clip_files import VIDEOS, Take
from irfer_datasets.fold_lists import Assigned, group_folds
from irfer_datasets.stills import Stills

if TYPE_CHECKING:
    from numpy.typing import NDArray


class FilmClips(Stills):
    """Clips of visible light, read frame by frame and heard apart; five owner's folds."""

    prefix: ClassVar[str]
    """What ids begin with."""

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The clip or some of its frames at the owner's size; only these are decoded.

        Raises:
            DamagedError: a picture or the video cannot be decoded.
        """
        from irfer_datasets.pictures import read_pictures
        from irfer_datasets.video import read_frames

        where, fps = self._given(root), None
        if Path(item.files[0]).suffix.lower() in VIDEOS:
            pixels, fps = read_frames(where, item.files[0], frames)
        else:
            names = item.files if frames is None else [item.files[k] for k in frames]
            pixels = read_pictures(where, names)
        return Clip(
            id=item.id,
            frames=pixels,
            spectrum=item.spectrum,
            label=item.label,
            subject=item.subject,
            lighting=item.lighting,
            pair=item.pair,
            fps=fps,
        )

    def listen(self, root: Path | None, item: Item) -> tuple[NDArray[Any], int] | None:
        """The left channel at its own rate, (samples,) float32; None where the clip has no sound.

        Raises:
            DamagedError: the file with the sound is empty or cut off.
        """
        from irfer_datasets.video import read_audio

        return read_audio(self._given(root), item.audio) if item.audio else None

    def choose(self, sources: Mapping[str, Path], wanted: str, root: Path) -> str:
        """The form of frames that is read: the one asked for, or the first there is, or none.

        Raises:
            MissingError: the form asked for is not there.
        """
        if wanted == "auto":
            return next(iter(sources), "")
        if wanted not in sources:
            raise MissingError(
                f"{self.name}.frames = {wanted}: {root} holds {', '.join(sources) or 'none'}",
                f"unpack {wanted} there, or leave frames at auto",
            )
        return wanted

    def collect(
        self,
        takes: Mapping[str, Take],
        labels: Mapping[str, Assigned],
        part: str,
        sounds: Mapping[str, str],
    ) -> list[Item]:
        """One item per clip with frames, in the order of their numbers."""
        return [
            Item(
                id=f"{self.prefix}_{clip}",
                label=labels[clip].label if clip in labels else None,
                subject=None,
                spectrum="vis",
                files=takes[clip].files,
                split=labels[clip].split if clip in labels else "",
                part=part,
                frames=takes[clip].frames,
                audio=sounds.get(clip, ""),
            )
            for clip in sorted(takes)
        ]

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """Ids that each of the owner's five test lists holds, of those present."""
        return group_folds(items)
