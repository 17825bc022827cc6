"""Base class of datasets of files: stills, and clips as videos or folders of frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from irfer_bench.contracts.params import Params
from irfer_bench.contracts.values import Clip, Item, Match, Problem
from irfer_bench.data.fingerprint import content_digest
from irfer_bench.data.trees.clip_files import VIDEO_SUFFIXES
from irfer_bench.data.trees.patterns import Matches, Patterns
from irfer_bench.data.trees.survey import Survey
from irfer_bench.data.trees.walk import packed, walk
from irfer_bench.errors import MissingError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Stills(ABC):
    """A dataset of files that is walked once per instance and root."""

    name: ClassVar[str]
    licence: str
    private = True
    params_class: ClassVar[type[Params]] = Params

    table: ClassVar[Patterns] = Patterns({})
    """What each of its files is; empty in a dataset that lists its folders itself."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or self.params_class()
        self._surveys: dict[Path, Survey] = {}
        self._found: dict[Path, Matches] = {}

    @abstractmethod
    def identify(self, root: Path) -> Match:
        """Confidence that a folder is this dataset, and the reason."""

    @abstractmethod
    def walk(self, root: Path) -> Survey:
        """All items and problems under a root.

        Raises:
            MissingError: no tree of this dataset lies there.
        """

    @abstractmethod
    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """Test subjects of folds 1 to 5."""

    def index(self, root: Path | None) -> Iterable[Item]:
        """One item per usable image.

        Raises:
            MissingError: no root, or no tree under it.
        """
        return iter(self.survey(root).items)

    def problems(self, root: Path | None) -> Iterable[Problem]:
        """What is missing, misnamed or left out, each once; no image is decoded."""
        return self.survey(root).unique()

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """Images or frames of a video as stored, grey repeated to three channels.

        Raises:
            DamagedError: one cannot be decoded.
        """
        if Path(item.files[0]).suffix.lower() in VIDEO_SUFFIXES:
            from irfer_bench.data.trees.video import read_video

            pixels, fps = read_video(self._given(root), item.files[0], frames)
            return clip_of(item, pixels, fps=fps)
        from irfer_bench.data.trees.images import read_images

        names = item.files if frames is None else [item.files[position] for position in frames]
        return clip_of(item, read_images(self._given(root), names))

    def read_audio(self, root: Path | None, item: Item) -> tuple[NDArray[Any], int] | None:
        """The left channel at its own rate, (samples,) float32; None without audio.

        Raises:
            DamagedError: the audio file is empty or cut off.
        """
        from irfer_bench.data.trees.video import read_audio_track

        return read_audio_track(self._given(root), item.audio) if item.audio else None

    def fingerprint(self, root: Path | None) -> str:
        """Digest of all images used and of their facts."""
        return content_digest(self._given(root), self.index(root))

    def survey(self, root: Path | None) -> Survey:
        """What the first walk over this root found."""
        where = self._given(root)
        if where not in self._surveys:
            found = self._surveys[where] = self.walk(where)
            found.close()
            self._found.pop(where, None)  # names of a million files are many
        return self._surveys[where]

    def find(self, root: Path) -> Matches:
        """What the dataset's `table` finds under a root, which is walked once."""
        if root not in self._found:
            self._found[root] = self.table.match(walk(root))
        return self._found[root]

    def hints(self, root: Path) -> list[str]:
        """Why a folder may not be the wanted dataset: packed, closed, looped, named otherwise."""
        found = self.find(root)
        odd = (p for p in found.tree.problems if p.kind in ("unreadable", "link_loop"))
        hints = [*[f"{p.path}: {p.action}" for p in odd][:1], packed(found.archives())]
        if not any(found.roles.values()) and (unread := found.unread()):
            top = max(unread, key=lambda place: len(unread[place]))
            count, such = len(unread[top]), unread[top][0]
            hints.append(f"not read: {count:,} files under {top or 'the root'}, such as {such}")
        return [hint for hint in hints if hint]

    def unlike(self, root: Path) -> MissingError:
        """The error for a root that is not this dataset."""
        return MissingError(f"{root} is not {self.name}: {self.identify(root).reason}")

    def _given(self, root: Path | None) -> Path:
        if root is None:
            raise MissingError(
                f"{self.name} needs its files ({self.licence})",
                f"say --data-root {self.name}=FOLDER",
            )
        return root


def clip_of(item: Item, frames: NDArray[Any], **more: Any) -> Clip:
    """(T, H, W, 3) of an item with its facts; `more` sets fps or audio."""
    return Clip(
        id=item.id,
        frames=frames,
        spectrum=item.spectrum,
        label=item.label,
        subject=item.subject,
        lighting=item.lighting,
        pair=item.pair,
        **more,
    )
