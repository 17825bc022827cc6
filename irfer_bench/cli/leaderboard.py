"""`irfer-bench leaderboard`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from irfer_bench.errors import DamagedError, MissingError
from irfer_bench.library.boards import render_page, write_boards
from irfer_bench.registry import load
from irfer_bench.render.escape import terminal
from irfer_bench.statistics.board import make_boards
from irfer_bench.store.records import read_records


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `leaderboard`."""
    add = parser.add_argument
    add("setting", nargs="?", help="one setting; default all")
    add("--out", default="leaderboards", metavar="FOLDER", help="the results folder")
    add("--format", default="markdown", help="another renderer's text, printed and not written")
    add("--check", action="store_true", help="write nothing; exit 4 where a board is out of date")
    add("--json", action="store_true", help="one object on standard output")


def run(args: argparse.Namespace) -> int:
    """Render every board that has records and print it."""
    out = Path(args.out)
    names = _settings(out, args.setting)
    if args.json:
        print(json.dumps({name: _rows(out, name) for name in names}))
        return 0
    if args.check:
        stale = [name for name in names if _stale(out, name)]
        for name in stale:
            print(
                f"{name}.md is not what its records say; irfer-bench leaderboard writes it",
                file=sys.stderr,
            )
        return 4 if stale else 0
    if args.format != "markdown":
        show = load().load_hook("irfer_bench_renderers", "format", args.format)
        for name in names:
            print(show(make_boards(read_records(out, name), out)))
        return 0
    code = 0
    for name in names:
        try:
            (path,) = write_boards(out, [name])
        except DamagedError as error:  # one setting's page stops no other's
            print(f"irfer-bench: {name}: {terminal(str(error))}", file=sys.stderr)
            code = error.exit_code
            continue
        print(path.read_text(encoding="utf-8"))
        print(f"wrote {path}", file=sys.stderr)
    return code


def _settings(out: Path, wanted: str | None) -> list[str]:
    found = sorted(p.name for p in (out / "records").glob("*") if any(p.glob("*.json")))
    if (wanted is not None and wanted not in found) or not found:
        raise MissingError(
            f"no record of {terminal(wanted)!r} below {out}"
            if wanted
            else f"no record below {out}",
            "irfer-bench run --translator nfer_sde --recognizer pca makes the first",
        )
    return [wanted] if wanted else found


def _stale(out: Path, setting: str) -> bool:
    path = out / f"{setting}.md"
    return not path.is_file() or path.read_text(encoding="utf-8") != render_page(out, setting)


def _rows(out: Path, setting: str) -> list[dict[str, object]]:
    return [
        {
            "preset": board.preset,
            "rank": row.rank,
            "translator": row.translator,
            "recognizer": row.recognizer,
            "notes": row.marks,
            "metrics": {
                name: {"value": v.value, "low": v.low, "high": v.high}
                | ({"reason": v.reason} if v.reason else {})
                for name, v in row.metrics.items()
            },
        }
        for board in make_boards(read_records(out, setting), out)
        for row in board.rows
    ]
