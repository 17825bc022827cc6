"""The dataset, folder and manifest that every `data` command opens first."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from irfer_bench.contracts.values import Problem
from irfer_bench.data.manifest import Manifest
from irfer_bench.data.scanning import other_datasets, scan
from irfer_bench.errors import UsageError
from irfer_bench.experiment.dataset_copy import DatasetCopy, find_copy
from irfer_bench.experiment.request import parse_params, parse_roots
from irfer_bench.home import home, user_path
from irfer_bench.orchestration.reporter import open_reporter
from irfer_bench.registry import Registry
from irfer_bench.render.layout import emit
from irfer_bench.store.files import write_text

SHOWN = 3
"""Places and remedies of one kind that are printed; `--json` prints all."""


def open_source(
    args: argparse.Namespace, registry: Registry, name: str, *, now: bool = False
) -> DatasetCopy:
    """A dataset and where it is; with `now` its folder is read if it was not yet."""
    roots = {k: user_path(v) for k, v in parse_roots(args.data_root, args.dataset).items()}
    landmarks, boxes = getattr(args, "landmarks", ""), getattr(args, "boxes", "")
    return find_copy(
        registry,
        name,
        roots=roots,
        home=home(),
        scan=now,
        landmarks=user_path(landmarks) if landmarks else None,
        boxes=user_path(boxes) if boxes else None,
        given=parse_params(args.param).get(name),
    )


def scan_dataset(args: argparse.Namespace, registry: Registry) -> Manifest:
    """The manifest of a dataset; every image is decoded once."""
    source = open_source(args, registry, args.dataset)
    reporter = open_reporter()
    try:
        return scan(
            registry.create(source.component, source.params),
            source.root,
            name=source.name,
            home=home(),
            stamp=source.stamp,
            verify=True,
            others=other_datasets(registry),
            progress=reporter.progress,
        )
    finally:
        reporter.close()


def print_problems(problems: Sequence[Problem], stream: Any = None) -> None:
    """A line for each kind and remedy, which names a few of its places; default standard error.

    Where a kind has more than `SHOWN` remedies, the first stands for all.
    """
    groups: dict[str, dict[str, list[str]]] = {}
    for problem in problems:
        groups.setdefault(problem.kind, {}).setdefault(problem.action, []).append(problem.path)
    for kind, remedies in groups.items():
        many = len(remedies) > SHOWN
        total = sum(map(len, remedies.values()))
        for action, paths in list(remedies.items())[: 1 if many else SHOWN]:
            named = ", ".join(paths[:SHOWN])
            named += f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
            rest = f" (and {total - len(paths)} more; data check --json lists all)" if many else ""
            emit(f"{kind}: {named}: {action}{rest}", stream or sys.stderr)


def write_new(place: Path, text: str) -> None:
    """Write a file by one rename, into a folder that is there.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        place.parent.stat()  # a misspelt folder is not made
        write_text(place, text)
    except OSError as error:
        raise UsageError(f"--out {place} cannot be written ({error.strerror})") from error
