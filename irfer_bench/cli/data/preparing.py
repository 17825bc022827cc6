"""`data prepare`: decode, crop and resize once what a setting needs, and show the result."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from irfer_bench.cli.data.opened import open_source, write_new
from irfer_bench.cli.request import add_crop_options
from irfer_bench.data.coverage import choose_default
from irfer_bench.errors import UsageError
from irfer_bench.home import home, private_folder
from irfer_bench.orchestration.preparing import Prepared, PreparedDomain, prepare
from irfer_bench.orchestration.reporter import open_reporter
from irfer_bench.orchestration.session import Session
from irfer_bench.registry import Registry
from irfer_bench.render.layout import emit
from irfer_bench.settings.setting import Setting


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    add_recipe_options(parser, "default: the dataset's first")
    add = parser.add_argument
    add(
        "--allow-faces",
        action="append",
        default=[],
        metavar="DATASET",
        help="draw a contact sheet of its faces into the private cache",
    )
    add(
        "--boxes-out",
        default="",
        metavar="FILE",
        help="write the squares of all domains into one file, which --boxes takes elsewhere",
    )
    add("--json", action="store_true", help="one object on standard output")


def add_recipe_options(parser: argparse.ArgumentParser, setting: str) -> None:
    """Options of the preparation; `setting` is the help text of that option."""
    add = parser.add_argument
    add("--setting", "-s", default="", help=setting)
    add(
        "--landmarks",
        default="",
        metavar="FILE",
        help="safetensors, one (T,68,2) float32 per item id",
    )
    add_crop_options(parser)


def run(args: argparse.Namespace, registry: Registry) -> int:
    """Prepare, then print the folder, frames without a face, and a table."""
    for name in args.allow_faces:
        registry.get("dataset", name)
    made = prepare_setting(args, registry)
    if args.boxes_out:
        squares = {name: own for row in made.domains for name, own in _squares(row).items()}
        write_new(Path(args.boxes_out), json.dumps(squares))
    sheets = _sheets(args, registry, made)
    if args.json:
        setting = {"setting": made.setting.name, "size": made.setting.size}
        rows = [_facts(row) | {"sheet": sheets.get(row.title)} for row in made.domains]
        setting |= {"note": made.note} if made.note else {}
        print(json.dumps(setting | {"prepared": rows}))
        return 0
    for row in made.domains:
        _print_row(row, made.setting, sheets.get(row.title))
    if made.note:
        emit(f"note: {made.note}")
    return 0


def prepare_setting(args: argparse.Namespace, registry: Registry) -> Prepared:
    """Prepare every domain of the setting that is not prepared yet."""
    setting, note = _setting(args, registry)
    reporter = open_reporter()
    try:
        if note:
            reporter.line(f"note: {note}")
        session = Session.open(reporter, registry)
        return prepare(session, setting, lambda name: open_source(args, registry, name, now=True))
    finally:
        reporter.close()


def _setting(args: argparse.Namespace, registry: Registry) -> tuple[Setting, str]:
    """The setting asked for, or the first that the copy can run and why it is not the first."""
    registry.get("dataset", args.dataset)
    name, note = args.setting, ""
    if not name:
        own = registry.settings_of(args.dataset)
        if not own:
            raise UsageError(f"dataset {args.dataset!r} has no setting", "see irfer-bench list")
        manifest = open_source(args, registry, args.dataset, now=True).manifest
        chosen, note = choose_default(own, manifest.items if manifest is not None else ())
        name = chosen.name
    setting = registry.cropped(
        name, detector=args.detector, no_face=args.no_face, boxes=bool(args.boxes)
    )
    if setting.dataset != args.dataset:
        raise UsageError(
            f"setting {setting.name!r} is of dataset {setting.dataset!r}, not {args.dataset!r}",
        )
    if setting.detector != "none":
        registry.get("detector", setting.detector)
    return setting, note


def _squares(row: PreparedDomain) -> dict[str, Any]:
    from irfer_bench.data.boxes import squares_of

    return squares_of(json.loads((row.folder / "boxes.json").read_text(encoding="utf-8")))


def _sheets(args: argparse.Namespace, registry: Registry, made: Prepared) -> dict[str, str]:
    from irfer_bench.render.contact_sheet import draw_sheet
    from irfer_bench.store.files import clear_write_errors

    sheets = {}
    for row in made.domains:
        source = row.source
        private = registry.create(source.component, source.params).private
        if not private or source.name in args.allow_faces:
            with clear_write_errors(home()):
                place = private_folder(source.name) / "sheets"
                align = row.facts.get("align")
                title = f"{row.title} aligned by {align}" if align else row.title
                sheets[row.title] = str(draw_sheet(row.clips.view(), place, title))
    return sheets


def _facts(row: PreparedDomain) -> dict[str, Any]:
    return {
        "title": row.title,
        "clips": row.facts["clips"],
        "cached": row.cached,
        "folder": str(row.folder),
        "boxes": str(row.folder / "boxes.json"),
        "crops": row.facts["crops"],
        "no_face": row.facts["no_face"],
        "incomplete": row.facts["incomplete"],
    }


def _print_row(row: PreparedDomain, setting: Setting, sheet: str | None) -> None:
    from irfer_bench.render.contact_sheet import tabulate_clips

    how = "already there" if row.cached else "made"
    count = row.facts["clips"]
    emit(f"{row.title}: {count} clips of {setting.size} px, {how}: {row.folder}")
    if row.facts["detector"] != "none":
        print(f"  {'detector':<12} {row.facts['detector']}, box times {setting.crop}")
        missed = row.facts["no_face"]
        what = {"whole": "taken whole", "drop": "dropped", "fail": ""}[setting.no_face]
        print(f"  {'no face':<12} {f'{missed} frames, {what}' if missed else 'none'}")
        if row.facts.get("every", 1) > 1:
            emit(f"  {'looked at':<12} every frame number {row.facts['every']} and the last; "
                 "those between are interpolated", rest=" " * 13)  # fmt: skip
    if setting.audio:
        present = count - row.facts.get("without_audio", 0)
        print(f"  {'audio':<12} {present} of {count} clips have it")
    if setting.coding != "raw":
        files, coded = row.facts.get("files", 0), row.facts.get("coded", 0)
        emit(f"  {'frames':<12} {files:,} kept as the dataset's JPEG files, {coded:,} coded as "
             "JPEG of quality 95, the others as pixels", rest=" " * 13)  # fmt: skip
    if row.facts.get("align"):
        emit(f"  {'aligned by':<12} {row.facts['align']}", rest=" " * 13)
    emit(f"  {'boxes':<12} {row.folder / 'boxes.json'}", rest=" " * 13)
    print(f"  {'crops':<12} {row.facts['crops'][:16]}")
    emit(f"  {'sheet':<12} {sheet or _why_none(row)}", rest=" " * 13)
    print("\n".join(f"  {line}" for line in tabulate_clips(row.clips).splitlines()))


def _why_none(row: PreparedDomain) -> str:
    return f"none: people; --allow-faces {row.source.name} draws one into the private cache"
