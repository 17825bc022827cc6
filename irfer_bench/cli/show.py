"""`irfer-bench show`."""

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from tabulate import tabulate

from irfer_bench.contracts.component import Component
from irfer_bench.contracts.params import PRESETS, describe
from irfer_bench.errors import BenchError, UsageError, unknown_name
from irfer_bench.registry import Registered, Registry, load
from irfer_bench.render.escape import terminal
from irfer_bench.render.expected_tree import tree_lines
from irfer_bench.render.references import cite
from irfer_bench.settings.setting import Setting


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `show`."""
    parser.add_argument(
        "name", help="a component, NAME@VARIANT, SETTING@DETECTOR, or a record file"
    )
    parser.add_argument("--out", default=".", metavar="FOLDER", help="where a contact sheet goes")
    parser.add_argument("--json", action="store_true", help="one object on standard output")


def run(args: argparse.Namespace) -> int:
    """Print what is known about every component of that name."""
    if args.name.endswith(".json"):
        return _show_record(Path(args.name))
    registry = load()
    bare, _, variant = args.name.partition("@")
    found = [owned for owned in registry.registered if owned.component.name == bare]
    if not found:
        raise unknown_name(
            "component", bare, {o.component.name for o in registry.registered}, "irfer-bench list"
        )
    _check_variant(registry, found, bare, variant)
    if args.json:
        print(json.dumps([_facts(registry, owned, variant) for owned in found]))
        return 0
    for owned in found:
        if owned.component.kind == "setting":
            _print_setting(registry, owned, variant)
        else:
            _print(registry, owned, Path(args.out))
            if owned.component.tree:
                print("\n".join(tree_lines(owned.component)))
                print()
    return 0


def _check_variant(
    registry: Registry, found: Sequence[Registered], bare: str, variant: str
) -> None:
    """Refuse a variant that a run would refuse; those of settings are detectors.

    Raises:
        UsageError: nothing of this name has the variant.
    """
    others = [owned for owned in found if owned.component.kind != "setting"]
    if not variant or len(others) < len(found):
        return
    known = [name for o in others for name in registry.params_class(o.component).variants]
    if not known:
        raise UsageError(f"{bare} has no variants", f"say {bare}")
    if variant not in known:
        raise unknown_name(f"variant of {bare}", variant, known)


def _show_record(path: Path) -> int:
    from irfer_bench.render.panel import render_panel
    from irfer_bench.store.records import read_record

    print(render_panel(read_record(path), path))
    return 0


def _facts(registry: Registry, owned: Registered, variant: str = "") -> dict[str, Any]:
    component = owned.component
    facts: dict[str, Any] = {
        name: getattr(component, name) for name in component.__slots__ if name != "needs"
    } | {"needs": list(component.needs), "distribution": owned.distribution}
    facts["references"] = cite(component.source)
    if component.kind == "setting":
        facts["setting"] = msgspec.to_builtins(_setting(registry, owned, variant))
    else:
        cls = registry.params_class(component)
        facts |= {
            "params": describe(cls),
            "presets": dict(cls.presets),
            "variants": dict(cls.variants),
        }
    return facts


def _setting(registry: Registry, owned: Registered, detector: str) -> Setting:
    name = f"{owned.distribution}:{owned.component.name}"
    return registry.setting(f"{name}@{detector}" if detector else name)


def _print_setting(registry: Registry, owned: Registered, detector: str) -> None:
    from irfer_bench.render.setting import labelled, render_protocol

    setting = _setting(registry, owned, detector)
    summaries = {metric.name: metric.summary for metric in registry.components("metric")}
    folds = ""
    with suppress(BenchError):  # The protocol is shown even where the dataset is broken.
        folds = _folds(registry, registry.get("dataset", setting.dataset))
    print(render_protocol(setting, folds, summaries))
    if not owned.builtin:
        print("\n".join(labelled("plugin of", owned.distribution)))
    print()


def _folds(registry: Registry, component: Component) -> str:
    """The first sentence that a dataset's author wrote about its folds."""
    text = inspect.getdoc(registry.load(component, component.factory).folds) or ""
    return " ".join(text.partition("\n\n")[0].split())


def _print(registry: Registry, owned: Registered, out: Path) -> None:
    facts = _facts(registry, owned)
    print(f"{facts['kind']} {facts['name']}: {terminal(facts['summary'])}")
    for name in ("version", "distribution", "licence", "factory"):
        if facts[name]:
            print(f"  {name:<13} {terminal(str(facts[name]))}")
    for reference in facts["references"]:
        print(f"  {'source':<13} {terminal(reference)}")
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


def _print_dataset(registry: Registry, owned: Registered, out: Path) -> None:
    from irfer_bench.render.setting import labelled

    dataset = registry.create(owned.component)
    rows = {
        "agreement": dataset.licence,
        "people": "yes: no image is shown without --allow-faces" if dataset.private else "none",
        "classes": ", ".join(dataset.classes),
        "native order": ", ".join(getattr(dataset, "native", ())),
        "folds": _folds(registry, owned.component),
        "settings": ", ".join(s.name for s in registry.settings_of(owned.component.name)) or "none",
    }
    if registry.needs_root(owned.component):
        rows["files"] = f"--data-root {owned.component.name}=FOLDER"
    elif hasattr(dataset, "contact_sheet"):
        sheet = out / f"{owned.component.name}.png"
        rows["drawn"] = str(dataset.contact_sheet(sheet, None))
    for name, text in rows.items():
        if text:
            print("\n".join(labelled(name, text)))
