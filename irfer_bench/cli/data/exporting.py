"""`data export`: a prepared set as parquet, for private use."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from irfer_bench.cli.data import preparing
from irfer_bench.cli.data.opened import open_source
from irfer_bench.data.scanning import scan
from irfer_bench.errors import UsageError
from irfer_bench.home import home, user_path
from irfer_bench.orchestration.preparing import PreparedDomain
from irfer_bench.orchestration.reporter import open_reporter
from irfer_bench.registry import Registry
from irfer_bench.render.layout import emit

if TYPE_CHECKING:
    from irfer_bench.contracts.values import Clip


def configure(parser: argparse.ArgumentParser) -> None:
    """Options: how it is prepared, and where to."""
    preparing.add_recipe_options(parser, "default: the dataset's first")
    add = parser.add_argument
    add("--json", action="store_true", help="one object on standard output")
    add("--to", choices=("parquet", "hub"), default="parquet", help="hub also uploads, privately")
    add("--out", required=True, metavar="FOLDER", help="a new folder that only your user may enter")
    add("--upload", default="", metavar="OWNER/NAME", help="with --to hub: the private repository")
    add(
        "--i-have-the-right",
        action="store_true",
        help="you have read the licence that is shown and it allows the upload",
    )


def run(args: argparse.Namespace, registry: Registry) -> int:
    """Prepare and write; upload only where every option that permits it is given."""
    from irfer_bench.data.export.archive import About, check_upload, export_hub

    if (args.to == "hub") != bool(args.upload):
        raise UsageError("--to hub and --upload OWNER/NAME go together", "--to parquet stays here")
    source = open_source(args, registry, args.dataset, now=True)
    dataset = registry.create(source.component, source.params)
    if args.upload:
        about = About(dataset=source.name, setting="", licence=dataset.licence, fingerprint="")
        check_upload(about, args.upload, args.i_have_the_right)
    made = preparing.prepare_setting(args, registry)
    if source.root is None:
        items = tuple(dataset.index(None))
    else:
        items = scan(
            dataset, source.root, name=source.name, home=home(), stamp=source.stamp
        ).items
    rows = [row for row in made.domains if row.source.name == source.name]
    about = About(
        dataset=source.name,
        setting=made.setting.name,
        licence=dataset.licence,
        fingerprint=source.fingerprint or "",
        classes=tuple(dict.fromkeys((*dataset.classes, *made.setting.classes))),
        items={item.id: item for item in items},
        folds=[frozenset(fold) for fold in json.loads((rows[0].folder / "folds.json").read_text())],
    )
    reporter = open_reporter()
    try:
        done = export_hub(
            _clips(rows),
            user_path(args.out),
            about,
            upload=args.upload,
            i_have_the_right=args.i_have_the_right,
            progress=reporter.progress,
            total=sum(row.facts["clips"] for row in rows),
        )
    finally:
        reporter.close()
    if args.json:
        print(
            json.dumps(
                {
                    "folder": str(done.folder),
                    "clips": done.clips,
                    "shards": done.shards,
                    "repository": done.repository,
                    "revision": done.revision,
                }
            )
        )
        return 0
    emit(f"{done.clips} clips in {done.shards} files: {done.folder}")
    if done.repository:
        emit(f"uploaded to {done.repository} (private) at {done.revision}")
    emit(f"read back: irfer-bench data check hub --data-root hub={done.folder}")
    return 0


def _clips(rows: list[PreparedDomain]) -> Iterator[Clip]:
    for row in rows:
        yield from row.clips.view()
