"""`irfer-bench show`."""

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from irfer_bench.contracts.component import Component
from irfer_bench.contracts.params import PRESETS, describe
from irfer_bench.errors import BenchError, UsageError, unknown_name
from irfer_bench.registry import Registered, Registry, load
from irfer_bench.render.expected_tree import tree_lines
from irfer_bench.render.layout import columns, emit, labelled, wrapped
from irfer_bench.render.references import cite
from irfer_bench.render.table import table
from irfer_bench.settings.setting import Setting


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `show`."""
    parser.add_argument(
        "name", help="a component, NAME@VARIANT, SETTING@DETECTOR, or a record file"
    )
    parser.add_argument(
        "--out", default=".", metavar="FOLDER", help="where a contact sheet or figures go"
    )
    parser.add_argument(
        "--figures", action="store_true", help="draw a record's confusion matrix and recall"
    )
    parser.add_argument(
        "--grid", action="store_true", help="draw visible, translated and true images of a record"
    )
    parser.add_argument(
        "--explain", action="store_true",
        help="draw a record's features by class and domain, and what its recognizer tells",
    )
    parser.add_argument(
        "--allow-faces", action="append", default=[], metavar="DATASET",
        help="let --grid and --explain show this dataset's people, in a folder for you alone",
    )
    parser.add_argument("--json", action="store_true", help="one object on standard output")


def run(args: argparse.Namespace) -> int:
    """Print what is known about every component of that name."""
    if args.name.endswith(".json"):
        return _show_record(Path(args.name), args)
    for option in ("figures", "grid", "explain"):
        if getattr(args, option):
            raise UsageError(f"--{option} is of a record, and {args.name} is none")
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
                for line in tree_lines(owned.component):
                    emit(line)
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


def _show_record(path: Path, args: argparse.Namespace) -> int:
    from irfer_bench.render.images import draw_record
    from irfer_bench.render.panel import render_panel
    from irfer_bench.render.written import describe_written
    from irfer_bench.store.files import clear_write_errors
    from irfer_bench.store.records import read_record

    record, out = read_record(path), Path(args.out)
    print(render_panel(record, path))
    written: list[Path] = []
    if args.figures:
        # OUT/records/SETTING/NAME.json: the predictions lie beside `records`.
        with clear_write_errors(out):
            written += draw_record(record, path.absolute().parents[2], out)
    if args.grid:
        from irfer_bench.orchestration.grids import draw_grid

        written += draw_grid(record, path, out, args.allow_faces)
    if args.explain:
        from irfer_bench.orchestration.explaining import explain_record

        written += explain_record(record, path, out, args.allow_faces)
    if written:
        print("\n".join(describe_written(written, columns())))
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
    from irfer_bench.render.setting import render_protocol

    setting = _setting(registry, owned, detector)
    summaries = {metric.name: metric.summary for metric in registry.components("metric")}
    folds = ""
    with suppress(BenchError):  # The protocol is shown even where the dataset is broken.
        folds = _folds(registry, registry.get("dataset", setting.dataset))
    print(render_protocol(setting, folds, summaries))
    if not owned.builtin:
        print("\n".join(labelled("plugin of", owned.distribution, columns())))
    print()


def _folds(registry: Registry, component: Component) -> str:
    """The first sentence that a dataset's author wrote about its folds."""
    text = inspect.getdoc(registry.load(component, component.factory).folds) or ""
    return " ".join(text.partition("\n\n")[0].split())


def _print(registry: Registry, owned: Registered, out: Path) -> None:
    facts, width = _facts(registry, owned), columns()
    print("\n".join(wrapped(f"{facts['kind']} {facts['name']}: {facts['summary']}", width)))
    rows = [(name, str(facts[name])) for name in ("version", "distribution", "licence", "factory")]
    for name, text in (*rows, *(("source", each) for each in facts["references"])):
        if text:
            print("\n".join(labelled(name, text, width, 16)))
    print("\n".join(_params(facts, width)))
    if facts["kind"] == "dataset":
        _print_dataset(registry, owned, out)
    print()


def _params(facts: dict[str, Any], width: int) -> Iterator[str]:
    """A table of all parameters by preset, then the variants."""
    if facts["params"]:
        used = [p for p in PRESETS if p in facts["presets"] and facts["presets"][p]]
        rows = [
            [
                row["name"],
                json.dumps(row["default"]),
                *(
                    json.dumps(facts["presets"][preset].get(row["name"])).replace("null", "")
                    for preset in used
                ),
                f"{row['description']} ({_limits(row)})",
            ]
            for row in facts["params"]
        ]
        yield from table(["parameter", "paper", *used, "meaning"], rows, width, whole=(0,))
    for name, changes in facts["variants"].items():
        yield from wrapped(f"{facts['name']}@{name}: {json.dumps(changes)}", width, "  ", "    ")
        for preset in PRESETS:
            if scale := facts["presets"].get(f"{preset}@{name}"):
                line = f"{facts['name']}@{name} in {preset}: {json.dumps(scale)}"
                yield from wrapped(line, width, "  ", "    ")


def _limits(row: Mapping[str, Any]) -> str:
    bounds = " ".join(f"{name} {value}" for name, value in row["bounds"].items())
    kind = str(row["type"]).replace("|", " | ")  # so that a long choice can be wrapped
    return ", ".join(filter(None, (kind, str(row["stage"]), bounds)))


def _print_dataset(registry: Registry, owned: Registered, out: Path) -> None:
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
            print("\n".join(labelled(name, text, columns(), 16)))
