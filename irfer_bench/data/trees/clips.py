"""Base class of video datasets: frames in folders or video files, with audio."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from irfer_bench.contracts.values import Item, Match
from irfer_bench.data.trees.clip_files import (
    ClipFiles,
    clip_files,
    clip_folders,
    clip_number,
    place_of,
    read_clip_frames,
    read_videos,
)
from irfer_bench.data.trees.fold_lists import (
    Assigned,
    group_folds,
    note_absent,
    note_unlabelled,
)
from irfer_bench.data.trees.patterns import Found, Matches
from irfer_bench.data.trees.stills import Stills
from irfer_bench.data.trees.survey import VideoSurvey
from irfer_bench.errors import MissingError


@dataclass(frozen=True)
class ClipFrames:
    """The files that are read for each clip.

    Args:
        source: name of the form of the frames, or empty. place: their folder below the root.
    """

    source: str
    place: str
    clips: Mapping[str, ClipFiles]


class VideoClips(Stills):
    """Visible videos with audio in five official folds; frames and audio are read apart."""

    prefix: ClassVar[str]
    """Prefix of every item id."""
    sources: ClassVar[Mapping[str, tuple[str, ...]]]
    """Roles of each form of the frames, in the order of preference."""
    videos: ClassVar[frozenset[str]]
    """The forms that are videos, others being folders of images."""
    sounds: ClassVar[tuple[str, ...]]
    """Roles of files that may hold audio, in the order of preference."""
    audio_hint: ClassVar[str]
    wanted: ClassVar[str]
    """What is missing where a root is not this dataset, for messages."""
    list_roles: ClassVar[tuple[str, ...]]
    vague: ClassVar[frozenset[str]] = frozenset()
    """Forms whose folders have names so common that they tell nothing without lists."""
    holders: ClassVar[Mapping[str, tuple[str, ...]]]
    """Folders above the `clips` and the `lists`: a root inside them is not the whole dataset."""
    params: Any

    @abstractmethod
    def match(self, frames: str, found: Matches) -> Match:
        """Confidence and reason where clips or lists lie under a root; `frames` in words."""

    @abstractmethod
    def labels(self, found: Matches, seen: VideoSurvey) -> dict[str, Assigned]:
        """Label and fold of every listed clip."""

    def clip_id(self, name: str) -> str | None:
        """Id of a clip that a table of films names by its number, such as `1` or `00001.mp4`."""
        number = clip_number(name)
        return f"{self.prefix}_{number}" if number else None

    def identify(self, root: Path) -> Match:
        """Confident where clips of the official forms, or fold lists, lie under the root."""
        found = self.find(root)
        lists = found.of(*self.list_roles)
        forms = [form for form in self.forms(found) if lists or form not in self.vague]
        clips = found.of(*(role for form in forms for role in self.sources[form]))
        if not clips and not lists:
            return Match(0.0, "; ".join((self.wanted, *self.hints(root))))
        if not lists and _alone(clips, self.holders["clips"]):
            return Match(0.0, "it holds the clips alone: give the folder above it")
        if not clips and _alone(lists, self.holders["lists"]):
            return Match(0.0, "it holds the fold lists alone: give the folder above it")
        return self.match(", ".join(forms) or "no frames", found)

    def walk(self, root: Path) -> VideoSurvey:
        """All labelled clips of the wanted frames, and problems of the tree.

        Raises:
            MissingError: no tree, or not the frames asked for.
        """
        found, seen = self.find(root), VideoSurvey(root)
        if not any(found.roles.values()):
            raise self.unlike(root)
        seen.problems.extend(found.problems())
        labels = self.labels(found, seen)
        frames = self._frames(found, labels, seen)
        self.check_frames(frames, seen)
        note_absent(labels, frames.clips, frames.place, seen)
        audio = self._audio(found, seen)
        seen.items = self._collect(frames, labels, audio)
        self._note_without_audio(frames, seen)
        return seen

    def check_frames(self, frames: ClipFrames, seen: VideoSurvey) -> None:
        """Compare numbers of frames with the published ones."""

    def forms(self, found: Matches) -> list[str]:
        """The forms of frames that are there, in the order of preference."""
        return [source for source, roles in self.sources.items() if found.of(*roles)]

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """Ids in each of the five official test lists, of the items that are present."""
        return group_folds(items)

    def _frames(
        self, found: Matches, labels: Mapping[str, Assigned], seen: VideoSurvey
    ) -> ClipFrames:
        """Files of the labelled clips, or of all where there are no labels."""
        there, wanted = self.forms(found), self.params.frames
        source = next(iter(there), "") if wanted == "auto" else wanted
        if not source:
            return ClipFrames("", ".", {})
        if source not in there:
            raise MissingError(
                f"{self.name}.frames = {wanted}: {seen.root} holds {', '.join(there) or 'none'}",
                f"unpack {wanted} there, or leave frames at auto",
            )
        hits = found.of(*self.sources[source])
        place, present = place_of(hits), set[str]()
        if source in self.videos:
            files = clip_files(hits, seen)
            present.update(files)
            clips = read_videos(files, sorted(labels or files), seen)
        else:
            folders = clip_folders(hits, seen)
            present.update(folders)
            clips = read_clip_frames(folders, sorted(labels or folders), seen)
        note_unlabelled(present, labels, place, seen)
        return ClipFrames(source, place, clips)

    def _audio(self, found: Matches, seen: VideoSurvey) -> dict[str, str]:
        """The file that may hold the audio of each clip; no file is opened."""
        audio: dict[str, str] = {}
        for role in self.sounds:
            audio = clip_files(found.of(role), seen) | audio
        return audio

    def _collect(
        self, frames: ClipFrames, labels: Mapping[str, Assigned], audio: Mapping[str, str]
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

    def _note_without_audio(self, frames: ClipFrames, seen: VideoSurvey) -> None:
        without_audio = sum(not item.audio for item in seen.items)
        if without_audio:
            action = f"{without_audio} of {len(seen.items)} clips have no audio file, which "
            action += f"methods of audio need: unpack {self.audio_hint}"
            seen.note("no_sound", frames.place, action)


def _alone(hits: Sequence[Found], holders: Collection[str]) -> bool:
    """Whether these lie under the root without a folder that should hold them."""
    names = {name.casefold() for name in holders}
    return all(names.isdisjoint(hit.folder.casefold().split("/")) for hit in hits)
