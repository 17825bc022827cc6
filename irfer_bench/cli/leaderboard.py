"""`irfer-bench leaderboard`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.engine.boards import find_stale, render_boards
from irfer_bench.engine.checked_boards import read_boards
from irfer_bench.errors import DamagedError, MissingError
from irfer_bench.home import RESULTS
from irfer_bench.orchestration.reporter import quiet_stdout
from irfer_bench.registry import load
from irfer_bench.render.escape import terminal
from irfer_bench.render.layout import columns, emit, say
from irfer_bench.store.published import published_settings
from irfer_bench.store.records import SETTING, settings_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from irfer_bench.contracts.published import PublishedBoard
    from irfer_bench.registry import Registry
    from irfer_bench.statistics.board import Board
    from irfer_bench.statistics.comparison import Rank
    from irfer_bench.statistics.rows import Row


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `leaderboard`."""
    add = parser.add_argument
    add("setting", nargs="?", help="one setting; default all")
    add(
        "--out",
        default=RESULTS,
        metavar="FOLDER",
        help=f"the results folder; default ./{RESULTS}",
    )
    add("--format", default="markdown", help="renderer that makes the pages, written below --out")
    add(
        "--check",
        action="store_true",
        help="write nothing; exit 4 where a page is out of date or a record is contradicted",
    )
    add("--json", action="store_true", help="one object on standard output")


def run(args: argparse.Namespace) -> int:
    """Write the pages of every setting that has records, and print the boards."""
    out = Path(args.out)
    names = _settings(out, args.setting)
    registry = load()
    if args.json:
        with quiet_stdout():  # metrics are plugins, and may print
            rows = {name: _rows(out, name, registry) for name in names}
        print(json.dumps(rows))
        return 0
    if args.check:
        return _check(out, names, args.format, registry)
    with quiet_stdout():
        written = render_boards(out, names, args.format, registry)
    if args.format != "markdown":
        for path in written.paths:
            emit(str(path))
    else:
        from irfer_bench.render.compact import render_compact

        for name in (n for n in names if n not in written.errors and n not in written.empty):
            print(render_compact(read_boards(out, name, registry), columns()))
            print()
        for path in written.paths:
            say(f"wrote {path}")
    for name, error in written.errors.items():
        say(f"irfer-bench: {name}: {error}")
    for name in written.empty:
        say(f"no cell of {name} has a result; irfer-bench show RECORD says why")
    return 4 if written.errors else 0


def _check(out: Path, names: Sequence[str], form: str, registry: Registry) -> int:
    """Pages against their records, and the records as `records check` does."""
    from irfer_bench.engine.submissions.checking import check_folder
    from irfer_bench.store.signatures import keys_in

    with quiet_stdout():
        stale = find_stale(out, names, form, registry)
        there = set(names) & set(settings_in(out))  # a page may be of published values alone
        faults = (
            check_folder(out, registry, settings=there, trusted=keys_in(out), follow=True).faults
            if there
            else []
        )
    for name in stale:
        say(f"{name} is not what its records say; irfer-bench leaderboard writes it")
    for finding in faults:
        say(f"{finding.path}: {finding.text}")
    return 4 if stale or faults else 0


def _settings(out: Path, wanted: str | None) -> list[str]:
    found = settings_in(out)
    if wanted is None:  # a page of published values alone is kept once somebody asked for it
        published = set(published_settings()) - set(found)
        found += sorted(name for name in published if (out / f"{name}.md").is_file())
    elif wanted not in found and wanted in published_settings():
        return [wanted]
    if (wanted is not None and wanted not in found) or not found:
        raise MissingError(
            f"no record of {terminal(wanted)!r} below {out}"
            if wanted
            else f"no record below {out}",
            "irfer-bench run --translator nfer_sde --recognizer pca makes the first",
        )
    if wanted is not None and not SETTING.fullmatch(wanted):
        raise DamagedError(f"records/{wanted} is no name of a setting: it has no page")
    return [wanted] if wanted else found


def _rows(out: Path, setting: str, registry: Registry) -> list[dict[str, object]]:
    """Measured rows of every board, then the printed ones, which have no rank."""
    boards = read_boards(out, setting, registry)
    measured = [_measured(board, row) for board in boards for row in board.rows]
    published = next((board.published for board in boards if board.published), None)
    return measured + ([] if published is None else _printed(published))


def _measured(board: Board, row: Row) -> dict[str, object]:
    return {
        "preset": board.preset,
        "rank": row.rank,
        "ranks": _ranks(row.ranks),
        "provisional_ranks": _ranks(row.provisional),
        "p": {family: _named(p, row, board.rows) for family, p in row.p.items()},
        "translator": row.translator,
        "recognizer": row.recognizer,
        "notes": row.marks,
        "metrics": {
            name: {"value": v.value, "low": v.low, "high": v.high}
            | ({"reason": v.reason} if v.reason else {})
            for name, v in row.metrics.items()
        },
    }


def _printed(published: PublishedBoard) -> list[dict[str, object]]:
    """Values in percent, as papers print them, with what a reader should know of each."""
    return [
        {
            "published": first.method,
            "rank": None,
            "source": first.source,
            "split": first.split,
            "protocol": first.protocol,
            "modality": first.modality,
            "resolution": first.resolution,
            "metrics": {
                name: {"percent": v.value, "comparable": v.comparable, "note": v.remark}
                for name, v in row.items()
            },
        }
        for row in published.rows
        for first in (next(iter(row.values())),)
    ]


def _ranks(ranks: Mapping[str, Rank]) -> dict[str, dict[str, int]]:
    return {
        family: {"first": own.first, "last": own.last, "of": own.of}
        for family, own in ranks.items()
    }


def _named(p: Mapping[int, float], own: Row, rows: Sequence[Row]) -> list[dict[str, object]]:
    """Adjusted p against every other compared row, by name."""
    return [
        {"translator": row.translator, "recognizer": row.recognizer, "p": p[row.number]}
        for row in rows
        if row.number in p and row is not own
    ]
