"""The options that `run` and `plan` share, and the plan they ask for."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import msgspec

from irfer_bench.errors import UsageError
from irfer_bench.experiment.planner import Plan, Planner
from irfer_bench.experiment.request import Request, parse_params, parse_roots, read_suite
from irfer_bench.home import home, weights
from irfer_bench.registry import Registry, load
from irfer_bench.settings.setting import NO_FACE
from irfer_bench.store.artefacts import Store


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
    add("--fold", action="append", type=int, default=[], metavar="N", help="repeat; from 1")
    add("--seed", action="append", type=int, default=[], metavar="N", help="repeat; default 0")
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1 …")
    add("--precision", default="auto", choices=("auto", "fp32", "bf16"))


def add_crop_options(parser: argparse.ArgumentParser) -> None:
    """Who finds the faces that are cut out, where it is not the setting's own choice."""
    add = parser.add_argument
    add(
        "--detector",
        default="",
        metavar="NAME",
        help="another one than the setting's: the setting is then called NAME@DETECTOR",
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
        UsageError: a data root of a dataset that nobody has, or an option that is not understood.
    """
    base = read_suite(Path(args.suite)) if args.suite else [Request()]
    requests = []
    for each in base:
        request = _override(each, args)
        roots = parse_roots(args.data_root, _target(request, registry))
        for name in roots.keys() | request.data_roots.keys():
            registry.get("dataset", name)
        requests.append(msgspec.structs.replace(request, data_roots=request.data_roots | roots))
    return requests


def _target(request: Request, registry: Registry) -> str:
    if request.dataset or not request.settings:
        return request.dataset
    return registry.setting(request.settings[0]).dataset


def _override(request: Request, args: argparse.Namespace) -> Request:
    lists = {
        "translators": args.translator,
        "recognizers": args.recognizer,
        "settings": args.setting,
        "folds": args.fold,
        "seeds": args.seed,
    }
    words = {
        "preset": args.preset,
        "dataset": args.dataset,
        "landmarks": args.landmarks,
        "detector": args.detector,
        "boxes": args.boxes,
        "no_face": args.no_face,
        "fit_translator_on": args.fit_translator_on,
    }
    changes: dict[str, object] = {name: tuple(value) for name, value in lists.items() if value}
    changes |= {name: value for name, value in words.items() if value}
    changes |= {
        name: getattr(args, name)
        for name in ("device", "precision")
        if getattr(args, name) != "auto"
    }
    params = {owner: dict(fields) for owner, fields in request.params.items()}
    for owner, fields in parse_params(args.param).items():
        params.setdefault(owner, {}).update(fields)
    changes["params"] = params
    return msgspec.structs.replace(request, **changes)


def make_plan(
    args: argparse.Namespace, *, scan: bool, say: Callable[[str], None]
) -> tuple[Plan, Registry, Store]:
    """The plan, with the registry and the store it was made against."""
    registry = load()
    requests = requests_of(args, registry)
    _check_params(requests, registry)
    planner = Planner(registry, home(), weights(), scan=scan)
    return planner.plan(requests), registry, Store(home() / "store", say)


def _check_params(requests: list[Request], registry: Registry) -> None:
    """Refuse parameters of a component that the request does not use."""
    for request in requests:
        used = {
            "translator",
            "recognizer",
            request.dataset,
            *request.translators,
            *request.recognizers,
            *(name.partition("@")[0] for name in request.translators),
            *(name.partition("@")[0] for name in request.recognizers or ("pca",)),
        }
        used |= {component.name for component in registry.components("dataset")}
        for owner in request.params:
            if owner not in used:
                raise UsageError(
                    f"-p {owner}.…: {owner!r} takes no part in this run",
                    "say translator.FIELD, recognizer.FIELD, or a component that is asked for",
                )
