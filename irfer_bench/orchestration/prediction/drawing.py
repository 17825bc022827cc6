"""Figures of labels: sheets of images where faces are allowed, and the evidence of videos."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from irfer_bench.orchestration.prediction.rows import TURNED, Row
from irfer_bench.orchestration.prediction.shown import Shown, ShownVideo
from irfer_bench.render.figures.evidence import draw_evidence
from irfer_bench.render.figures.labels import LabelledFace, LabelledImage, draw_labels
from irfer_bench.render.images import make_private


def draw_sheets(
    shown: Sequence[Shown], classes: Sequence[str], title: str, out: Path
) -> list[Path]:
    """Sheets of images with their faces, in a folder `faces` beside the table."""
    if not shown:
        return []
    images = [
        LabelledImage(
            each.image, each.name, _note(each.rows),
            tuple(
                LabelledFace(_scaled(row.box, each.scale), row.probabilities, row.predicted)
                for row in each.rows
                if row.box is not None or row.probabilities
            ),
        )
        for each in shown
    ]  # fmt: skip
    folder = make_private(out.parent / "faces", "your images")
    return draw_labels(images, classes, title, folder / out.stem)


def draw_videos(videos: Sequence[ShownVideo], method: str, out: Path) -> list[Path]:
    """One figure per video beside the table; with faces, in a folder `faces`."""
    written: list[Path] = []
    taken: set[str] = set()
    for video in videos:
        private = video.faces is not None
        folder = make_private(out.parent / "faces", "your images") if private else out.parent
        name = "-".join(re.findall(r"[A-Za-z0-9_]+", Path(video.row.file).stem)) or "video"
        stem = name if name not in taken else f"{name}-{len(taken)}"
        taken.add(stem)
        row = video.row
        share = f"{100 * (row.probability or 0):.0f} %"
        lines = [f"{method}: {row.predicted} {share} of the whole clip, {row.frames} frames",
                 row.note]  # fmt: skip
        written += draw_evidence(
            Path(row.file).name, [line for line in lines if line], video.times, video.unit,
            video.evidence, video.classes, folder / f"{out.stem}.{stem}", video.faces,
        )  # fmt: skip
    return written


def _note(rows: Sequence[Row]) -> str:
    """What was done with an image; of several faces, how it was turned."""
    if len(rows) < 2:
        return rows[0].note if rows else ""
    return TURNED if rows[0].turned else ""


def _scaled(
    box: tuple[float, float, float, float] | None, scale: float
) -> tuple[float, float, float, float] | None:
    if box is None:
        return None
    left, top, right, bottom = (edge * scale for edge in box)
    return left, top, right, bottom
