"""Labels of images and videos: faces are found, cut out as a setting says, and recognised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.values import Clip, Face, Scores
from irfer_bench.errors import DamagedError
from irfer_bench.orchestration.prediction.cuts import cut_clip, cut_face
from irfer_bench.orchestration.prediction.faces import FaceFinder, FoundFaces
from irfer_bench.orchestration.prediction.media import Medium, read_image, read_video
from irfer_bench.orchestration.prediction.ready import ReadyRecognizer
from irfer_bench.orchestration.prediction.rows import TURNED, Row, Table
from irfer_bench.orchestration.prediction.shown import Shown, ShownVideo, show_video

AT_ONCE = 32
"""Faces that are recognised together; it changes no label."""
BLANK = "all pixels are equal: there is no face"
REPORTED = {
    "clips_without_audio": "no audio, which {name} goes by",
    "clips_with_silent_audio": "the audio, which {name} goes by, is silent",
    "videos_scored_by_one_clip": "too few frames for several clips: scored as one",
}
"""Notes on what a recognizer reports of a clip, by the names of its reports."""


@dataclass
class Labeller:
    """Labels one file after the other and keeps what the figures show.

    Args:
        table: takes the rows. keep: how many files' images are kept for the contact sheet.
        reported: notes of `REPORTED` to the number of labelled rows that have them.
    """

    recognizer: ReadyRecognizer
    finder: FaceFinder
    table: Table
    keep: int = 0
    damaged: list[str] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    videos: list[ShownVideo] = field(default_factory=list)
    reported: Counter[str] = field(default_factory=Counter)
    _waiting: list[tuple[Row, Clip | None]] = field(default_factory=list)

    def label(self, medium: Medium) -> None:
        """Add the rows of a file; one that cannot be read gets a row that says why.

        Raises:
            BenchError: the recognizer failed.
        """
        try:
            if medium.is_video:
                self.flush()
                self._video(medium)
            else:
                self._image(medium)
        except DamagedError as error:
            self.damaged.append(error.message)
            self._waiting.append((Row(medium.name, note=_without(medium, error.message)), None))
        if len(self._waiting) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Recognise the faces that wait, and add their rows in order."""
        clips = [clip for _, clip in self._waiting if clip is not None]
        scores, note = self._score(clips) if clips else ((), "")
        each = iter(scores)
        rows = [row if clip is None else self._labelled(row, next(each), note)
                for row, clip in self._waiting]  # fmt: skip
        self._waiting = []
        self.table.add(rows)
        of_file: dict[str, list[Row]] = {}
        for row in rows:
            of_file.setdefault(row.file, []).append(row)
        for shown in self.shown:
            shown.rows += of_file.get(shown.name, [])

    def _score(self, clips: Sequence[Clip]) -> tuple[Scores, str]:
        """Log-probabilities, and what the recognizer reports of every one of these clips."""
        scores, name = self.recognizer.predict(clips), self.recognizer.method.name
        notes = [
            text.format(name=name) for report, text in REPORTED.items()
            if self.recognizer.reports.get(report) == len(clips)
        ]  # fmt: skip
        self.reported.update({text: len(clips) for text in notes})
        return scores, "; ".join(notes)

    def _labelled(self, row: Row, scores: NDArray[np.float32], note: str) -> Row:
        p = np.exp(scores.astype(np.float64))
        p /= p.sum()
        return replace(
            row, predicted=self.recognizer.classes[int(p.argmax())],
            probabilities=tuple(p.tolist()), note="; ".join(filter(None, (row.note, note))),
        )  # fmt: skip

    @property
    def _deaf(self) -> str:
        """Why a file without audio is not labelled; empty where the recognizer sees."""
        method = self.recognizer.method
        return f"no audio: {method.name} needs it" * (method.traits["modality"] == "audio")

    def _image(self, medium: Medium) -> None:
        if self._deaf:
            self._waiting.append((Row(medium.name, note=self._deaf), None))
            return
        image = read_image(medium.path, medium.name)
        if int(image.min()) == int(image.max()):
            self._wait(Row(medium.name, note=BLANK), None, FoundFaces(image, ()))
            return
        found = self.finder.find(image, medium.name)
        faces: Sequence[Face | None] = found.faces
        if not faces and self.recognizer.images.rules.no_face == "whole":
            faces = [None]
        if not faces:
            text = f"no face found by {self.finder.name}, nor upside down"
            self._wait(Row(medium.name, note=text), None, found)
        for number, face in enumerate(faces, start=1):
            clip = cut_face(
                found.image, face, f"{medium.name}#{number}", self.recognizer.images,
                exact=self.finder.detector.exact,
            )  # fmt: skip
            row = Row(
                medium.name, number if face else 0, len(found.faces),
                None if face is None else found.edges(face), 180 if found.turned else 0, 1,
                note=_note(found, number, self.finder.name),
            )  # fmt: skip
            self._wait(row, clip, found if number == 1 else None)

    def _wait(self, row: Row, clip: Clip | None, found: FoundFaces | None) -> None:
        self._waiting.append((row, clip))
        if found is not None and len(self.shown) < self.keep:
            upright = found.image[::-1, ::-1] if found.turned else found.image
            self.shown.append(Shown.of(row.file, upright))

    def _video(self, medium: Medium) -> None:
        images = self.recognizer.images
        video = read_video(medium.path, images.rules.kept)
        if self._deaf and video.audio is None:
            self.table.add([Row(medium.name, note=self._deaf)])
            return
        listed = self.finder.find_each([*video.frames], medium.name)
        faces = [found[0] if found else None for found in listed]
        most, without = max(map(len, listed)), sum(face is None for face in faces)
        clip = cut_clip(video, faces, medium.name, images, exact=self.finder.detector.exact)
        if clip is None:
            text = f"no face found by {self.finder.name} in {len(faces)} frames"
            self.table.add([Row(medium.name, note=text)])
            return
        notes = [
            f"{without} of {len(faces)} frames without a face" if without else "",
            f"up to {most} faces in a frame: the largest of each" if most > 1 else "",
        ]
        first = next((face for face in faces if face is not None), None)
        row = Row(
            medium.name, int(first is not None), most,
            None if first is None else (first.left, first.top, first.right, first.bottom),
            frames=len(clip.scored_frames()), note="; ".join(filter(None, notes)),
        )  # fmt: skip
        scores, note = self._score([clip])
        made = self._labelled(row, scores[0], note)
        self.table.add([made])
        times = dict(zip(video.positions, video.times or (), strict=False))
        self.videos.append(show_video(self.recognizer, clip, made, bool(self.keep), times))


def _note(found: FoundFaces, number: int, detector: str) -> str:
    if not found.faces:
        return f"no face found by {detector}, nor upside down: the centre square"
    count = len(found.faces)
    return "; ".join(filter(None, (
        TURNED if found.turned else "",
        f"face {number} of {count}" + (", the largest" if number == 1 else "") if count > 1 else "",
    )))  # fmt: skip


def _without(medium: Medium, text: str) -> str:
    """An error's text without the name of its file, which stands beside it."""
    return text.removeprefix(medium.name).strip(" :") or text
