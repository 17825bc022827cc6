"""`irfer-bench predict` and `irfer_bench.predict`: labels for a user's own images and videos."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irfer_bench.contracts.interfaces import FrameTaker
from irfer_bench.errors import UsageError
from irfer_bench.orchestration.prediction.faces import FaceFinder
from irfer_bench.orchestration.prediction.labelling import Labeller
from irfer_bench.orchestration.prediction.media import list_media
from irfer_bench.orchestration.prediction.ready import ReadyRecognizer
from irfer_bench.orchestration.prediction.recognizers import open_recognizer
from irfer_bench.orchestration.prediction.rows import Row, Table, check_table
from irfer_bench.orchestration.prediction.rules import ImageOptions, with_frames
from irfer_bench.orchestration.reporter import PlainReporter, SilentReporter, quiet_stdout
from irfer_bench.orchestration.session import Session
from irfer_bench.orchestration.wanted import Wanted
from irfer_bench.store.files import clear_write_errors

if TYPE_CHECKING:
    import pandas as pd

DRAWN = 100
"""Images on the contact sheets of one call."""


@dataclass
class Predictions:
    """What was predicted.

    Args:
        classes: in the order of the probabilities. rows: one per face, video, or file without one.
        damaged: files that could not be read, and why. notes: what else the user should know.
        written: the table, then figures.
    """

    classes: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def to_dataframe(self) -> pd.DataFrame:
        """The table that `out` holds.

        Raises:
            MissingError: pandas is not installed.
        """
        from irfer_bench.orchestration.tables import dataframe

        return dataframe([row.values(self.classes) for row in self.rows])


def predict(
    files: str | Path | Sequence[str | Path],
    recognizer: str = "",
    *,
    record: str | Path | None = None,
    weights: str | Path = "",
    out: str | Path = "predictions.csv",
    preset: str = "",
    params: Mapping[str, Mapping[str, Any]] | None = None,
    device: str = "auto",
    setting: str = "",
    classes: Sequence[str] = (),
    detector: str = "",
    no_face: str = "",
    spectrum: str = "",
    frames: str = "",
    allow_faces: bool = False,
    force: bool = False,
) -> Predictions:
    """Label images, videos or folders of them, and write a table.

    Args:
        files: one path or several. recognizer: one that needs no fit, such as `clip_zero_shot`.
        record: of a run, or its file, whose fitted recognizer is used. weights: a folder that
            `irfer-bench export` wrote, a published classifier, or the pretrained weights of a
            recognizer that needs no fit.
        out: `.csv` or `.parquet`. classes, setting: of a recognizer that needs no fit.
        allow_faces: draw a contact sheet with the images, in a folder for this user alone.

    Raises:
        UsageError, MissingError, DamagedError: as `irfer-bench predict` exits with 2, 3 and 4.
    """
    given = [files] if isinstance(files, str | Path) else files
    wanted = Wanted(
        recognizer, str(weights), Path(record) if record is not None else None, preset, params,
        device,
    )  # fmt: skip
    options = ImageOptions(setting, classes, detector, no_face, spectrum, frames)
    return predict_files(
        wanted, options, [Path(each) for each in given], Path(out), SilentReporter(),
        allow_faces=allow_faces, force=force,
    )  # fmt: skip


def predict_files(
    wanted: Wanted,
    options: ImageOptions,
    sources: Sequence[Path],
    out: Path,
    reporter: PlainReporter,
    *,
    allow_faces: bool = False,
    force: bool = False,
) -> Predictions:
    """Label every image and video, and write the table and its figures.

    The table grows while the run goes on: an interruption leaves what was labelled so far.

    Raises:
        UsageError: the table is there, or options contradict each other.
        MissingError: the input is not there, or the recognizer is not ready.
        DamagedError: the table cannot be written, or weights are damaged.
    """
    check_table(out, force=force)
    media, problems = list_media(sources)
    if out.resolve() in {medium.path.resolve() for medium in media}:
        raise UsageError(f"{out} is an input and would be overwritten", "name another")
    with quiet_stdout(), clear_write_errors(out):
        session = Session.open(reporter)
        recognizer = open_recognizer(session, wanted, options)
        instance = recognizer.instance
        taken = instance.frames_taken if isinstance(instance, FrameTaker) else 0
        images = with_frames(recognizer.images, taken, options.frames)
        recognizer = replace(recognizer, images=images)
        finder = FaceFinder(session, recognizer.images.rules.detector)
        table = Table(out, recognizer.classes)
        labeller = Labeller(recognizer, finder, table, DRAWN if allow_faces else 0)
        made = Predictions(recognizer.classes, table.rows, labeller.damaged)
        made.damaged += problems
        reporter.step(recognizer.step)
        began = time.monotonic()
        try:
            for done, medium in enumerate(media, start=1):
                labeller.label(medium)
                reporter.progress("predict", done, len(media))
            labeller.flush()
        finally:
            table.write()
        reporter.finished(recognizer.step, time.monotonic() - began, True)
        made.written += [out, *_draw(labeller, out)]
        labelled = sum(bool(row.predicted) for row in made.rows)
        made.notes += _notes(recognizer)
        made.notes += [f"{n} of {labelled} labels: {text}" for text, n in labeller.reported.items()]
        if len(labeller.shown) == DRAWN < len(media):
            made.notes.append(f"the sheets show the first {DRAWN} images")
    return made


def _draw(labeller: Labeller, out: Path) -> list[Path]:
    from irfer_bench.orchestration.prediction.drawing import draw_sheets, draw_videos

    recognizer = labeller.recognizer
    images, method = recognizer.images, recognizer.method
    name = f"{method.name}, preset {method.preset}"
    title = f"{name}, {images.setting or images.spectrum}, faces by {images.rules.detector}"
    sheets = draw_sheets(labeller.shown, recognizer.classes, title, out)
    return sheets + draw_videos(labeller.videos, name, out)


def _notes(recognizer: ReadyRecognizer) -> list[str]:
    images, method = recognizer.images, recognizer.method
    notes = []
    if method.params.drawn_faces:
        better = "fit one by irfer-bench run" if recognizer.fitted else "say"
        notes.append(
            f"{method.name} in preset {method.preset} knows drawn faces: on photographs it only "
            f"tests the installation; {better} --preset paper, with pretrained weights"
        )
    if images.translated:
        notes.append(
            f"{method.name} was fitted on translated images ({images.setting}): translate yours "
            "first, by irfer-bench translate --from the same record"
        )
    return notes
