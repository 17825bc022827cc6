"""`irfer-bench doctor`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from irfer_bench import __version__
from irfer_bench.contracts.component import Component
from irfer_bench.errors import BenchError
from irfer_bench.home import home, pick_device, pick_precision, weights
from irfer_bench.orchestration.availability import (
    PRESETS,
    data_here,
    data_variable,
    gpu_problem,
    is_installed,
    missing_packages,
    missing_weights,
)
from irfer_bench.registry import Registry, load
from irfer_bench.render.footnotes import Footnotes
from irfer_bench.render.layout import columns, labelled, wrapped
from irfer_bench.store.artefacts import Store

MODULES = ("torch", "torchvision", "open_clip", "diffusers", "timm", "sklearn", "skimage", "lpips")
LOW_GIB = 5.0
"""Free space below which a run of real data is likely to fail."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `doctor`."""
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    parser.add_argument(
        "--verify", action="store_true", help="read all stored artefacts; exit 4 if damaged"
    )


def run(args: argparse.Namespace) -> int:
    """Print what works, what is broken and what is missing; exit 3 where something is."""
    registry = load()
    facts = _facts(registry)
    damaged = _verify(facts) if args.verify else []
    if args.json:
        print(json.dumps(facts))
    else:
        print("\n".join(_checklist(facts, columns())))
    if damaged:
        return 4
    return 3 if facts["missing_modules"] or registry.failures else 0


def _facts(registry: Registry) -> dict[str, Any]:
    device = pick_device("auto")
    place = home()
    existing = next((p for p in (place, *place.parents) if p.exists()), place)
    methods = [*registry.components("translator"), *registry.components("recognizer")]
    return {
        "version": __version__,
        "python": sys.version.split()[0],
        "device": device,
        "precision": pick_precision("auto", device),
        "gpu_problem": gpu_problem(),
        "home": str(place),
        "free_gib": round(shutil.disk_usage(existing).free / 2**30, 1),
        "weights": str(weights()),
        "weights_found": _weights(),
        "missing_weights": {each.name: missing_weights(registry, each) for each in methods},
        "missing_modules": [name for name in MODULES if not is_installed(name)],
        "detectors": {
            each.name: missing_packages(each) for each in registry.components("detector")
        },
        "data": {each.name: _data_here(registry, each) for each in registry.components("dataset")},
        "broken": [[f.plugin, f.distribution, f.reason] for f in registry.failures],
        "warnings": registry.warnings,
        "components": len(registry.registered),
    }


def _data_here(registry: Registry, dataset: Component) -> bool:
    """Also of a dataset that is generated and does not announce it."""
    if data_here(dataset):
        return True
    with suppress(BenchError):
        return not registry.needs_root(dataset)
    return False


def _verify(facts: dict[str, Any]) -> list[str]:
    """Read all artefacts; the damaged ones are set aside, and a run builds them again."""
    damaged: list[str] = []
    store = Store(home() / "store", damaged.append)
    keys = store.stored_keys()
    with store.session():
        whole = sum(store.verify(key) is not None for key in keys)
    facts |= {"artefacts": len(keys), "damaged": damaged}
    return damaged if whole < len(keys) else []


def _weights() -> list[str]:
    folder = weights()
    return sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []


def _checklist(facts: Mapping[str, Any], width: int) -> Iterator[str]:
    """A line per check: ✓ works, ✗ is broken, – is not here and may not be needed."""
    yield from wrapped(f"irfer-bench {facts['version']}, Python {facts['python']}", width)
    yield ""
    for mark, name, text in (*_machine(facts), *_plugins(facts)):
        yield from labelled(f"{mark} {name}", text, width)
    yield ""
    yield from _methods(facts, width)
    yield ""
    yield from _optional(facts, width)
    yield ""
    yield from wrapped(_next(facts), width, rest="  ")


def _machine(facts: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    missing = facts["missing_modules"]
    if missing:
        yield "✗", "packages", f"missing: {', '.join(missing)}; pip install -e . again"
    else:
        yield "✓", "packages", f"all of {', '.join(MODULES)}"
    used = f"{facts['device']} in {facts['precision']}"
    problem = facts["gpu_problem"]
    yield ("–" if problem else "✓"), "GPU", f"{problem}; runs use {used}" if problem else used
    free = facts["free_gib"]
    few = f", fewer than {LOW_GIB:g}: real data needs more" if free < LOW_GIB else ""
    yield ("–" if few else "✓"), "disk", f"{free:g} GiB free{few}"
    yield "✓", "store", f"{facts['home']} (IRFER_BENCH_HOME)"
    if "artefacts" in facts:
        damaged = facts["damaged"]
        yield ("✗" if damaged else "✓"), "artefacts", f"{facts['artefacts']} read in full"
        for line in damaged:
            yield "✗", "damaged", line


def _plugins(facts: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    yield ("✗" if facts["broken"] else "✓"), "components", f"{facts['components']} announced"
    for plugin, distribution, reason in facts["broken"]:
        yield "✗", "plugin", f"{plugin} of {distribution} is broken: {reason}"
    for warning in facts["warnings"]:
        yield "–", "warning", warning


def _methods(facts: Mapping[str, Any], width: int) -> Iterator[str]:
    """A table of the methods whose weights are missing in some preset."""
    found = facts["weights_found"]
    there = ", ".join(found) if found else "empty; the embedded benchmark needs none"
    yield from wrapped(f"weights in {facts['weights']} (IRFER_BENCH_WEIGHTS): {there}", width, "",
                       "  ")  # fmt: skip
    rows, notes = [], Footnotes()
    for name, missing in facts["missing_weights"].items():
        if any(missing.values()):
            marks = [notes.dash(missing[p]) if missing[p] else "✓" for p in PRESETS]
            rows.append([f"  {name}", *marks])
    if rows:
        from irfer_bench.render.table import table

        yield from table(["  method", *PRESETS], rows, width)
        yield "  every other method needs none"
        for line in notes.lines(width - 2):
            yield f"  {line}"


def _optional(facts: Mapping[str, Any], width: int) -> Iterator[str]:
    yield "data"
    here = [name for name, there in facts["data"].items() if there]
    yield from labelled("✓ here", ", ".join(sorted(here)) or "none", width)
    absent = sorted(name for name, there in facts["data"].items() if not there)
    for name in absent:
        if given := os.environ.get(data_variable(name)):
            yield from labelled("✗ data", f"{data_variable(name)}: {given} is no folder", width)
    if absent:
        how = "say --data-root NAME=FOLDER or set IRFER_BENCH_DATA_<NAME>"
        yield from labelled("– no folder", f"{', '.join(absent)}; {how}", width)
    yield "detectors"
    ready = [name for name, missing in facts["detectors"].items() if not missing]
    yield from labelled("✓ here", ", ".join(sorted(ready)) or "none", width)
    for name, missing in facts["detectors"].items():
        if missing:
            text = f"{name} needs {', '.join(missing)}; irfer-bench show {name}"
            yield from labelled("– optional", text, width)


def _next(facts: Mapping[str, Any]) -> str:
    if facts["missing_modules"]:
        return "next: pip install -e ."
    if facts["broken"]:
        return "next: uninstall or mend the broken plugins; the rest works without them"
    if facts.get("damaged"):
        return "next: irfer-bench run again: damaged artefacts are built anew"
    return "all well; next: irfer-bench run --translator nfer_sde --recognizer pca"
