"""Translation of a user's own images, or of a video, into files of the same size and names."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from irfer_bench.contracts.values import Clip
from irfer_bench.data.image_files import decode_image
from irfer_bench.data.image_suffixes import IMAGE_SUFFIXES
from irfer_bench.data.preparation.crop import eight_bit
from irfer_bench.data.trees.walk import few, walk
from irfer_bench.errors import DamagedError, MissingError, UsageError
from irfer_bench.orchestration.reporter import PlainReporter, quiet_stdout
from irfer_bench.orchestration.session import Session
from irfer_bench.orchestration.translators import ReadyTranslator, open_translator
from irfer_bench.orchestration.video_files import (
    SUFFIXES,
    VideoReader,
    choose_format,
    write_video,
)
from irfer_bench.orchestration.wanted import Wanted
from irfer_bench.render.images import save_image
from irfer_bench.store.files import clear_write_errors

if TYPE_CHECKING:
    from irfer_bench.experiment.graph import Step

PIECE, PIECE_BYTES = 64, 256 * 2**20
"""Images, and bytes of their pixels, that are in memory at once; they change no pixel."""


@dataclass
class Written:
    """What a translation wrote.

    Args:
        files: in the order of the input. skipped: images that could not be read, and why.
        notes: what else the user should know.
    """

    files: list[Path] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def translate_files(
    wanted: Wanted, source: Path, out: Path, reporter: PlainReporter, *, force: bool = False
) -> Written:
    """Translate a folder of images, one image, or a video.

    Images become PNG of the same size below `out`, named alike. A video becomes a video where
    `out` has a video's suffix, else a folder of PNG, numbered from 000000. Noise depends on an
    image's name below `source`, or on the video's name, and on nothing else. Each 16-bit image is
    stretched by its own percentiles; a 16-bit video keeps one range and does not flicker.

    Args:
        force: files of the same names are replaced.

    Raises:
        UsageError: the output is there, or lies inside the input; or as `open_translator`.
        MissingError: the input is not there, or holds no image. DamagedError: none can be read.
    """
    if not source.exists():
        raise MissingError(f"{source} is not there", "name a folder of images, or a video")
    is_video = source.is_file() and source.suffix.lower() in SUFFIXES
    written = Written()
    targets = {} if is_video else _targets(source, out, written)
    check_output(source, out, force, video=is_video)
    with quiet_stdout():
        pieces = PieceReporter(reporter)
        ready = open_translator(Session.open(pieces), wanted)
        written.notes += ready.notes
        with clear_write_errors(out):
            if is_video:
                _translate_video(ready, source, out, pieces, written)
            else:
                _translate_images(ready, targets, pieces, written)
    return written


def _targets(source: Path, out: Path, written: Written) -> dict[str, tuple[Path, Path]]:
    """(file, its translation) by name below the input; folders that cannot be read are noted.

    Raises:
        MissingError: there is no image. UsageError: two images would get one name.
    """
    if source.is_file():
        single = out if out.suffix.lower() == ".png" else out / f"{source.stem}.png"
        return _kept({source.name: (source, single)})
    tree = walk(source)
    written.skipped += [f"{problem.path} ({problem.kind})" for problem in tree.problems]
    names = [name for name in tree.paths() if Path(name).suffix.lower() in IMAGE_SUFFIXES]
    if not names:
        videos = [name for name in tree.paths() if Path(name).suffix.lower() in SUFFIXES]
        raise MissingError(
            f"no image in {source} ({', '.join(sorted(IMAGE_SUFFIXES))})",
            f"a video is named itself: {source / videos[0]}" if videos else "",
        )
    taken: dict[Path, str] = {}
    for name in names:
        target = out / Path(name).with_suffix(".png")
        if target in taken:
            raise UsageError(
                f"{taken[target]} and {name} would both become {target}", "rename one of them"
            )
        taken[target] = name
    return _kept({name: (source / name, target) for target, name in taken.items()})


def _kept(targets: dict[str, tuple[Path, Path]]) -> dict[str, tuple[Path, Path]]:
    given = {path.resolve() for path, _ in targets.values()}
    for _, target in targets.values():
        if target.resolve() in given:
            raise UsageError(f"{target} is an input and would be overwritten", "name a new folder")
    return targets


def check_output(source: Path, out: Path, force: bool, *, video: bool) -> None:
    """Refuse an output that would overwrite something, or be read as input next time.

    Raises:
        UsageError: it is there and `force` is not set, or it lies inside the input.
    """
    if out.resolve() == source.resolve() or source.resolve() in out.resolve().parents:
        raise UsageError(f"{out} is or lies in {source}", "name a folder outside")
    is_file = out.suffix.lower() == ".png" if source.is_file() and not video else False
    if video and out.suffix:
        choose_format(out)
        is_file = True
    if out.is_file() != is_file and out.exists():
        raise UsageError(f"{out} is a {'file' if out.is_file() else 'folder'}", "name another")
    if not force and (out.is_file() or (out.is_dir() and any(out.iterdir()))):
        raise UsageError(
            f"{out} is there{'' if is_file else ' and not empty'}",
            "name a new one, or say --force, which replaces files of the same names",
        )


class PieceReporter(PlainReporter):
    """Reports the progress in one piece as progress in the whole.

    Attributes:
        begun: images before this piece. count: in this piece. total: of all pieces.
    """

    def __init__(self, whole: PlainReporter) -> None:
        super().__init__()
        self._whole = whole
        self.begun, self.count, self.total = 0, 0, 0

    def start(self, step: Step, total: int) -> None:
        """Announce the translation."""
        self.total, self._began = total, time.monotonic()
        self._step = step
        self._whole.step(step)

    def end(self) -> None:
        """Report its time."""
        self._whole.finished(self._step, time.monotonic() - self._began, True)

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        if name == "translate" and self.total and total:
            done, total = self.begun + self.count * done // total, max(self.total, self.begun)
        self._whole.progress(name, done, total, note)

    def line(self, text: str) -> None:
        self._whole.line(text)


def _translate_images(
    ready: ReadyTranslator,
    targets: Mapping[str, tuple[Path, Path]],
    reporter: PieceReporter,
    written: Written,
) -> None:
    reporter.start(ready.step, len(targets))
    for piece in _pieces(targets, written):
        reporter.count = len(piece)
        for clip in ready.translate(piece):
            target = targets[clip.id][1]
            save_image(Image.fromarray(clip.frames[0]), target)
            written.files.append(target)
        reporter.begun += len(piece)
    reporter.end()
    if not written.files:
        raise DamagedError(f"no image could be read: {few(written.skipped)}")


def _pieces(
    targets: Mapping[str, tuple[Path, Path]], written: Written
) -> Iterator[Sequence[Clip]]:
    """Decoded images, some at a time; those that cannot be decoded are noted."""
    piece: list[Clip] = []
    held = 0
    for name, (path, _) in targets.items():
        try:
            frames = read_image(path, name)
        except (DamagedError, OSError) as error:
            written.skipped.append(error.message if isinstance(error, DamagedError)
                                   else f"{name}: {error.strerror}")  # fmt: skip
            continue
        piece.append(Clip(name, frames[None], "vis"))
        held += frames.nbytes
        if len(piece) >= PIECE or held >= PIECE_BYTES:
            yield piece
            piece, held = [], 0
    if piece:
        yield piece


def read_image(path: Path, name: str) -> NDArray[np.uint8]:
    """(H, W, 3) uint8; percentiles 1 and 99 of a 16-bit image become 0 and 255.

    Raises:
        DamagedError: it cannot be decoded.
    """
    array = decode_image(path, name)
    if array.dtype != np.uint16:
        return np.ascontiguousarray(array)
    low, high = np.percentile(array, (1, 99))
    return eight_bit(array, (float(low), float(high)))


def _translate_video(
    ready: ReadyTranslator, source: Path, out: Path, reporter: PieceReporter, written: Written
) -> None:
    with VideoReader(source) as video:
        reporter.start(ready.step, video.frames)

        def translated() -> Iterator[NDArray[np.uint8]]:
            """Frames in order; all pieces have the video's name, and so the same noise."""
            for frames in video.pieces(PIECE, PIECE_BYTES):
                reporter.count = len(frames)
                (clip,) = ready.translate([Clip(source.name, frames, "vis", fps=video.fps)])
                yield from clip.frames
                reporter.begun += len(frames)

        if out.suffix:
            note = write_video(out, translated(), video)
            written.notes += [note] if note else []
            written.files.append(out)
        else:
            for number, frame in enumerate(translated()):
                target = out / f"{number:06d}.png"
                save_image(Image.fromarray(frame), target)
                written.files.append(target)
    reporter.end()
