"""`data list`: datasets, their licences, and whether they are here."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from irfer_bench.experiment.request import parse_roots
from irfer_bench.home import is_folder
from irfer_bench.registry import Registry
from irfer_bench.render.layout import columns, labelled, wrapped
from irfer_bench.render.listing import ABSENT, HERE
from irfer_bench.render.references import cite


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--json", action="store_true", help="one object on standard output")


def run(args: argparse.Namespace, registry: Registry) -> int:
    """Print one paragraph per dataset."""
    roots = parse_roots(args.data_root, "")
    rows: list[dict[str, Any]] = []
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
                "references": cite(component.source),
                "needs_root": needs,
                "root": root,
                "here": not needs or (root is not None and is_folder(root)),
            }
        )
    if args.json:
        print(json.dumps({"datasets": rows}))
        return 0
    width = columns()
    for row in sorted(rows, key=lambda row: (not row["here"], row["name"])):
        where = "generated" if not row["needs_root"] else _where(row)
        mark = HERE if row["here"] else ABSENT
        lines = wrapped(f"{mark} {row['name']}: {row['summary']}", width, rest="    ")
        for title, text in (("licence", row["licence"]),
                            *(("source", each) for each in row["references"]), ("files", where)):
            lines += labelled(f"  {title}", str(text), width, 13) if text else []
        print("\n".join(lines))
    return 0


def _where(row: dict[str, Any]) -> str:
    if row["root"] is None:
        name = row["name"]
        return f"not given: --data-root {name}=FOLDER or IRFER_BENCH_DATA_{name.upper()}"
    return f"{row['root']}{'' if row['here'] else ' (no such folder)'}"
