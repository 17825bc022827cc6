"""`irfer-bench show`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import msgspec
from tabulate import tabulate

from irfer_bench.errors import unknown_name
from irfer_bench.params import PRESETS, describe
from irfer_bench.registry import Owned, Registry, load
from irfer_bench.render.escape import terminal


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `show`."""
    parser.add_argument("name", help="a component, NAME@VARIANT, or a record file")
    parser.add_argument("--out", default=".", metavar="FOLDER", help="where a contact sheet goes")
    parser.add_argument("--json", action="store_true", help="one object on standard output")


def run(args: argparse.Namespace) -> int:
    """Print what is known about every component of that name."""
    if args.name.endswith(".json"):
        return _show_record(Path(args.name))
    registry = load()
    bare = args.name.partition("@")[0]
    found = [owned for owned in registry.owned if owned.component.name == bare]
    if not found:
        raise unknown_name(
            "component", bare, {o.component.name for o in registry.owned}, "irfer-bench list"
        )
    if args.json:
        print(json.dumps([_facts(registry, owned) for owned in found]))
        return 0
    for owned in found:
        _print(registry, owned, Path(args.out))
    return 0


def _show_record(path: Path) -> int:
    from irfer_bench.records import read_record
    from irfer_bench.render.panel import render_panel

    print(render_panel(read_record(path), path))
    return 0


def _facts(registry: Registry, owned: Owned) -> dict[str, Any]:
    component = owned.component
    facts: dict[str, Any] = {
        name: getattr(component, name) for name in component.__slots__ if name != "needs"
    } | {"needs": list(component.needs), "distribution": owned.distribution}
    if component.kind == "setting":
        facts["setting"] = msgspec.to_builtins(registry.setting(component.name))
    else:
        cls = registry.params_class(component)
        facts |= {
            "params": describe(cls),
            "presets": dict(cls.presets),
            "variants": dict(cls.variants),
        }
    return facts


def _print(registry: Registry, owned: Owned, out: Path) -> None:
    facts = _facts(registry, owned)
    print(f"{facts['kind']} {facts['name']}: {terminal(facts['summary'])}")
    for name in ("version", "distribution", "licence", "source", "factory"):
        if facts[name]:
            print(f"  {name:<13} {terminal(str(facts[name]))}")
    if "setting" in facts:
        for name, value in facts["setting"].items():
            if value not in (None, "", [], ()):
                print(f"  {name:<13} {terminal(json.dumps(value))}")
        print()
        return
    _print_params(facts)
    if facts["kind"] == "dataset":
        _print_dataset(registry, owned, out)
    print()


def _print_params(facts: dict[str, Any]) -> None:
    if facts["params"]:
        used = [p for p in PRESETS if p in facts["presets"] and facts["presets"][p]]
        rows = [
            [
                row["name"],
                terminal(row["type"]),
                json.dumps(row["default"]),
                *(
                    json.dumps(facts["presets"][preset].get(row["name"])).replace("null", "")
                    for preset in used
                ),
                row["stage"],
                " ".join(f"{k} {v}" for k, v in row["bounds"].items()),
                terminal(row["description"]),
            ]
            for row in facts["params"]
        ]
        headers = ["parameter", "type", "paper", *used, "stage", "bounds", "meaning"]
        print(
            tabulate(
                rows,
                headers,
                tablefmt="simple",
                disable_numparse=True,
                maxcolwidths=[None, 24, 12, *([12] * len(used)), None, None, 60],
            )
        )
    for name, changes in facts["variants"].items():
        print(f"  {facts['name']}@{name}: {terminal(json.dumps(changes))}")


def _print_dataset(registry: Registry, owned: Owned, out: Path) -> None:
    settings = [s.name for s in registry.settings_of(owned.component.name)]
    print(f"  settings      {', '.join(settings) or 'none'}")
    if registry.needs_root(owned.component):
        print(f"  files         --data-root {owned.component.name}=FOLDER")
        return
    dataset = registry.create(owned.component)
    if hasattr(dataset, "contact_sheet"):
        path = dataset.contact_sheet(out / f"{owned.component.name}.png", None)
        print(f"  contact sheet {path}")
