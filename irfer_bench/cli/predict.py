"""`irfer-bench predict`."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.experiment.request import parse_params
from irfer_bench.orchestration.reporter import open_reporter
from irfer_bench.render.layout import columns, say, wrapped
from irfer_bench.render.written import describe_written

if TYPE_CHECKING:
    from irfer_bench.orchestration.predicting import Predictions
    from irfer_bench.orchestration.prediction.rows import Row

SHOWN = 20
"""Rows that are printed one by one."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `predict`."""
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="images, videos, or folders of them")
    add(
        "--recognizer",
        "-r",
        default="",
        metavar="NAME[@VARIANT]",
        help="one that needs no fit, such as clip_zero_shot; or that of --from or --weights",
    )
    add(
        "--from",
        dest="record",
        default="",
        metavar="RECORD",
        help="a record file of a run on this machine, whose fitted recognizer is used",
    )
    add(
        "--weights",
        default="",
        metavar="FOLDER|FILE|TAG",
        help="what irfer-bench export wrote; with --recognizer, a published classifier, or the "
        "pretrained weights of one that needs no fit: a file, or ViT-B-16-quickgelu/openai",
    )
    add(
        "--out",
        default="predictions.csv",
        metavar="FILE",
        help="the table, .csv or .parquet; default predictions.csv",
    )
    add("--setting", "-s", default="", help="take classes, crop and size of a setting")
    add(
        "--classes",
        default="",
        metavar="NAME,NAME…",
        help="of a recognizer without a fit (default the six basic expressions and neutral), or of "
        "a published file, in its order",
    )
    add(
        "--detector",
        default="",
        help="finds the faces; default the setting's, else opencv; none for images cut to the face",
    )
    add(
        "--no-face",
        choices=("drop", "whole"),
        default="",
        help="drop: no label where no face is found (default); whole: label the centre square",
    )
    add("--spectrum", choices=("vis", "nir", "lwir"), default="", help="of the images")
    add(
        "--frames",
        default="",
        metavar="RULE",
        help="of a video: all, uniform(16), first(8) …; default the setting's, else uniform(16)",
    )
    add("--preset", choices=("quick", "bench", "paper"), default="", help="default paper")
    add(
        "-p",
        "--param",
        action="append",
        default=[],
        metavar="COMPONENT.FIELD=VALUE",
        help="such as recognizer.template=face; with --from, what is used after training",
    )
    add(
        "--allow-faces",
        action="store_true",
        help="draw the images with faces and labels, in a folder that only you may enter",
    )
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1 …")
    add("--force", action="store_true", help="replace the table and figures of the same names")


def run(args: argparse.Namespace) -> int:
    """Predict, and print rows or a summary; 4 where files could not be read."""
    from irfer_bench.orchestration.predicting import predict_files
    from irfer_bench.orchestration.prediction.rules import ImageOptions
    from irfer_bench.orchestration.wanted import Wanted

    wanted = Wanted(
        args.recognizer,
        args.weights,
        Path(args.record) if args.record else None,
        args.preset,
        parse_params(args.param),
        args.device,
    )
    classes = args.classes.split(",") if args.classes else ()
    options = ImageOptions(
        args.setting, classes, args.detector, args.no_face, args.spectrum, args.frames
    )
    reporter = open_reporter()
    try:
        made = predict_files(
            wanted, options, [Path(name) for name in args.files], Path(args.out), reporter,
            allow_faces=args.allow_faces, force=args.force,
        )  # fmt: skip
    except KeyboardInterrupt:
        say(f"irfer-bench: interrupted; {args.out} holds what was labelled so far")
        return 130
    finally:
        reporter.close()
    for line in (*(f"skipped: {text}" for text in made.damaged), *made.notes):
        say(line)
    print("\n".join(_lines(made, columns())))
    return 4 if made.damaged else 0


def _lines(made: Predictions, width: int) -> Iterator[str]:
    """Rows where there are few, the count of each class, and what was written."""
    from irfer_bench.render.table import table

    if len(made.rows) <= SHOWN:
        body = [_cells(row) for row in made.rows]
        yield from table(["file", "face", "predicted", "%", "note"], body, width, right=(3,))
        yield ""
    yield from wrapped(_summary(made.rows), width)
    yield from describe_written(made.written, width)


def _cells(row: Row) -> Sequence[str]:
    box = ""
    if row.box is not None:
        left, top, right, bottom = (round(edge) for edge in row.box)
        box = f"{left},{top} {right - left}x{bottom - top}"
    share = "" if row.probability is None else f"{100 * row.probability:.1f}"
    return row.file, box, row.predicted, share, row.note


def _summary(rows: Sequence[Row]) -> str:
    labelled = [row for row in rows if row.predicted]
    files, done = len({row.file for row in rows}), len({row.file for row in labelled})
    faces = sum(row.face > 0 for row in labelled)
    text = f"{done} of {files} file{'s' * (files != 1)} labelled"
    if faces:
        text += f", {faces} face{'s' * (faces != 1)}"
    counts = Counter(row.predicted for row in labelled).most_common()
    each = ", ".join(f"{name} {count}" for name, count in counts)
    return f"{text}: {each}" if each else text
