"""`irfer-bench doctor`."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from importlib.util import find_spec
from typing import Any

from irfer_bench import __version__
from irfer_bench.home import home, pick_device, pick_precision, weights
from irfer_bench.registry import load
from irfer_bench.render.escape import terminal
from irfer_bench.store.artefacts import Store

MODULES = ("torch", "torchvision", "open_clip", "diffusers", "timm", "sklearn", "skimage", "lpips")


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `doctor`."""
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    parser.add_argument(
        "--verify", action="store_true", help="read all stored artefacts; exit 4 if damaged"
    )


def run(args: argparse.Namespace) -> int:
    """Print what works, what is broken and what is missing; exit 3 where something is."""
    registry = load()
    device = pick_device("auto")
    place = home()
    existing = next((p for p in (place, *place.parents) if p.exists()), place)
    free = shutil.disk_usage(existing).free / 2**30
    missing = [name for name in MODULES if find_spec(name) is None]
    facts = {
        "version": __version__,
        "python": sys.version.split()[0],
        "device": device,
        "precision": pick_precision("auto", device),
        "home": str(place),
        "free_gib": round(free, 1),
        "weights": str(weights()),
        "weights_found": _weights(),
        "missing_modules": missing,
        "broken": [[f.plugin, f.distribution, f.reason] for f in registry.failures],
        "warnings": registry.warnings,
        "components": len(registry.registered),
    }
    damaged = _verify(facts) if args.verify else []
    if args.json:
        print(json.dumps(facts))
    else:
        _print(facts)
    if damaged:
        return 4
    return 3 if missing or registry.failures else 0


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


def _print(facts: dict[str, object]) -> None:
    for name in (
        "version",
        "python",
        "device",
        "precision",
        "home",
        "free_gib",
        "weights",
        "components",
    ):
        print(f"{name:<16} {terminal(str(facts[name]))}")
    found = facts["weights_found"]
    print(
        f"{'weights found':<16} "
        f"{', '.join(found) if found else 'none; the embedded benchmark needs none'}"  # type: ignore[arg-type]
    )
    for module in facts["missing_modules"]:  # type: ignore[attr-defined]
        print(f"missing module   {module}: pip install -e . again")
    for plugin, distribution, reason in facts["broken"]:  # type: ignore[attr-defined]
        print(
            f"broken plugin    {terminal(plugin)} of {terminal(distribution)}: {terminal(reason)}"
        )
    if "artefacts" in facts:
        damaged = facts["damaged"]
        for line in damaged:  # type: ignore[attr-defined]
            print(f"damaged          {terminal(line)}")
        print(f"{'artefacts':<16} {facts['artefacts']} read in full")
    for warning in facts["warnings"]:  # type: ignore[attr-defined]
        print(f"warning          {terminal(warning)}")
    if not facts["missing_modules"] and not facts["broken"] and not facts.get("damaged"):
        print("all well")
