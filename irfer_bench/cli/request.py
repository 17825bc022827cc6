"""The options that `run` and `plan` share, and the requests they make."""

from __future__ import annotations

import argparse
from pathlib import Path

from irfer_bench.experiment.request import Request, parse_params, parse_roots, read_suite
from irfer_bench.home import RESULTS
from irfer_bench.orchestration.request import override
from irfer_bench.registry import Registry
from irfer_bench.settings.setting import NO_FACE


def add_request_options(parser: argparse.ArgumentParser) -> None:
    """Everything that says which cells are meant."""
    add = parser.add_argument
    add("suite", nargs="?", metavar="SUITE.toml", help="a file with the same names as the options")
    add(
        "--translator",
        "-t",
        action="append",
        default=[],
        metavar="NAME[@VARIANT]",
        help="repeat for a grid; default none",
    )
    add(
        "--recognizer",
        "-r",
        action="append",
        default=[],
        metavar="NAME[@VARIANT]",
        help="repeat for a grid; default pca",
    )
    add(
        "-p",
        "--param",
        action="append",
        default=[],
        metavar="COMPONENT.FIELD=VALUE",
        help="such as translator.lambda_h=50 or pca.epochs=10",
    )
    add(
        "--preset",
        choices=("quick", "bench", "paper"),
        help="scale; default quick on synth, else paper",
    )
    add("--dataset", "-d", default="", help="default synth")
    add("--setting", "-s", action="append", default=[], help="default: the dataset's first")
    add(
        "--data-root",
        action="append",
        default=[],
        metavar="[NAME=]PATH",
        help="where a dataset lies; a bare PATH is the target's",
    )
    add(
        "--fit-translator-on", default="", metavar="DATASET", help="fit the translator on its pairs"
    )
    add(
        "--landmarks",
        default="",
        metavar="FILE",
        help="safetensors, one (T,68,2) float32 per item id",
    )
    add_crop_options(parser)
    add(
        "--fold",
        action="append",
        default=[],
        metavar="N",
        help="from 1; also 1-5, 1,2 or all; repeat; default 1 in quick, else all",
    )
    add("--seed", action="append", type=int, default=[], metavar="N", help="repeat; default 0")
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1 …")
    add("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    add("--threads", type=int, default=0, metavar="N", help="of a step; default: all cores")
    add(
        "--metric",
        action="append",
        default=[],
        metavar="NAME",
        help="compute it beside the setting's own and show it on the board; repeat",
    )
    add(
        "--rebuild",
        action="append",
        default=[],
        metavar="NAME",
        help="make this method's steps again, and all that follows from them; repeat",
    )


def add_execution_options(parser: argparse.ArgumentParser) -> None:
    """Where results go and how cells are carried out; `plan` only looks whether they can."""
    add = parser.add_argument
    add(
        "--out",
        default=RESULTS,
        metavar="FOLDER",
        help=f"records, predictions, images and boards; default ./{RESULTS}",
    )
    add(
        "--executor",
        default="inline",
        metavar="NAME",
        help="inline: this process; local: child processes of this machine; or a plugin's",
    )
    add("--workers", type=int, default=0, metavar="N", help="cells at once; default 2 under local")
    add(
        "--limit-seconds",
        type=float,
        default=0.0,
        metavar="S",
        help="stop a cell after so long; needs --executor local",
    )
    add(
        "--limit-memory-mb",
        type=float,
        default=0.0,
        metavar="MB",
        help="stop a cell that holds more memory; needs --executor local",
    )
    add(
        "--allow-faces",
        action="append",
        default=[],
        metavar="DATASET",
        help="make images of this dataset's people, into a local folder",
    )


def add_crop_options(parser: argparse.ArgumentParser) -> None:
    """Who finds the faces that are cut out, where it is not the setting's own choice."""
    add = parser.add_argument
    add(
        "--detector",
        default="",
        metavar="NAME",
        help="another one than the setting's: the setting is then called NAME@DETECTOR; "
        "dlib-align aligns faces, dlib-every8 looks at every 8th frame",
    )
    add(
        "--boxes",
        default="",
        metavar="FILE",
        help="JSON, one [left, top, side] per item id; means --detector boxes",
    )
    add(
        "--no-face",
        choices=NO_FACE,
        default="",
        help="where no face is found; another than the setting's: NAME@DETECTOR-POLICY",
    )


def requests_of(args: argparse.Namespace, registry: Registry) -> list[Request]:
    """The requests that options and suite file make together; options win.

    Raises:
        UsageError: a value is not understood, or a bare data root has no dataset.
    """
    given = {
        "translators": args.translator,
        "recognizers": args.recognizer,
        "settings": args.setting,
        "folds": args.fold,
        "seeds": args.seed,
        "metrics": args.metric,
        "rebuild": args.rebuild,
        "preset": args.preset,
        "dataset": args.dataset,
        "landmarks": args.landmarks,
        "detector": args.detector,
        "boxes": args.boxes,
        "no_face": args.no_face,
        "fit_translator_on": args.fit_translator_on,
        "device": args.device,
        "precision": args.precision,
        "threads": args.threads,
        "params": parse_params(args.param),
    }
    requests = []
    for base in read_suite(Path(args.suite)) if args.suite else [Request()]:
        request = override(base, given)
        roots = parse_roots(args.data_root, _target(request, registry))
        requests.append(override(request, {"data_roots": roots}))
    return requests


def _target(request: Request, registry: Registry) -> str:
    if request.dataset or not request.settings:
        return request.dataset
    return registry.setting(request.settings[0]).dataset
