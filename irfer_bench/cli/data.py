"""`irfer-bench data`: list, items, check, prepare, manifest."""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from irfer_bench.cli.screen import open_screen
from irfer_bench.data.manifest import BLOCKING, DAMAGED, Manifest, other_datasets, scan
from irfer_bench.errors import MissingError, UsageError
from irfer_bench.home import home
from irfer_bench.registry import Registry, load
from irfer_bench.render.escape import terminal
from irfer_bench.settings import Domain, Setting
from irfer_bench.sources import Source, find_source
from irfer_bench.suite import parse_params, parse_roots
from irfer_bench.values import Item, Problem

COLUMNS = ("id", "subject", "label", "spectrum", "lighting", "split", "pair", "files")
SHOWN = 5
"""Problems of one kind that are printed; `--json` prints all."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The five sub-commands and their options."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, text: str, *, dataset: bool = True) -> argparse.ArgumentParser:
        own = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        if dataset:
            own.add_argument("dataset", metavar="DATASET")
            own.add_argument(
                "-p",
                "--param",
                action="append",
                default=[],
                metavar="DATASET.FIELD=VALUE",
                help="such as oulu_casia.tree=original",
            )
        own.add_argument(
            "--data-root",
            action="append",
            default=[],
            metavar="[NAME=]PATH",
            help="where a dataset lies; else IRFER_BENCH_DATA_<NAME>",
        )
        return own

    listed = add("list", "datasets, their licences, and whether they are here", dataset=False)
    listed.add_argument("--json", action="store_true", help="one object on standard output")
    items = add("items", "every usable item; problems on standard error")
    items.add_argument("--format", choices=("csv", "json"), default="csv")
    check = add("check", "counts, problems and fingerprint; every picture is decoded once")
    check.add_argument("--json", action="store_true", help="one object on standard output")
    prepare = add("prepare", "decode, crop and resize once what a setting needs")
    prepare.add_argument("--setting", "-s", default="", help="default: the dataset's first")
    prepare.add_argument(
        "--landmarks",
        default="",
        metavar="FILE",
        help="safetensors, one (T,68,2) float32 per item id",
    )
    prepare.add_argument("--json", action="store_true", help="one object on standard output")
    manifest = add("manifest", "items, counts, problems and fingerprint as one JSON document")
    manifest.add_argument("--out", default="-", metavar="FILE", help="default standard output")


def run(args: argparse.Namespace) -> int:
    """Run one sub-command and return its exit code."""
    actions = {
        "list": _list,
        "items": _items,
        "check": _check,
        "prepare": _prepare,
        "manifest": _manifest,
    }
    return actions[args.action](args, load())


def _list(args: argparse.Namespace, registry: Registry) -> int:
    roots = parse_roots(args.data_root, "")
    rows = []
    for component in registry.components("dataset"):
        name = component.name
        needs = registry.needs_root(component)
        root = roots.get(name) or os.environ.get(f"IRFER_BENCH_DATA_{name.upper()}")
        rows.append(
            {
                "name": name,
                "summary": component.summary,
                "licence": component.licence,
                "source": component.source,
                "needs_root": needs,
                "root": root,
                "here": not needs or (root is not None and Path(root).expanduser().is_dir()),
            }
        )
    if args.json:
        print(json.dumps({"datasets": rows}))
        return 0
    for row in rows:
        where = "generated" if not row["needs_root"] else _where(row)
        print(f"{row['name']}: {terminal(str(row['summary']))}")
        for title, text in (("licence", row["licence"]), ("source", row["source"])):
            print(f"  {title:<8} {terminal(str(text))}")
        print(f"  {'files':<8} {terminal(where)}")
    return 0


def _where(row: dict[str, Any]) -> str:
    if row["root"] is None:
        name = row["name"]
        return f"not given: --data-root {name}=FOLDER or IRFER_BENCH_DATA_{name.upper()}"
    return f"{row['root']}{'' if row['here'] else ' (no such folder)'}"


def _items(args: argparse.Namespace, registry: Registry) -> int:
    manifest = _scan(args, registry)
    items = manifest.usable()
    _print_problems(manifest.problems)
    if args.format == "json":
        print(json.dumps([_row(item) | {"files": list(item.files)} for item in items]))
    else:
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_row(item) for item in items)
    if not items:
        raise MissingError(f"{args.dataset}: no usable item", "see the problems above")
    return 0


def _row(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "subject": item.subject or "",
        "label": item.label or "",
        "spectrum": item.spectrum,
        "lighting": item.lighting,
        "split": item.split,
        "pair": item.pair or "",
        "files": ";".join(item.files),
    }


def _check(args: argparse.Namespace, registry: Registry) -> int:
    manifest = _scan(args, registry)
    if args.json:
        print(json.dumps(_summary(manifest)))
    else:
        _print_manifest(manifest)
    bad = any(problem.kind in BLOCKING | DAMAGED for problem in manifest.problems)
    return 4 if bad or not manifest.usable() else 0


def _summary(manifest: Manifest) -> dict[str, Any]:
    return {
        "dataset": manifest.dataset,
        "items": len(manifest.usable()),
        "by_class": manifest.by_class,
        "by_subject": manifest.by_subject,
        "by_domain": manifest.by_domain,
        "problems": [_problem(p) for p in manifest.problems],
        "fingerprint": manifest.fingerprint,
        "incomplete": manifest.incomplete,
    }


def _problem(problem: Problem) -> dict[str, str]:
    return {"kind": problem.kind, "path": problem.path, "action": problem.action}


def _print_manifest(manifest: Manifest) -> None:
    print(
        f"{manifest.dataset}: {len(manifest.usable())} usable items"
        f"{' (incomplete)' if manifest.incomplete else ''}"
    )
    for title, counts in (("by class", manifest.by_class), ("by domain", manifest.by_domain)):
        text = ", ".join(f"{terminal(name)} {count}" for name, count in counts.items())
        print(f"  {title:<12} {text or 'none'}")
    print(f"  {'subjects':<12} {len(set(manifest.by_subject) - {'none'})}")
    print(f"  {'fingerprint':<12} {manifest.fingerprint}")
    print(f"  {'problems':<12} {len(manifest.problems) or 'none'}")
    _print_problems(manifest.problems, sys.stdout)


def _print_problems(problems: Sequence[Problem], stream: Any = None) -> None:
    by_kind: dict[str, list[Problem]] = {}
    for problem in problems:
        by_kind.setdefault(problem.kind, []).append(problem)
    for kind, own in by_kind.items():
        for problem in own[:SHOWN]:
            print(terminal(f"{kind}: {problem.path}: {problem.action}"), file=stream or sys.stderr)
        if len(own) > SHOWN:
            print(
                f"{kind}: and {len(own) - SHOWN} more (data check --json lists all)",
                file=stream or sys.stderr,
            )


def _prepare(args: argparse.Namespace, registry: Registry) -> int:
    from irfer_bench.graph import prepare_step
    from irfer_bench.home import pick_device, weights
    from irfer_bench.steps import BUILDERS
    from irfer_bench.store import Store
    from irfer_bench.workshop import Workshop

    setting = _setting(args, registry)
    screen = open_screen()
    try:
        store = Store(home() / "store", screen.line)
        device = pick_device("auto")
        shop = Workshop(store, registry, weights(), device, "fp32", screen, BUILDERS)
        detectors = {c.name: c.version for c in registry.components("detector")}
        rows = []
        for domain in _domains(setting):
            source = _source(args, registry, domain.dataset or setting.dataset, now=True)
            step = prepare_step(setting, domain, source, detectors)
            cached = store.has(step.key)
            artefact = shop.artefact(step)
            rows.append(
                {
                    "title": step.title,
                    "clips": artefact.facts["clips"],
                    "cached": cached,
                    "folder": str(artefact.folder),
                }
            )
    finally:
        screen.close()
    if args.json:
        print(json.dumps({"setting": setting.name, "size": setting.size, "prepared": rows}))
        return 0
    for row in rows:
        how = "already there" if row["cached"] else "made"
        print(
            terminal(
                f"{row['title']}: {row['clips']} clips of {setting.size} px, {how}: {row['folder']}"
            )
        )
    return 0


def _setting(args: argparse.Namespace, registry: Registry) -> Setting:
    registry.get("dataset", args.dataset)
    if not args.setting:
        own = registry.settings_of(args.dataset)
        if not own:
            raise UsageError(f"dataset {args.dataset!r} has no setting", "see irfer-bench list")
        return own[0]
    setting = registry.setting(args.setting)
    if setting.dataset != args.dataset:
        raise UsageError(
            f"setting {setting.name!r} is of dataset {setting.dataset!r}, not {args.dataset!r}",
        )
    return setting


def _domains(setting: Setting) -> Iterable[Domain]:
    return (d for d in (setting.source, setting.target, setting.extra) if d is not None)


def _manifest(args: argparse.Namespace, registry: Registry) -> int:
    import msgspec

    manifest = _scan(args, registry)
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=1).decode()
    if args.out == "-":
        print(text)
        return 0
    place = Path(args.out)
    draft = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        draft.write_text(text + "\n", encoding="utf-8")
        draft.replace(place)
    except OSError as error:
        raise UsageError(f"--out {place} cannot be written ({error.strerror})") from error
    print(terminal(f"{manifest.fingerprint} {place}"), file=sys.stderr)
    return 0


def _scan(args: argparse.Namespace, registry: Registry) -> Manifest:
    source = _source(args, registry, args.dataset)
    screen = open_screen()
    try:
        return scan(
            registry.create(source.component, source.params),
            source.root,
            name=source.name,
            home=home(),
            stamp=source.stamp,
            verify=True,
            others=other_datasets(registry),
            progress=screen.progress,
        )
    finally:
        screen.close()


def _source(
    args: argparse.Namespace,
    registry: Registry,
    name: str,
    *,
    now: bool = False,
) -> Source:
    roots = {k: Path(v).expanduser() for k, v in parse_roots(args.data_root, args.dataset).items()}
    landmarks = getattr(args, "landmarks", "")
    return find_source(
        registry,
        name,
        roots=roots,
        home=home(),
        scan=now,
        landmarks=Path(landmarks).expanduser() if landmarks else None,
        given=parse_params(args.param).get(name),
    )
