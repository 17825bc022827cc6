"""`data check`: counts, problems, fingerprint; and a comparison with another site's copy."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from irfer_bench.cli.data.manifest import add_options, asks_crops, state
from irfer_bench.cli.data.opened import SHOWN, open_source, print_problems, scan_dataset
from irfer_bench.cli.data.verdict import judge, verdict_code, verdict_facts, verdict_lines
from irfer_bench.contracts.values import Item, Problem
from irfer_bench.data.comparison import Difference, compare, read_statement, uncompared
from irfer_bench.data.coverage import describe_coverage, describe_items
from irfer_bench.data.films import FromFilms, describe_films
from irfer_bench.data.manifest import BLOCKING, DAMAGED, Manifest
from irfer_bench.errors import OtherFolderError, UsageError
from irfer_bench.registry import Registry
from irfer_bench.render.escape import terminal
from irfer_bench.render.expected_tree import tree_lines
from irfer_bench.render.layout import emit

INDENT = " " * 13


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    parser.add_argument(
        "--against",
        default="",
        metavar="FILE",
        help="another site's `data manifest`: list the differences",
    )
    add_options(parser)


def run(args: argparse.Namespace, registry: Registry) -> int:
    """Print the check; exit 4 where a run refuses the data or two copies differ, and as a run
    would where no setting can be run."""
    if asks_crops(args) and not args.against:
        raise UsageError("crops are compared with another site's", "say --against FILE")
    there = read_statement(Path(args.against)) if args.against else None
    manifest: Manifest
    unknown: list[str] = []
    notes: list[str] = []
    differences: list[Difference] | None = None
    if there is None:
        manifest = _scan(args, registry)
        others = registry.settings_of(args.dataset)
        notes = describe_coverage(others, manifest.usable()) if others else []
        notes += _describe_films(args, registry, manifest)
    else:
        manifest = here = state(args, registry)
        differences, unknown = compare(here, there), uncompared(here, there)
    verdicts = judge(args, registry, manifest) if there is None else []
    usable = manifest.usable()
    if args.json:
        summary = summarise(manifest, usable)
        if there is None:
            summary |= verdict_facts(args, verdicts)
        if differences is not None:
            summary["differences"] = [
                {"kind": each.kind, "what": each.what, "how": each.how} for each in differences
            ]
            summary["not_compared"] = unknown
        summary["notes"] = notes
        print(json.dumps(summary))
    else:
        _print_manifest(manifest, usable)
        for note in notes:
            emit(f"note: {note}")
        if differences is not None:
            _print_differences(differences, args.against)
        for title in unknown:
            why = "only one side states them; add -s SETTING"
            emit(f"crops not compared: {title}: {why}")
        if not usable:
            for line in tree_lines(registry.get("dataset", args.dataset)):
                emit(line)
        for line in verdict_lines(args, verdicts, manifest):
            emit(line)
    bad = any(problem.kind in BLOCKING | DAMAGED for problem in manifest.problems)
    return 4 if bad or differences or not usable else verdict_code(verdicts)


def _describe_films(
    args: argparse.Namespace, registry: Registry, manifest: Manifest
) -> list[str]:
    source = open_source(args, registry, args.dataset)
    dataset = registry.create(source.component, source.params)
    items = manifest.usable()
    if source.root is None or not items or not isinstance(dataset, FromFilms):
        return []
    return describe_films(dataset, source.root, items)


def _scan(args: argparse.Namespace, registry: Registry) -> Manifest:
    """The manifest; where the folder is not this dataset, the tree that is expected is printed."""
    try:
        return scan_dataset(args, registry)
    except OtherFolderError:
        for line in tree_lines(registry.get("dataset", args.dataset)):
            emit(line, sys.stderr)
        raise


def summarise(manifest: Manifest, usable: Sequence[Item]) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "dataset": manifest.dataset,
        "items": len(usable),
        "by_class": manifest.by_class,
        "by_subject": manifest.by_subject,
        "by_domain": manifest.by_domain,
        "problems": [_problem(p) for p in manifest.problems],
        "fingerprint": manifest.fingerprint,
        "incomplete": manifest.incomplete,
    }


def _problem(problem: Problem) -> dict[str, str]:
    return {"kind": problem.kind, "path": problem.path, "action": problem.action}


def _print_manifest(manifest: Manifest, usable: Sequence[Item]) -> None:
    print(
        f"{manifest.dataset}: {len(usable)} usable items"
        f"{' (incomplete)' if manifest.incomplete else ''}"
    )
    blocking = [problem for problem in manifest.problems if problem.kind in BLOCKING]
    print_problems(blocking, sys.stdout)
    for title, counts in (("by class", manifest.by_class), ("by domain", manifest.by_domain)):
        text = ", ".join(f"{terminal(name)} {count}" for name, count in counts.items())
        emit(f"  {title:<12} {text or 'none'}", rest=INDENT)
    emit(f"  {'items':<12} {describe_items(usable)}", rest=INDENT)
    print(f"  {'subjects':<12} {len(set(manifest.by_subject) - {'none'})}")
    emit(f"  {'fingerprint':<12} {manifest.fingerprint}", rest=INDENT)
    print(f"  {'problems':<12} {len(manifest.problems) or 'none'}")
    print_problems([p for p in manifest.problems if p.kind not in BLOCKING], sys.stdout)


def _print_differences(differences: list[Difference], against: str) -> None:
    count = f"{len(differences) or 'no'} difference{'' if len(differences) == 1 else 's'}"
    emit(f"  {'against':<12} {against}: {count}", rest=INDENT)
    by_kind: dict[str, list[Difference]] = {}
    for each in differences:
        by_kind.setdefault(each.kind, []).append(each)
    for kind, own in by_kind.items():
        for each in own[:SHOWN]:
            emit(f"{kind}: {each.what}: {each.how}")
        if len(own) > SHOWN:
            print(f"{kind}: and {len(own) - SHOWN} more (--json lists all)")
