"""`irfer-bench list`."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import suppress

from irfer_bench.errors import BenchError, UsageError, unknown_name
from irfer_bench.registry import KINDS, Registered, Registry, load
from irfer_bench.render.escape import terminal


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
    for kind in KINDS:
        own = [row for row in rows if row["kind"] == kind]
        if own:
            print(f"{kind}s")
            width = max(len(row["name"]) for row in own)
            for row in own:
                summary, owner = terminal(row["summary"]), _owner(row["distribution"])
                print(f"{row['name']:<{width}}  {summary}  {owner}".rstrip())
            print()
    for failure in registry.failures:
        print(
            f"broken: {terminal(failure.plugin)} of {terminal(failure.distribution)}: "
            f"{terminal(failure.reason)}",
            file=sys.stderr,
        )
    return 0


def _own_summary(registry: Registry, owned: Registered) -> str:
    """Of a setting whose announcement says nothing, what it says itself where it can be loaded."""
    if owned.component.kind == "setting":
        with suppress(BenchError):
            return registry.setting(f"{owned.distribution}:{owned.component.name}").summary
    return ""


def _owner(distribution: str) -> str:
    return "" if distribution == "irfer-bench" else f"({terminal(distribution)})"
