"""`irfer-bench translate`."""

from __future__ import annotations

import argparse
from pathlib import Path

from irfer_bench.experiment.request import parse_params
from irfer_bench.orchestration.reporter import open_reporter
from irfer_bench.render.layout import columns, say, wrapped


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `translate`."""
    add = parser.add_argument
    add(
        "source",
        metavar="IN",
        help="a folder of images, an image, or a video; a 16-bit image is stretched by its own "
        "percentiles 1 and 99, so that frames of a video in a folder flicker, a 16-bit video as a "
        "whole is not stretched",
    )
    add(
        "out",
        metavar="OUT",
        help="a new folder for PNG of the same sizes and names, or a video: .mp4, .mov, .mkv",
    )
    add("--translator", "-t", default="", metavar="NAME[@VARIANT]")
    add(
        "--from",
        dest="record",
        default="",
        metavar="RECORD",
        help="a record file of a run on this machine, whose fitted translator is used",
    )
    add(
        "--weights",
        default="",
        metavar="FILE",
        help="a published checkpoint, in the place of a fit",
    )
    add("--preset", choices=("quick", "bench", "paper"), default="", help="default paper")
    add(
        "-p",
        "--param",
        action="append",
        default=[],
        metavar="COMPONENT.FIELD=VALUE",
        help="such as translator.steps=50; with --from, what is used after training",
    )
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1 …")
    add("--force", action="store_true", help="replace files of the same names in OUT")


def run(args: argparse.Namespace) -> int:
    """Translate, and print what was written; 4 where images were skipped."""
    from irfer_bench.orchestration.translating import translate_files
    from irfer_bench.orchestration.wanted import Wanted

    wanted = Wanted(
        args.translator,
        args.weights,
        Path(args.record) if args.record else None,
        args.preset,
        parse_params(args.param),
        args.device,
    )
    reporter = open_reporter()
    try:
        written = translate_files(
            wanted, Path(args.source), Path(args.out), reporter, force=args.force
        )
    except KeyboardInterrupt:
        say("irfer-bench: interrupted; what was written is whole, --force starts again")
        return 130
    finally:
        reporter.close()
    for line in (*(f"skipped: {text}" for text in written.skipped), *written.notes):
        say(line)
    many = f"{len(written.files)} images: " if len(written.files) > 1 else ""
    print("\n".join(wrapped(f"wrote {many}{args.out}", columns())))
    return 4 if written.skipped else 0
