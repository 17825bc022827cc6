"""`irfer-bench list`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress

from irfer_bench.errors import BenchError, UsageError, unknown_name
from irfer_bench.orchestration.availability import (
    data_here,
    data_variable,
    dataset_of,
    group_datasets,
    missing_packages,
    missing_weights,
)
from irfer_bench.registry import KINDS, Registered, Registry, load
from irfer_bench.render.layout import columns, say, wrapped
from irfer_bench.render.listing import Entry, render_entries


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `list`."""
    parser.add_argument("kind", nargs="?", help=" ".join(f"{kind}s" for kind in KINDS))
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="only names and summaries that hold all of these"
    )
    parser.add_argument("--json", action="store_true", help="one object on standard output")


def run(args: argparse.Namespace) -> int:
    """Print every component of a kind, or of all kinds; broken plugins on standard error."""
    wanted = (args.kind or "").removesuffix("s")
    if wanted and wanted not in KINDS:
        raise unknown_name("kind", args.kind, [f"{kind}s" for kind in KINDS])
    registry = load()
    rows = [
        {
            "kind": owned.component.kind,
            "name": owned.component.name,
            "summary": owned.component.summary or _own_summary(registry, owned),
            "version": owned.component.version,
            "distribution": owned.distribution,
        }
        for kind in KINDS
        for owned in registry.registered
        if owned.component.kind == kind and wanted in ("", kind)
    ]
    rows = [row for row in rows if all(w in f"{row['name']} {row['summary']}" for w in args.words)]
    if args.words and not rows:
        raise UsageError(f"no {wanted or 'component'} is named or described so", "fewer words")
    if args.json:
        broken = [
            {"plugin": f.plugin, "distribution": f.distribution, "reason": f.reason}
            for f in registry.failures
        ]
        print(json.dumps({"components": rows, "broken": broken}))
        return 0
    names = {(row["kind"], row["name"], row["distribution"]) for row in rows}
    print("\n".join(_lines(registry, names, columns(), bool(wanted))))
    for failure in registry.failures:
        say(f"broken: {failure.plugin} of {failure.distribution}: {failure.reason}")
    return 0


def _own_summary(registry: Registry, owned: Registered) -> str:
    """Of a setting whose announcement says nothing, what it says itself where it can be loaded."""
    if owned.component.kind == "setting":
        with suppress(BenchError):
            return registry.setting(f"{owned.distribution}:{owned.component.name}").summary
    return ""


def _lines(
    registry: Registry, wanted: Collection[tuple[str, str, str]], width: int, weights: bool
) -> Iterator[str]:
    """The wanted components by kind.

    Args:
        weights: whether pretrained weights are looked for, which loads parameters.
    """
    announced = registry.components("dataset")
    here = {component.name for component in announced if data_here(component)}
    datasets = group_datasets(announced)
    for kind in KINDS:
        own = [
            each for each in registry.registered
            if each.component.kind == kind and (kind, each.component.name, each.distribution)
            in wanted
        ]  # fmt: skip
        if not own:
            continue
        entries = [_entry(registry, each, datasets, here, weights) for each in own]
        heading = (lambda name: _dataset_heading(name, here)) if kind == "setting" else str
        yield from render_entries(f"{kind}s", entries, width, heading)
        yield ""
    yield from wrapped(
        "✓ runs here as far as packages and folders of data go; irfer-bench doctor looks for "
        "weights, irfer-bench show NAME tells more",
        width,
    )


def _entry(
    registry: Registry,
    owned: Registered,
    datasets: Mapping[str, Mapping[str, None]],
    here: Collection[str],
    weights: bool,
) -> Entry:
    component = owned.component
    owner = "" if owned.builtin else f"({owned.distribution})"
    text = f"{component.summary or _own_summary(registry, owned)} {owner}".strip()
    if component.kind == "setting":
        dataset = dataset_of(component, datasets)
        return Entry(component.name, text, dataset, dataset in here)
    if component.kind == "dataset":
        return Entry(component.name, text, "", component.name in here)
    lacking = [f"needs {name}" for name in missing_packages(component)]
    if weights and component.kind in ("translator", "recognizer"):
        absent = [name for name, why in missing_weights(registry, component).items() if why]
        presets = " and ".join(filter(None, (", ".join(absent[:-1]), *absent[-1:])))
        lacking += [f"no weights for preset {presets}"] if absent else []
    family = component.factory.partition(":")[0].rpartition(".")[0]
    runs = not missing_packages(component)
    return Entry(component.name, text, family, runs, "; ".join(lacking))


def _dataset_heading(name: str, here: Collection[str]) -> str:
    if name in here or not name:
        return name or "of other datasets"
    return f"{name}: needs --data-root {name}=FOLDER or {data_variable(name)}"
